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
    resources::transfers::withdraw_of(tx, scope.owner(), &member.user.id).await?;
    if member.role == Role::Owner {
        return end_owners(tx, core, scope, member).await;
    }
    let sql = "SELECT doc FROM members WHERE team_id = $1 AND user_id = $2";
    let (doc,): (String,) = tx.one(sql, &params![scope.owner(), &member.user.id]).await?;
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
    if before.may(Permission::ResourceTransfer) && !after.may(Permission::ResourceTransfer) {
        resources::transfers::withdraw_of(tx, scope.owner(), &before.user.id).await?;
    }
    match before.role == Role::Owner && after.role != Role::Owner {
        true => end_owners(tx, core, scope, before).await,
        false => Ok(()),
    }
}

/// The invite code, and this owner's offers of projects, which only owners make.
async fn end_owners(tx: &Conn, core: &Core, scope: &Scope, owner: &Standing) -> Result<()> {
    projects::transfers::withdraw_of(tx, scope.owner(), &owner.user.id).await?;
    teams::renew_invite_code(tx, core, scope).await
}
