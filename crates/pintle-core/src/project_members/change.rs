//! addProjectMember, removeProjectMember, and the same for many at once.

use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ProjectId, UserId};
use crate::permissions::ProjectRole;
use crate::projects::{Located, locate};
use crate::users::User;
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::json;

/// The body of addProjectMember: one of the three names a member of the team.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    uid: Option<String>,
    username: Option<String>,
    email: Option<String>,
    role: ProjectRole,
}

/// The body of a request for many.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch<T> {
    members: Vec<T>,
}

/// A member of the project, and the role that it is to have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    uid: UserId,
    role: ProjectRole,
}

impl NewMember {
    fn check(&self) -> Result<()> {
        let named = [&self.uid, &self.username, &self.email].into_iter().flatten().count();
        if named != 1 {
            return Err(Error::invalid(
                "should match exactly one schema in oneOf: one of `uid`, `username` and `email`.",
            ));
        }
        validate::at_most("uid", self.uid.as_deref().unwrap_or_default(), 256)?;
        validate::at_most("username", self.username.as_deref().unwrap_or_default(), 256)?;
        self.email.as_ref().map_or(Ok(()), |email| validate::email("email", email))
    }

    /// # Errors
    /// 400 for who is no member of the team, which is nobody's secret to the team's owners.
    async fn find(&self, tx: &Conn, scope: &Scope) -> Result<User> {
        let sql = "SELECT u.doc FROM members m JOIN owners u ON u.id = m.user_id WHERE m.team_id = $1
          AND ((CAST($2 AS TEXT) IS NOT NULL AND u.id = $2) OR (CAST($3 AS TEXT) IS NOT NULL AND u.slug = $3)
            OR (CAST($4 AS TEXT) IS NOT NULL AND LOWER(u.email) = LOWER($4)))";
        let named =
            params![scope.owner(), self.uid.as_deref(), self.username.as_deref(), self.email.as_deref()];
        let row: Option<(String,)> = tx.opt(sql, &named).await?;
        let (doc,) = row.ok_or_else(|| no_member("The user is not a member of the team"))?;
        Ok(serde_json::from_str(&doc)?)
    }
}

fn no_member(text: &str) -> Error {
    Error::bad_request(text).coded("member_not_found")
}

/// addProjectMember: one that has a role already gets the new one. Answers the project's id.
///
/// # Errors
/// As `locate`; 400 for who is no member of the team.
pub async fn add(core: &Core, scope: &Scope, id_or_name: &str, member: NewMember) -> Result<ProjectId> {
    add_all(core, scope, id_or_name, Batch { members: vec![member] }).await
}

/// The same for many: all of them, or none.
///
/// # Errors
/// As `add`.
pub async fn add_all(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    batch: Batch<NewMember>,
) -> Result<ProjectId> {
    check_size(&batch)?;
    batch.members.iter().try_for_each(NewMember::check)?;
    in_project(core, scope, id_or_name, async move |tx, core, scope, project| {
        for member in &batch.members {
            let user = member.find(tx, scope).await?;
            give(tx, core, scope, &user, (&project.id, &project.name), Some(member.role)).await?;
        }
        Ok(())
    })
    .await
}

/// Gives members of the project other roles: all of them, or none.
///
/// # Errors
/// As `locate`; 404 for who has no role in the project.
pub async fn change_all(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    batch: Batch<RoleChange>,
) -> Result<ProjectId> {
    check_size(&batch)?;
    in_project(core, scope, id_or_name, async move |tx, core, scope, project| {
        for change in &batch.members {
            let user = find(tx, scope, &project.id, &change.uid).await?;
            give(tx, core, scope, &user, (&project.id, &project.name), Some(change.role)).await?;
        }
        Ok(())
    })
    .await
}

/// removeProjectMember. What an access group gives stays.
///
/// # Errors
/// As `locate`; 404 for who has no role in the project.
pub async fn remove(core: &Core, scope: &Scope, id_or_name: &str, user: UserId) -> Result<ProjectId> {
    remove_all(core, scope, id_or_name, Batch { members: vec![user] }).await
}

