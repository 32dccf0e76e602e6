//! Which projects a caller reaches, and with which role: the strongest of all ways to one (semantics.md 9).
//!
//! The role in the team was judged with the token. Where it suffices, nothing more is asked. Else the view `project_roles` has every
//! other way: a role in the project, and the access groups that the caller is a member of.

use crate::ids::{ProjectId, UserId};
use crate::permissions::{Permission, ProjectRole, Verdict};
use crate::scope::{Principal, Scope};
use crate::select::Select;
use crate::{Error, Result};
use pintle_store::{Conn, params};
use std::collections::HashMap;

/// Whether the caller may reach this project of the scope's owner. Answers the role in it, where that was asked for.
///
/// # Errors
/// 404 where the caller may not see it; 403 where an installation was not given it, or no way to it suffices.
pub(super) async fn check(conn: &Conn, scope: &Scope, project: &ProjectId) -> Result<Option<ProjectRole>> {
    match &scope.principal {
        Principal::Installation(installation) if installation.selected => {
            let sql = "SELECT project_id FROM configuration_projects WHERE configuration_id = $1 AND project_id = $2";
            let row: Option<(String,)> =
                conn.opt(sql, &params![&installation.configuration, project]).await?;
            if row.is_none() && !crate::planted::on("selection-unchecked") {
                return Err(Error::forbidden(
                    "Not authorized: the integration was not given access to this project",
                ));
            }
            Ok(None)
        }
        Principal::User { id, .. } => {
            let sees_all = scope.role.in_projects().is_some();
            if sees_all && !scope.permission.asks_project(scope.role, &scope.extended) {
                return Ok(None);
            }
            let role = strongest(conn, project, id).await?;
            if role.is_none() && !sees_all {
                return Err(Error::not_found("Project"));
            }
            let by_team = scope.permission.for_role(scope.role, &scope.extended) == Verdict::Yes;
            match by_team || role.is_some_and(|role| role.may(scope.permission)) {
                true => Ok(role),
                false => Err(Error::forbidden("Not authorized")),
            }
        }
        _ => Ok(None),
    }
}

/// Whether the caller has one more right in a project that it reaches, whatever it came with.
pub(crate) async fn may(
    conn: &Conn,
    scope: &Scope,
    project: &ProjectId,
    permission: Permission,
) -> Result<bool> {
    match (scope.verdict(permission), scope.user()) {
        (Verdict::Yes, _) => Ok(true),
        (Verdict::ByProject, Some(user)) => {
            let role = strongest(conn, project, user).await?;
            Ok(role.is_some_and(|role| role.may(permission)))
        }
        _ => Ok(false),
    }
}

/// The strongest role that a user was given in a project, by itself or with a group.
pub(crate) async fn strongest(
    conn: &Conn,
    project: &ProjectId,
    user: &UserId,
) -> Result<Option<ProjectRole>> {
    let sql = "SELECT role FROM project_roles WHERE project_id = $1 AND user_id = $2";
    let rows: Vec<(String,)> = conn.all(sql, &params![project, user]).await?;
    Ok(rows.iter().filter_map(|(role,)| ProjectRole::parse(role)).max())
}

/// The strongest role of the caller in each project of the scope's owner in which it was given one.
pub(crate) async fn given(conn: &Conn, scope: &Scope) -> Result<HashMap<String, ProjectRole>> {
    let sql = "SELECT r.project_id, r.role FROM project_roles r JOIN projects p ON p.id = r.project_id
      WHERE p.owner_id = $1 AND r.user_id = $2";
    let mut given = HashMap::new();
    for (project, role) in conn.all::<(String, String)>(sql, &params![scope.owner(), scope.user()]).await? {
        if let Some(role) = ProjectRole::parse(&role) {
            given.entry(project).and_modify(|held: &mut ProjectRole| *held = role.max(*held)).or_insert(role);
        }
    }
    Ok(given)
}

/// Whom a list must be narrowed for: a caller who sees only the projects that it was given. Those are the ones that `project_roles` has
/// for it.
pub(crate) fn narrowed(scope: &Scope) -> Option<&UserId> {
    match &scope.principal {
        Principal::User { id, .. } if scope.role.in_projects().is_none() => Some(id),
        _ => None,
    }
}

/// Narrows a list to the projects that the caller sees; `project` is the column of their ids.
pub(crate) fn narrow(select: &mut Select, scope: &Scope, project: &str) {
    let given =
        format!("EXISTS (SELECT 1 FROM project_roles r WHERE r.project_id = {project} AND r.user_id = $?)");
    select.and(&given, narrowed(scope));
    let chosen = format!(
        "EXISTS (SELECT 1 FROM configuration_projects c WHERE c.project_id = {project} AND c.configuration_id = $?)"
    );
    let selected = scope.installation().filter(|installation| installation.selected);
    select.and(&chosen, selected.map(|installation| &installation.configuration));
}
