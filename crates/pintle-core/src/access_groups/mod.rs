//! Access groups: members of a team that have roles in projects together. What a member may in a project is the strongest of all its
//! ways there: see `projects::reach`.

mod list;
mod members;
mod projects;

pub use list::{Filter, list};
pub use members::{Listed as ListedMember, list as members};
pub(crate) use members::{join, leave, leave_all};
pub use projects::{
    GroupProject, Listed as ListedProject, NewProject, RoleOnly, add as add_project,
    change as change_project, get as get_project, list as projects, remove as remove_project,
};

use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{AccessGroupId, OwnerId, ProjectId, UserId};
use crate::permissions::ProjectRole;
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// A group as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub id: AccessGroupId,
    pub team: OwnerId,
    pub name: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub members: i64,
    pub projects: i64,
}

/// What a group is read from, of `access_groups g`.
const COLUMNS: &str = "g.id, g.team_id, g.name, g.created_at, g.updated_at,
  (SELECT COUNT(*) FROM access_group_members m WHERE m.group_id = g.id),
  (SELECT COUNT(*) FROM access_group_projects p WHERE p.group_id = g.id)";

/// `COLUMNS`.
type Columns = (String, String, String, Millis, Millis, i64, i64);

impl From<Columns> for Group {
    fn from((id, team, name, created_at, updated_at, members, projects): Columns) -> Self {
        let (id, team) = (AccessGroupId::from(id), OwnerId::from(team));
        Self { id, team, name, created_at, updated_at, members, projects }
    }
}

impl Group {
    /// The wire form, in which stamps are texts. Groups give roles in projects and nothing in the team.
    fn view(&self) -> Json {
        json!({
            "accessGroupId": self.id, "name": self.name, "teamId": self.team, "isDsyncManaged": false,
            "createdAt": self.created_at.to_string(), "updatedAt": self.updated_at.to_string(),
            "membersCount": self.members, "projectsCount": self.projects,
            "teamRoles": [], "teamPermissions": [], "entitlements": [],
        })
    }
}

/// A project and the role in it; `null` takes the project out of the group.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InProject {
    project_id: ProjectId,
    #[serde(deserialize_with = "Option::deserialize")]
    role: Option<ProjectRole>,
}

/// The body of createAccessGroup.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewGroup {
    name: String,
    #[serde(default)]
    projects: Vec<InProject>,
    #[serde(default)]
    members_to_add: Vec<UserId>,
}

/// The body of updateAccessGroup: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GroupPatch {
    name: Option<String>,
    projects: Vec<InProject>,
    members_to_add: Vec<UserId>,
    members_to_remove: Vec<UserId>,
}

impl GroupPatch {
    fn check(&self) -> Result<()> {
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        for project in &self.projects {
            validate::at_most("projects.projectId", project.project_id.as_str(), 256)?;
        }
        Ok(())
    }
}

/// The contract's pattern; nothing that looks like an id, since paths take both.
fn check_name(name: &str) -> Result<()> {
    validate::at_most("name", name, 50)?;
    validate::pattern("name", name, "^[A-z0-9_ -]+$", |c| {
        c.is_ascii_digit() || ('A'..='z').contains(&c) || c == ' ' || c == '-'
    })?;
    match name.starts_with("ag_") {
        true => Err(Error::invalid("`name` should NOT begin with \"ag_\", as ids do.")),
        false => Ok(()),
    }
}

fn name_taken() -> Error {
    Error::bad_request("An access group with this name already exists").coded("access_group_name_taken")
}

fn not_found() -> Error {
    Error::not_found("Access group")
}

/// The group that a path or a body names by id or name.
///
/// # Errors
/// 404 where the scope's team has none such.
pub(crate) async fn find(conn: &Conn, scope: &Scope, id_or_name: &str) -> Result<Group> {
    look(conn, scope, id_or_name).await?.ok_or_else(not_found)
}

/// The same where there may be none.
pub(crate) async fn look(conn: &Conn, scope: &Scope, id_or_name: &str) -> Result<Option<Group>> {
    let sql =
        format!("SELECT {COLUMNS} FROM access_groups g WHERE g.team_id = $1 AND (g.id = $2 OR g.name = $2)");
    let row: Option<Columns> = conn.opt(&sql, &params![scope.owner(), id_or_name]).await?;
    Ok(row.map(Group::from))
}

