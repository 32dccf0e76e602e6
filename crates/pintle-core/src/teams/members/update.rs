//! updateTeamMember: a member's role in the team and in its projects.

use super::codes;
use super::standing::{Standing, keep_an_owner};
use crate::configurations::{DisabledReason, lifecycle};
use crate::events::{self, Event};
use crate::ids::{ProjectId, UserId};
use crate::marketplace::account;
use crate::permissions::{Extended, Permission, ProjectRole, Role};
use crate::teams::requests;
use crate::{Core, Error, Result, Scope, access_groups, project_members, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// The body. Keys that newer clients add are taken and not looked at, but for those that would change what a member may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MemberPatch {
    confirmed: Option<bool>,
    role: Option<String>,
    team_permissions: Option<Vec<String>>,
    projects: Vec<InProject>,
    joined_from: Option<JoinedFrom>,
    access_groups_to_add: Vec<String>,
    access_groups_to_remove: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InProject {
    project_id: ProjectId,
    /// `null` takes the role away; it must be there.
    #[serde(deserialize_with = "Option::deserialize")]
    role: Option<ProjectRole>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JoinedFrom {
    #[serde(default, rename = "ssoUserId")]
    _sso_user_id: Option<Json>,
}

impl MemberPatch {
    fn check(&self) -> Result<()> {
        let roles = Role::ALL.map(Role::as_str);
        if let Some(role) = &self.role {
            validate::one_of("role", role, &roles)?;
        }
        for name in self.team_permissions.iter().flatten() {
            validate::one_of("teamPermissions", name, &Extended::NAMES)?;
        }
        for project in &self.projects {
            validate::at_most("projects.projectId", project.project_id.as_str(), 256)?;
        }
        if self.confirmed == Some(false) {
            let text = "`confirmed` should be equal to one of the allowed values \"true\".";
            return Err(Error::invalid(text));
        }
        Ok(())
    }
}

/// updateTeamMember. Who may no longer install integrations leaves behind disabled installations (semantics.md 3.2).
///
/// # Errors
/// 404 for who is no member and for a project or an access group that is not the team's; 400 for a role that does not exist, for the last owner's
/// demotion, for confirming who is a member already, and for ending an SSO connection, since none has one.
pub async fn update(core: &Core, scope: &Scope, user: UserId, patch: MemberPatch) -> Result<()> {
    patch.check()?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            if patch.confirmed.is_some() {
                confirm(tx, &core, &scope, &user, patch.role.as_deref()).await?;
            }
            let before = Standing::load(tx, &scope, &user).await?;
            if patch.joined_from.is_some() {
                return Err(Error::bad_request("The member has no SSO connection that could be ended"));
            }
            let after = before.changed(patch.role.as_deref(), patch.team_permissions.as_deref());
            if after != before {
                set_role(tx, &core, &scope, &before, &after).await?;
            }
            for project in &patch.projects {
                set_project_role(tx, &core, &scope, &before, project).await?;
            }
            for group in &patch.access_groups_to_add {
                let group = access_groups::find(tx, &scope, group).await?;
                access_groups::join(tx, &core, &scope, &group, &user).await?;
            }
            for group in &patch.access_groups_to_remove {
                let group = access_groups::find(tx, &scope, group).await?;
                access_groups::leave(tx, &core, &scope, &group, &user).await?;
            }
            Ok(())
        })
        .await
}

/// Lets in who has asked to become a member, with the role that the body names.
///
/// # Errors
/// 400 for a member; 404 for who has not asked.
async fn confirm(tx: &Conn, core: &Core, scope: &Scope, user: &UserId, role: Option<&str>) -> Result<()> {
    let role = role.and_then(Role::parse).unwrap_or(Role::Member);
    if requests::accept(tx, core, scope, user, role).await? {
        return Ok(());
    }
    Standing::load(tx, scope, user).await?;
    Err(Error::bad_request("Cannot confirm a member that is already confirmed"))
}

/// Gives a member of the scope's team a role, in the caller's transaction; answers whether it had another.
///
/// # Errors
/// 404 for who is no member; 400 for the last owner's demotion.
pub(crate) async fn change_role(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    user: &UserId,
    role: Role,
) -> Result<bool> {
    let before = Standing::load(tx, scope, user).await?;
    let after = before.changed(Some(role.as_str()), None);
    if after != before {
        set_role(tx, core, scope, &before, &after).await?;
    }
    Ok(after != before)
}

async fn set_role(tx: &Conn, core: &Core, scope: &Scope, before: &Standing, after: &Standing) -> Result<()> {
    if before.role == Role::Owner && after.role != Role::Owner {
        keep_an_owner(tx, scope).await?;
    }
    codes::change(tx, core, scope, before, after).await?;
    let sql = "UPDATE members SET role = $3, permissions = $4 WHERE team_id = $1 AND user_id = $2";
    let row = params![scope.owner(), &after.user.id, after.role.as_str(), &after.extended.0];
    tx.execute(sql, &row).await?;
    let text = format!("changed the role of {} to {}", after.user.username, after.role.as_str());
    let payload = json!({
        "role": after.role, "previousRole": before.role, "updatedUid": after.user.id,
        "updatedUser": { "username": after.user.username, "email": after.user.email },
        "teamPermissions": after.extended.list(),
    });
    let event = Event::new("team-member-role-update", text, payload);
    events::record(tx, core, scope, core.clock.now(), event).await?;
    if before.partner_role() != after.partner_role() {
        let now = core.clock.now();
        account::tell_of_member(tx, core, scope, &after.user, Some(after.partner_role()), now).await?;
    }
    if before.loses(Permission::Install, after) {
        let reason = DisabledReason::OriginalOwnerRoleDowngraded;
        lifecycle::disable_of_user(tx, core, scope, scope.owner(), &after.user.id, reason).await?;
    }
    Ok(())
}

async fn set_project_role(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    member: &Standing,
    wanted: &InProject,
) -> Result<()> {
    let sql = "SELECT name FROM projects WHERE owner_id = $1 AND id = $2";
    let row: Option<(String,)> = tx.opt(sql, &params![scope.owner(), &wanted.project_id]).await?;
    let (name,) = row.ok_or_else(|| Error::not_found("Project"))?;
    project_members::give(tx, core, scope, &member.user, (&wanted.project_id, &name), wanted.role).await
}
