//! getBillingPlans: what a product would cost, as its partner says.

use super::{Metadata, require};
use crate::configurations::install::existing;
use crate::integrations;
use crate::marketplace::Actor;
use crate::marketplace::plans::BillingPlan;
use crate::marketplace::questions::Questions;
use crate::{Core, Error, Kind, Result, Scope};

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
    let app = integrations::require(&conn, app).await?;
    let product = require(&conn, &app.id, product).await?;
    app.partner_url()?;
    let installation =
        existing(&conn, scope, &app, integrations::Kind::Marketplace).await?.map(|found| found.id);
    drop(conn);
    let (actor, integration) = (&Actor::of(scope), &app.id);
    let questions = Questions { core, actor, integration, installation: installation.as_ref() };
    questions.product_plans(&product.slug, metadata).await
}
