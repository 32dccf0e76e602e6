//! getProjectMembers, and the projects of a member.

use crate::clock::Millis;
use crate::ids::ProjectId;
use crate::page::{self, Page, Pagination};
use crate::permissions::{ProjectRole, Role};
use crate::projects::locate;
use crate::projects::reach::narrow;
use crate::select::{Select, containing};
use crate::users::{Person, User};
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::Serialize;

/// A member of a project on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    #[serde(flatten)]
    person: Person,
    role: ProjectRole,
    /// The strongest of all ways: this role, the role in the team, access groups.
    computed_project_role: ProjectRole,
    team_role: Role,
    created_at: Millis,
}

/// A project in which a member has a role of its own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InProject {
    project_id: ProjectId,
    role: ProjectRole,
    created_at: Millis,
}

/// When the role was given, the role, the role in the team, and the user's document.
type Listed = (Millis, String, String, String);

/// getProjectMembers: who was given a role in the project itself, newest first. A group's members are its own.
///
/// # Errors
/// As `locate`.
pub async fn list(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    search: Option<&str>,
    page: Page,
) -> Result<(Vec<Member>, Pagination)> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, id_or_name).await?.id;
    let sql = "SELECT p.created_at, p.role, m.role, u.doc FROM project_members p
      JOIN members m ON m.team_id = $2 AND m.user_id = p.user_id JOIN owners u ON u.id = p.user_id
      WHERE p.project_id = $1";
    let mut select = Select::new(sql, vec![(&project).into(), scope.owner().into()]);
    select.and("u.search LIKE $? ESCAPE '!'", search.map(containing));
    let (rows, pagination) =
        page::rows::<Listed>(&conn, &select.sql, "p.created_at", &select.params, page).await?;
    let mut members = rows.into_iter().map(member).collect::<Result<Vec<_>>>()?;
    compute(&conn, &project, &mut members).await?;
    Ok((members, pagination))
}

fn member((created_at, role, team_role, user): Listed) -> Result<Member> {
    let user: User = serde_json::from_str(&user)?;
    let role = parse(&role)?;
    let team_role =
        Role::parse(&team_role).ok_or_else(|| Error::internal(format!("no role: {team_role}")))?;
    let computed_project_role = team_role.in_projects().map_or(role, |by_team| by_team.max(role));
    Ok(Member { person: user.into(), role, computed_project_role, team_role, created_at })
}

fn parse(role: &str) -> Result<ProjectRole> {
    ProjectRole::parse(role).ok_or_else(|| Error::internal(format!("no role in a project: {role}")))
}

/// Adds what access groups give.
async fn compute(conn: &Conn, project: &ProjectId, members: &mut [Member]) -> Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let sql = "SELECT user_id, role FROM project_roles WHERE project_id = $1";
    let mut select = Select::new(sql, vec![project.into()]);
    select.among("user_id", members.iter().map(|member| &member.person.uid));
    for (user, role) in conn.all::<(String, String)>(&select.sql, &select.params).await? {
        if let Some(member) = members.iter_mut().find(|member| member.person.uid.as_str() == user) {
            member.computed_project_role = member.computed_project_role.max(parse(&role)?);
        }
    }
    Ok(())
}

/// The projects of the scope's team in which a member has a role of its own, newest first, as far as the caller sees them.
///
/// # Errors
/// 404 for who is no member.
pub async fn of_member(
    core: &Core,
    scope: &Scope,
    user: &str,
    page: Page,
) -> Result<(Vec<InProject>, Pagination)> {
    let conn = core.db.read().await?;
    let sql = "SELECT user_id FROM members WHERE team_id = $1 AND user_id = $2";
    let found: Option<(String,)> = conn.opt(sql, &params![scope.owner(), user]).await?;
    found.ok_or_else(|| Error::not_found("Team member"))?;
    let sql = "SELECT m.created_at, m.project_id, m.role FROM project_members m JOIN projects p ON p.id = m.project_id
      WHERE p.owner_id = $1 AND m.user_id = $2";
    let mut select = Select::new(sql, vec![scope.owner().into(), user.into()]);
    narrow(&mut select, scope, "p.id");
    let (rows, pagination) =
        page::rows::<(Millis, String, String)>(&conn, &select.sql, "m.created_at", &select.params, page)
            .await?;
    let view = |(created_at, project, role): (Millis, String, String)| {
        Ok(InProject { project_id: ProjectId::from(project), role: parse(&role)?, created_at })
    };
    Ok((rows.into_iter().map(view).collect::<Result<_>>()?, pagination))
}
