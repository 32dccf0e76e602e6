//! getBillingPlans: what a product would cost, as its partner says.

use super::{Metadata, require};
use crate::configurations::install::existing;
use crate::integrations;
use crate::marketplace::Actor;
use crate::marketplace::plans::BillingPlan;
use crate::marketplace::questions::Questions;
use crate::{Core, Error, Kind, Result, Scope};

/// Asks the partner of an integration, named by id or slug, for the plans of a product, for somebody who wants one with this metadata:
/// JSON, perhaps not whole yet. The scope's owner need not have installed it. Where it has, and plans are for whole installations, those
/// that its installation can change to come first: each plan has its `scope`.
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
    let of_product = questions.product_plans(&product.slug, metadata).await;
    if installation.is_none() || !app.installation_level_billing_plans {
        return of_product;
    }
    match (optional(questions.installation_plans().await)?, optional(of_product)?) {
        (None, None) => Err(Error::not_found("Plan")),
        (whole, single) => Ok(merged(whole.unwrap_or_default(), single.unwrap_or_default())),
    }
}

/// Where plans are for installations, a partner need not have any for its products; and it need not list those either.
fn optional(plans: Result<Vec<BillingPlan>>) -> Result<Option<Vec<BillingPlan>>> {
    match plans {
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        plans => plans.map(Some),
    }
}

/// A partner may list a plan in both places.
fn merged(mut whole: Vec<BillingPlan>, single: Vec<BillingPlan>) -> Vec<BillingPlan> {
    for plan in single {
        if whole.iter().all(|known| known.id != plan.id) {
            whole.push(plan);
        }
    }
    whole
}
