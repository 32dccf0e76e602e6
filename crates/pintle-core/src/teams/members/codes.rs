//! Codes that a member knows: whoever goes must not come back with one, nor take anything along.

use super::standing::Standing;
use crate::marketplace::resources;
use crate::permissions::{Permission, Role};
use crate::projects;
use crate::teams::admission::Origin;
use crate::{Core, Result, Scope, teams};
use pintle_store::{Conn, params};

/// A member is about to go. An owner has seen the team's invite code, and who came by it has it.
pub(super) async fn leave(tx: &Conn, core: &Core, scope: &Scope, member: &Standing) -> Result<()> {
    let (team, user) = (scope.owner(), &member.user.id);
    resources::transfers::withdraw_of(tx, team, user).await?;
    if member.may(Permission::ProjectTransfer) {
        projects::transfers::withdraw_of(tx, team, user).await?;
    }
    if member.role == Role::Owner {
        return teams::renew_invite_code(tx, core, scope).await;
    }
    let sql = "SELECT doc FROM members WHERE team_id = $1 AND user_id = $2";
    let (doc,): (String,) = tx.one(sql, &params![team, user]).await?;
    let origin: Origin = serde_json::from_str(&doc)?;
    match origin.joined_from.is_some_and(|from| from.origin == "link") {
        true => teams::renew_invite_code(tx, core, scope).await,
        false => Ok(()),
    }
}

/// A member is about to become less, or more.
pub(super) async fn change(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    before: &Standing,
    after: &Standing,
) -> Result<()> {
    let (team, user) = (scope.owner(), &before.user.id);
    if before.loses(Permission::ResourceTransfer, after) {
        resources::transfers::withdraw_of(tx, team, user).await?;
    }
    if before.loses(Permission::ProjectTransfer, after) {
        projects::transfers::withdraw_of(tx, team, user).await?;
    }
    match before.role == Role::Owner && after.role != Role::Owner {
        true => teams::renew_invite_code(tx, core, scope).await,
        false => Ok(()),
    }
}
