//! deleteTeam: the end of a team and of all that it owns.

use super::load;
use crate::configurations::removal;
use crate::events::{self, Event};
use crate::ids::OwnerId;
use crate::scope::Principal;
use crate::{Core, Error, Result, Scope, users};
use pintle_store::params;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The body: why, for the audit log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Farewell {
    #[serde(default)]
    reasons: Vec<Reason>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    slug: String,
    description: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    id: OwnerId,
    /// Only where the team that was to become the caller's default is none of its teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_default_team_id_error: Option<bool>,
}

/// Deletes the team that the scope acts for. Its installations are removed first, each with its event and its receipt; whatever
/// else it owns goes by foreign keys, and so does its place as anybody's default team. The audit log stays.
///
/// # Errors
/// 409 while other teams have installed an integration of this one; 404 where the scope acts for a personal account.
pub async fn delete(
    core: &Core,
    scope: &Scope,
    farewell: Farewell,
    new_default: Option<OwnerId>,
) -> Result<Deleted> {
    let now = core.clock.now();
    let Principal::User { id: user, username } = scope.principal.clone() else {
        return Err(Error::forbidden("Only a user can delete a team"));
    };
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let team = load(tx, &scope).await?;
            removal::remove_owned(tx, &core, &scope).await?;
            tx.execute("DELETE FROM owners WHERE id = $1", &params![&team.id]).await?;
            // In the log of whoever did it: nobody can read the team's any more.
            let payload = json!({
                "slug": team.slug, "teamId": team.id, "by": username, "reasons": farewell.reasons,
            });
            let event = Event::new("team-delete", format!("deleted team {}", team.slug), payload);
            events::record(tx, &core, &scope.acting_for(user.as_owner()), now, event).await?;
            let failed = match &new_default {
                Some(id) => !users::set_default(tx, &user, Some(id)).await?,
                None => false,
            };
            Ok(Deleted { id: team.id, new_default_team_id_error: failed.then_some(true) })
        })
        .await
}
