//! getTeamMembers: who belongs to a team, as others see it.

use crate::clock::Millis;
use crate::ids::{AccessGroupId, ProjectId};
use crate::page::{self, Page, Pagination};
use crate::permissions::{Extended, Permission, ProjectRole, Role, Verdict};
use crate::projects::reach::narrow;
use crate::select::{Select, containing};
use crate::teams::admission::Origin;
use crate::users::{Person, User};
use crate::{Core, Error, Result, Scope, projects};
use pintle_store::Conn;
use serde::Serialize;

/// A member on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    #[serde(flatten)]
    person: Person,
    role: Role,
    team_permissions: Vec<String>,
    confirmed: bool,
    created_at: Millis,
    #[serde(flatten)]
    origin: Origin,
    /// The projects in which the member has a role of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    projects: Vec<InProject>,
    /// Newer clients ask for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access_groups: Vec<InGroup>,
}

#[derive(Debug, Serialize)]
struct InGroup {
    id: AccessGroupId,
    name: String,
}

#[derive(Debug, Serialize)]
struct InProject {
    id: ProjectId,
    name: String,
    role: ProjectRole,
}

/// What to list.
#[derive(Debug, Default)]
pub struct Filter {
    /// Part of a name, username or e-mail address.
    pub search: Option<String>,
    pub role: Option<Role>,
    /// Without who has a role in this project.
    pub exclude_project: Option<String>,
    /// Only those for whom a role in this project would mean something: their role in the team leaves it to the project.
    pub eligible_for_project: Option<String>,
    pub users: Vec<String>,
}

/// The roles beside which the platform knows roles in a project.
const ELIGIBLE: [Role; 2] = [Role::Developer, Role::Contributor];

/// getTeamMembers: of the team that the scope acts for, newest first; for owners with those who ask to become one.
///
/// # Errors
/// 404 where that is a personal account, or for a project that is not the team's; 404 and 403 for one that the caller does not see.
pub async fn list(
    core: &Core,
    scope: &Scope,
    filter: Filter,
    page: Page,
) -> Result<(Vec<Member>, Pagination)> {
    if scope.personal {
        return Err(crate::teams::not_found());
    }
    let conn = core.db.read().await?;
    let named = [&filter.exclude_project, &filter.eligible_for_project].into_iter().flatten();
    let named: Vec<ProjectId> = named.map(ProjectId::from).collect();
    projects::require_all(&conn, scope, &named).await?;
    let select = select(scope, filter);
    let (rows, pagination) =
        page::rows::<Listed>(&conn, &select.sql, "m.created_at", &select.params, page).await?;
    let mut members = rows.into_iter().map(member).collect::<Result<Vec<_>>>()?;
    if !members.is_empty() {
        add_projects(&conn, scope, &mut members).await?;
        if scope.verdict(Permission::AccessGroupRead) == Verdict::Yes {
            add_groups(&conn, scope, &mut members).await?;
        }
    }
    Ok((members, pagination))
}

fn select(scope: &Scope, filter: Filter) -> Select {
    let sql = "SELECT m.created_at, m.role, m.permissions, u.doc, m.doc, m.confirmed FROM memberships m
      JOIN owners u ON u.id = m.user_id WHERE m.team_id = $1 AND m.confirmed >= $2";
    // Who asks to come in is for those who decide about it.
    let confirmed = i64::from(scope.verdict(Permission::MemberWrite) != Verdict::Yes);
    let mut select = Select::new(sql, vec![scope.owner().into(), confirmed.into()]);
    select.and("m.role = $?", filter.role.map(Role::as_str));
    select.and("u.search LIKE $? ESCAPE '!'", filter.search.as_deref().map(containing));
    // Read once: asked of each member PostgreSQL may look through the project's for every one of the team's.
    let of_project = "m.user_id NOT IN (SELECT p.user_id FROM project_members p WHERE p.project_id = $?)";
    select.and(of_project, filter.exclude_project);
    if filter.eligible_for_project.is_some() {
        select.among("m.role", ELIGIBLE.map(Role::as_str));
    }
    select.among("m.user_id", filter.users);
    select
}

/// When the member came, its role and permissions, its user's document, how it came, and whether it is a member or asks to be one.
type Listed = (Millis, String, String, String, String, bool);

fn member((created_at, role, permissions, user, origin, confirmed): Listed) -> Result<Member> {
    let user: User = serde_json::from_str(&user)?;
    let role = Role::parse(&role).ok_or_else(|| Error::internal(format!("no role: {role}")))?;
    Ok(Member {
        person: user.into(),
        role,
        team_permissions: Extended(permissions).list(),
        confirmed,
        created_at,
        origin: serde_json::from_str(&origin)?,
        projects: Vec::new(),
        access_groups: Vec::new(),
    })
}

/// Only those that the caller sees.
async fn add_projects(conn: &Conn, scope: &Scope, members: &mut [Member]) -> Result<()> {
    let sql =
        "SELECT m.user_id, p.id, p.name, m.role FROM project_members m JOIN projects p ON p.id = m.project_id
      WHERE p.owner_id = $1";
    let mut select = Select::new(sql, vec![scope.owner().into()]);
    select.among("m.user_id", members.iter().map(|member| &member.person.uid));
    narrow(&mut select, scope, "p.id");
    let sql = select.sql + " ORDER BY p.name";
    let rows: Vec<(String, String, String, String)> = conn.all(&sql, &select.params).await?;
    for (user, id, name, role) in rows {
        let member = members.iter_mut().find(|member| member.person.uid.as_str() == user);
        if let (Some(member), Some(role)) = (member, ProjectRole::parse(&role)) {
            member.projects.push(InProject { id: ProjectId::from(id), name, role });
        }
    }
    Ok(())
}

async fn add_groups(conn: &Conn, scope: &Scope, members: &mut [Member]) -> Result<()> {
    let sql =
        "SELECT m.user_id, g.id, g.name FROM access_group_members m JOIN access_groups g ON g.id = m.group_id
      WHERE g.team_id = $1";
    let mut select = Select::new(sql, vec![scope.owner().into()]);
    select.among("m.user_id", members.iter().map(|member| &member.person.uid));
    let sql = select.sql + " ORDER BY g.name";
    for (user, id, name) in conn.all::<(String, String, String)>(&sql, &select.params).await? {
        if let Some(member) = members.iter_mut().find(|member| member.person.uid.as_str() == user) {
            member.access_groups.push(InGroup { id: AccessGroupId::from(id), name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_taken_literally() {
        assert_eq!(containing("50%_A!"), "%50!%!_a!!%");
    }
}
