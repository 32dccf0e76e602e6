//! The projects of an access group, each with the role that the group has there.

use super::{Group, find, named, touch};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{AccessGroupId, OwnerId, ProjectId};
use crate::page::{self, Next, Page};
use crate::permissions::ProjectRole;
use crate::select::Select;
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// A group's role in a project on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupProject {
    team_id: OwnerId,
    access_group_id: AccessGroupId,
    project_id: ProjectId,
    role: ProjectRole,
    created_at: String,
    updated_at: String,
}

/// The same in a list, where the group is known.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    project_id: ProjectId,
    role: ProjectRole,
    created_at: String,
    updated_at: String,
    project: Json,
}

/// The body of createAccessGroupProject.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProject {
    project_id: ProjectId,
    role: ProjectRole,
}

/// The body of updateAccessGroupProject.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleOnly {
    role: ProjectRole,
}

fn parse(role: &str) -> Result<ProjectRole> {
    ProjectRole::parse(role).ok_or_else(|| Error::internal(format!("no role in a project: {role}")))
}

fn not_found() -> Error {
    Error::not_found("Access group project")
}

/// listAccessGroupProjects, newest first, and what leads to the next page.
///
/// # Errors
/// 404 where the scope's team has no such group.
pub async fn list(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    limit: Option<i64>,
    from: Option<Next>,
) -> Result<(Vec<Listed>, Option<String>)> {
    type Row = (Millis, String, String, Millis, String);
    let limit = Page::new(limit, None, None)?.limit;
    let conn = core.db.read().await?;
    let group = find(&conn, scope, id_or_name).await?;
    let sql = "SELECT g.created_at, g.project_id, g.role, g.updated_at, p.doc FROM access_group_projects g
      JOIN projects p ON p.id = g.project_id WHERE g.group_id = $1";
    let select = Select::new(sql, vec![(&group.id).into()]);
    let place = |row: &Row| Next { at: row.0, id: row.1.clone() };
    let (rows, next) =
        page::behind(&conn, select, ("g.created_at", "g.project_id"), limit, from, place).await?;
    let view = |(created_at, id, role, updated_at, doc): Row| {
        let project: Json = serde_json::from_str(&doc)?;
        Ok(Listed {
            project_id: ProjectId::from(id),
            role: parse(&role)?,
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            project: json!({ "name": project["name"], "framework": project["framework"] }),
        })
    };
    Ok((rows.into_iter().map(view).collect::<Result<_>>()?, next))
}

/// readAccessGroupProject.
///
/// # Errors
/// 404 where there is no such group, or it has no role in the project.
pub async fn get(core: &Core, scope: &Scope, id_or_name: &str, project: &str) -> Result<GroupProject> {
    let conn = core.db.read().await?;
    let group = find(&conn, scope, id_or_name).await?;
    load(&conn, &group, &ProjectId::from(project)).await
}

async fn load(conn: &Conn, group: &Group, project: &ProjectId) -> Result<GroupProject> {
    let sql = "SELECT role, created_at, updated_at FROM access_group_projects WHERE group_id = $1 AND project_id = $2";
    let row: Option<(String, Millis, Millis)> = conn.opt(sql, &params![&group.id, project]).await?;
    let (role, created_at, updated_at) = row.ok_or_else(not_found)?;
    Ok(GroupProject {
        team_id: group.team.clone(),
        access_group_id: group.id.clone(),
        project_id: project.clone(),
        role: parse(&role)?,
        created_at: created_at.to_string(),
        updated_at: updated_at.to_string(),
    })
}

/// createAccessGroupProject.
///
/// # Errors
/// 404 where there is no such group, or the project is not the team's; 400 where the group has a role in it already.
pub async fn add(core: &Core, scope: &Scope, id_or_name: &str, body: NewProject) -> Result<GroupProject> {
    validate::at_most("projectId", body.project_id.as_str(), 256)?;
    in_group(core, scope, id_or_name, async move |tx, core, scope, group| {
        if set(tx, core, scope, group, &body.project_id, Some(body.role)).await?.is_some() {
            let text = "The access group has a role in this project already";
            return Err(Error::bad_request(text).coded("access_group_project_exists"));
        }
        load(tx, group, &body.project_id).await
    })
    .await
}

/// updateAccessGroupProject.
///
/// # Errors
/// 404 where there is no such group, or it has no role in the project.
pub async fn change(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    project: ProjectId,
    body: RoleOnly,
) -> Result<GroupProject> {
    in_group(core, scope, id_or_name, async move |tx, core, scope, group| {
        load(tx, group, &project).await?;
        set(tx, core, scope, group, &project, Some(body.role)).await?;
        load(tx, group, &project).await
    })
    .await
}

/// deleteAccessGroupProject.
///
/// # Errors
/// 404 where there is no such group, or it has no role in the project.
pub async fn remove(core: &Core, scope: &Scope, id_or_name: &str, project: ProjectId) -> Result<()> {
    in_group(core, scope, id_or_name, async move |tx, core, scope, group| {
        load(tx, group, &project).await?;
        set(tx, core, scope, group, &project, None).await.map(drop)
    })
    .await
}

/// A change of a group of the scope's team.
async fn in_group<T: Send + 'static>(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    change: impl AsyncFn(&Conn, &Core, &Scope, &Group) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (core, scope, id_or_name) = (core.clone(), scope.clone(), id_or_name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let group = find(tx, &scope, &id_or_name).await?;
            let changed = change(tx, &core, &scope, &group).await?;
            touch(tx, &group.id, core.clock.now()).await?;
            Ok(changed)
        })
        .await
}

/// Gives a group a role in a project of its team; `None` takes the project out of it. What changes nothing is no change. Answers the role
/// that it had.
///
/// # Errors
/// 404 for a project that is not the team's.
pub(super) async fn set(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    group: &Group,
    project: &ProjectId,
    wanted: Option<ProjectRole>,
) -> Result<Option<ProjectRole>> {
    let sql = "SELECT p.name, g.role FROM projects p
      LEFT JOIN access_group_projects g ON g.project_id = p.id AND g.group_id = $3 WHERE p.owner_id = $1 AND p.id = $2";
    let row: Option<(String, Option<String>)> =
        tx.opt(sql, &params![&group.team, project, &group.id]).await?;
    let (name, held) = row.ok_or_else(|| Error::not_found("Project"))?;
    let held = held.as_deref().and_then(ProjectRole::parse);
    if held == wanted {
        return Ok(held);
    }
    let now = core.clock.now();
    match wanted {
        None => {
            let sql = "DELETE FROM access_group_projects WHERE group_id = $1 AND project_id = $2";
            tx.execute(sql, &params![&group.id, project]).await?;
        }
        Some(role) => {
            let sql = "INSERT INTO access_group_projects (group_id, project_id, role, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $4)
              ON CONFLICT (group_id, project_id) DO UPDATE SET role = excluded.role, updated_at = excluded.updated_at";
            let row = params![&group.id, project, role.as_str(), now];
            tx.execute(sql, &row).await.on_missing_parent(|| Error::not_found("Project"))?;
        }
    }
    let text = match wanted {
        Some(role) => format!("made access group {} {} of project {name}", group.name, role.as_str()),
        None => format!("took project {name} out of access group {}", group.name),
    };
    let mut payload = json!({
        "accessGroup": named(group), "project": { "id": project, "name": name }, "next_role": wanted,
    });
    if let Some(held) = held {
        payload["previous_role"] = json!(held);
    }
    let event = Event::new("access-group-project-updated", text, payload).in_project(project);
    events::record(tx, core, scope, now, event).await.map(|_| held)
}
