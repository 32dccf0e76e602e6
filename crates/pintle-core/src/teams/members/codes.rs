//! Codes that a member knows: whoever goes must not come back with one, nor take a project along.

use super::standing::Standing;
use crate::permissions::Role;
use crate::projects::transfers;
use crate::teams::admission::Origin;
use crate::{Core, Result, Scope, teams};
use pintle_store::{Conn, params};

/// A member is about to go. An owner has seen the team's invite code, and who came by it has it.
pub(super) async fn forget(tx: &Conn, core: &Core, scope: &Scope, member: &Standing) -> Result<()> {
    if member.role == Role::Owner {
        return forget_owners(tx, core, scope).await;
    }
    let sql = "SELECT doc FROM members WHERE team_id = $1 AND user_id = $2";
    let (doc,): (String,) = tx.one(sql, &params![scope.owner(), &member.user.id]).await?;
    let origin: Origin = serde_json::from_str(&doc)?;
    match origin.joined_from.is_some_and(|from| from.origin == "link") {
        true => teams::renew_invite_code(tx, core, scope).await,
        false => Ok(()),
    }
}

/// An owner is about to be none any more: so end the invite code, and the offers of the team's projects, which only owners make.
pub(super) async fn forget_owners(tx: &Conn, core: &Core, scope: &Scope) -> Result<()> {
    transfers::withdraw_all(tx, scope.owner()).await?;
    teams::renew_invite_code(tx, core, scope).await
}
