//! The tokens of a marketplace installation that was removed and is not settled yet.

use super::{Principal, Scope};
use crate::ids::{ConfigurationId, IntegrationId, OwnerId};
use crate::permissions::Permission;
use crate::{Core, Result, credential};
use pintle_store::params;

/// Whose token it is, where it is such a one. The owner may be gone by then.
pub(super) async fn look_up(core: &Core, bearer: &str) -> Result<Option<Scope>> {
    let sql = "SELECT i.id, i.integration_id, i.owner_id, o.slug FROM closing_tokens t
      JOIN installations i ON i.id = t.installation_id LEFT JOIN owners o ON o.id = i.owner_id WHERE t.id = $1";
    let token = credential::hash(bearer);
    let row: Option<(String, String, String, Option<String>)> =
        core.db.read().await?.opt(sql, &params![&token]).await?;
    Ok(row.map(|(installation, integration, owner, slug)| Scope {
        owner_slug: slug.unwrap_or_default(),
        token,
        principal: Principal::Closing {
            configuration: ConfigurationId::from(installation),
            integration: IntegrationId::from(integration),
        },
        permission: Permission::MarketplaceBilling,
        // Its user is not known any more, but only a team's id begins so.
        ..Scope::system(OwnerId::from(owner.clone()), !owner.starts_with("team_"))
    }))
}
