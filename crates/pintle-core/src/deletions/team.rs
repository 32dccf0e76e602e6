//! deleteTeam.

use super::{Farewell, Whose, delete_owner};
use crate::configurations::removal::go_first;
use crate::events::{self, Event};
use crate::ids::OwnerId;
use crate::scope::Principal;
use crate::{Core, Error, Result, Scope, teams, users};
use serde::Serialize;
use serde_json::json;
use std::sync::atomic::AtomicU32;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    id: OwnerId,
    /// Only where the team that was to become the caller's default is none of its teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_default_team_id_error: Option<bool>,
}

/// deleteTeam: the team that the scope acts for. The audit log stays, and so do the receipts, for whoever deleted it.
///
/// # Errors
/// 409 while other teams have installed an integration of this one; 404 where the scope acts for a personal account.
pub async fn delete(
    core: &Core,
    scope: &Scope,
    farewell: Farewell,
    new_default: Option<OwnerId>,
) -> Result<Deleted> {
    let Principal::User { id: user, username } = scope.principal.clone() else {
        return Err(Error::forbidden("Only a user can delete a team"));
    };
    let (core, scope, lost) = (core.clone(), scope.clone(), AtomicU32::new(0));
    core.clone()
        .db
        .write(async move |tx| {
            go_first(tx, &lost).await?;
            let team = teams::load(tx, &scope).await?;
            let receipt = delete_owner(tx, &core, &scope, (Whose::Team, &team.slug), &farewell).await?;
            receipt.write(tx, &user).await?;
            // In the log of whoever did it: nobody can read the team's any more.
            let payload = json!({
                "slug": team.slug, "teamId": team.id, "by": username, "reasons": farewell.reasons,
            });
            let event = Event::new("team-delete", format!("deleted team {}", team.slug), payload);
            let own = scope.acting_for(user.as_owner());
            events::record(tx, &core, &own, core.clock.now(), event).await?;
            let failed = match &new_default {
                Some(id) => !users::set_default(tx, &user, Some(id)).await?,
                None => false,
            };
            Ok(Deleted { id: team.id, new_default_team_id_error: failed.then_some(true) })
        })
        .await
}