/// The same for many: all of them, or none.
///
/// # Errors
/// As `remove`.
pub async fn remove_all(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    batch: Batch<UserId>,
) -> Result<ProjectId> {
    check_size(&batch)?;
    in_project(core, scope, id_or_name, async move |tx, core, scope, project| {
        for user in &batch.members {
            let user = find(tx, scope, &project.id, user).await?;
            give(tx, core, scope, &user, (&project.id, &project.name), None).await?;
        }
        Ok(())
    })
    .await
}

fn check_size<T>(batch: &Batch<T>) -> Result<()> {
    validate::items("members", &batch.members, 1, 100)
}

/// A change in a project that the caller reaches.
async fn in_project(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    change: impl AsyncFn(&Conn, &Core, &Scope, &Located) -> Result<()> + Send + 'static,
) -> Result<ProjectId> {
    let (core, scope, id_or_name) = (core.clone(), scope.clone(), id_or_name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &id_or_name).await?;
            change(tx, &core, &scope, &project).await?;
            Ok(project.id)
        })
        .await
}

async fn find(tx: &Conn, scope: &Scope, project: &ProjectId, user: &UserId) -> Result<User> {
    let sql = "SELECT u.doc FROM project_members p JOIN members m ON m.team_id = $1 AND m.user_id = p.user_id
      JOIN owners u ON u.id = p.user_id WHERE p.project_id = $2 AND p.user_id = $3";
    let row: Option<(String,)> = tx.opt(sql, &params![scope.owner(), project, user]).await?;
    let (doc,) = row.ok_or_else(|| Error::not_found("Project member"))?;
    Ok(serde_json::from_str(&doc)?)
}

/// Gives a member of the team a role in a project, which is the scope's owner's; `None` takes it away. What changes nothing is no change.
pub(crate) async fn give(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    user: &User,
    (project, name): (&ProjectId, &str),
    wanted: Option<ProjectRole>,
) -> Result<()> {
    let sql = "SELECT role, created_at FROM project_members WHERE project_id = $1 AND user_id = $2";
    let row: Option<(String, Millis)> = tx.opt(sql, &params![project, &user.id]).await?;
    let (held, since) = row.unzip();
    let held = held.as_deref().and_then(ProjectRole::parse);
    if held == wanted {
        return Ok(());
    }
    let now = core.clock.now();
    match wanted {
        None => {
            let sql = "DELETE FROM project_members WHERE project_id = $1 AND user_id = $2";
            tx.execute(sql, &params![project, &user.id]).await?;
        }
        Some(role) => {
            let sql =
                "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
              ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role";
            let row = params![project, &user.id, role.as_str(), now];
            tx.execute(sql, &row).await.on_missing_parent(|| Error::not_found("Project"))?;
        }
    }
    let event = event(user, project, name, (held, wanted), since.unwrap_or(now));
    events::record(tx, core, scope, now, event).await.map(drop)
}

/// From the one role to the other; at least one is there.
fn event(
    user: &User,
    project: &ProjectId,
    name: &str,
    (held, wanted): (Option<ProjectRole>, Option<ProjectRole>),
    since: Millis,
) -> Event {
    let who = &user.username;
    let (kind, text) = match (held, wanted) {
        (None, _) => ("project-member-added", format!("added {who} to project {name}")),
        (_, None) => ("project-member-removed", format!("removed {who} from project {name}")),
        _ => ("project-member-updated", format!("changed the role of {who} in project {name}")),
    };
    let mut membership = json!({
        "role": wanted.or(held), "uid": user.id, "username": who, "createdAt": since,
    });
    if let (Some(before), Some(_)) = (held, wanted) {
        membership["previousRole"] = json!(before);
    }
    let key = if wanted.is_some() { "projectMembership" } else { "removedMembership" };
    let payload = json!({ "project": { "id": project, "name": name }, key: membership });
    Event::new(kind, text, payload).in_project(project)
}
