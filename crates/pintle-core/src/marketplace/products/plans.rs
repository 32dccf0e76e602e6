//! getBillingPlans: what a product would cost, as its partner says.

use super::{Metadata, require};
use crate::ids::ConfigurationId;
use crate::integrations::{self, Integration};
use crate::marketplace::Actor;
use crate::marketplace::plans::BillingPlan;
use crate::marketplace::questions::Questions;
use crate::{Core, Error, Kind, Result, Scope};
use pintle_store::{Conn, params};

/// Asks the partner of an integration, named by id or slug, for the plans of a product, for somebody who wants one with this metadata:
/// JSON, perhaps not whole yet. The scope's owner need not have installed it.
///
/// # Errors
/// 400 for metadata that is no object, and where there is no partner yet or it does not answer as it must (`partner_unavailable`); 404;
/// what the partner says where it refuses. Nothing else: the contract has no other.
pub async fn billing_plans(
    core: &Core,
    scope: &Scope,
    app: &str,
    product: &str,
    metadata: Option<&str>,
) -> Result<Vec<BillingPlan>> {
    let metadata: Metadata = serde_json::from_str(metadata.unwrap_or("{}"))
        .map_err(|_| Error::invalid("`metadata` should be an object as JSON."))?;
    let plans = ask(core, scope, app, product, &metadata).await;
    plans.map_err(|mut error| {
        if matches!(error.kind, Kind::Conflict | Kind::Unprocessable | Kind::BadGateway) {
            error.kind = Kind::BadRequest;
        }
        error
    })
}

async fn ask(
    core: &Core,
    scope: &Scope,
    app: &str,
    product: &str,
    metadata: &Metadata,
) -> Result<Vec<BillingPlan>> {
    let conn = core.db.read().await?;
    let app = integrations::find(&conn, app).await?.ok_or_else(|| Error::not_found("Integration"))?;
    let product = require(&conn, &app.id, product).await?;
    app.partner_url()?;
    let installation = installation(&conn, scope, &app).await?;
    drop(conn);
    let (actor, integration) = (&Actor::of(scope), &app.id);
    let questions = Questions { core, actor, integration, installation: installation.as_ref() };
    questions.product_plans(&product.slug, metadata).await
}

/// The native installation that the scope's owner has of an integration.
async fn installation(conn: &Conn, scope: &Scope, app: &Integration) -> Result<Option<ConfigurationId>> {
    let sql = "SELECT id FROM configurations
      WHERE owner_id = $1 AND integration_id = $2 AND installation_type = 'marketplace'";
    let row: Option<(String,)> = conn.opt(sql, &params![scope.owner(), &app.id]).await?;
    Ok(row.map(|(id,)| ConfigurationId::from(id)))
}