/// readAccessGroup.
///
/// # Errors
/// 404 where the scope's team has none such.
pub async fn get(core: &Core, scope: &Scope, id_or_name: &str) -> Result<Json> {
    Ok(find(&core.db.read().await?, scope, id_or_name).await?.view())
}

/// createAccessGroup.
///
/// # Errors
/// 400 for a name that is malformed or taken, for who is no member of the team, and for a personal account; 404 for a project that is not
/// the team's.
pub async fn create(core: &Core, scope: &Scope, body: NewGroup) -> Result<Json> {
    if scope.personal {
        return Err(Error::bad_request("Access groups are a team's: name it with `teamId`"));
    }
    let patch =
        GroupPatch { projects: body.projects, members_to_add: body.members_to_add, ..GroupPatch::default() };
    check_name(&body.name)?;
    patch.check()?;
    let (id, name, now) = (AccessGroupId::new(&core.entropy), body.name, core.clock.now());
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let sql = "INSERT INTO access_groups (id, team_id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)";
            tx.execute(sql, &params![&id, scope.owner(), name.as_str(), now])
                .await
                .on_unique("access_groups_team_id_name_key", name_taken)
                .on_missing_parent(|| Error::not_found("Team"))?;
            let group = find(tx, &scope, id.as_str()).await?;
            note(tx, &core, &scope, &group, "access-group-created", format!("created access group {name}"))
                .await?;
            apply(tx, &core, &scope, &group, &patch).await?;
            Ok(find(tx, &scope, id.as_str()).await?.view())
        })
        .await
}

/// updateAccessGroup: all that it asks for, or nothing.
///
/// # Errors
/// 404 for the group and for a project that is not the team's; 400 as for its creation.
pub async fn update(core: &Core, scope: &Scope, id_or_name: &str, patch: GroupPatch) -> Result<Json> {
    patch.check()?;
    let (core, scope, id_or_name) = (core.clone(), scope.clone(), id_or_name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let group = find(tx, &scope, &id_or_name).await?;
            if let Some(name) = patch.name.as_ref().filter(|name| **name != group.name) {
                let sql = "UPDATE access_groups SET name = $2 WHERE id = $1";
                tx.execute(sql, &params![&group.id, name])
                    .await
                    .on_unique("access_groups_team_id_name_key", name_taken)?;
                let text = format!("renamed access group {} to {name}", group.name);
                note(tx, &core, &scope, &group, "access-group-updated", text).await?;
            }
            apply(tx, &core, &scope, &group, &patch).await?;
            touch(tx, &group.id, core.clock.now()).await?;
            Ok(find(tx, &scope, group.id.as_str()).await?.view())
        })
        .await
}

/// Members and projects, as a body asks for them.
async fn apply(tx: &Conn, core: &Core, scope: &Scope, group: &Group, patch: &GroupPatch) -> Result<()> {
    for project in &patch.projects {
        projects::set(tx, core, scope, group, &project.project_id, project.role).await?;
    }
    for user in &patch.members_to_add {
        members::join(tx, core, scope, group, user).await?;
    }
    for user in &patch.members_to_remove {
        members::leave(tx, core, scope, group, user).await?;
    }
    Ok(())
}

async fn touch(tx: &Conn, id: &AccessGroupId, now: Millis) -> Result<()> {
    tx.execute("UPDATE access_groups SET updated_at = $2 WHERE id = $1", &params![id, now]).await?;
    Ok(())
}

/// deleteAccessGroup: what it gave is gone with it.
///
/// # Errors
/// 404 where the scope's team has none such.
pub async fn delete(core: &Core, scope: &Scope, id_or_name: &str) -> Result<()> {
    let (core, scope, id_or_name) = (core.clone(), scope.clone(), id_or_name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let group = find(tx, &scope, &id_or_name).await?;
            tx.execute("DELETE FROM access_groups WHERE id = $1", &params![&group.id]).await?;
            let text = format!("deleted access group {}", group.name);
            note(tx, &core, &scope, &group, "access-group-deleted", text).await
        })
        .await
}

/// The entry of a change of the group itself.
async fn note(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    group: &Group,
    kind: &'static str,
    text: String,
) -> Result<()> {
    let event = Event::new(kind, text, json!({ "accessGroup": named(group) }));
    events::record(tx, core, scope, core.clock.now(), event).await.map(drop)
}

/// What an event says of a group.
fn named(group: &Group) -> impl Serialize {
    json!({ "id": group.id, "name": group.name })
}
