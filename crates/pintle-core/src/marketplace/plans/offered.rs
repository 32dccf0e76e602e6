//! The plans that a partner offers (semantics.md 1.5 and 4.3).

use super::BillingPlan;
use crate::ids::ConfigurationId;
use crate::integrations::Integration;
use crate::marketplace::Actor;
use crate::marketplace::claims::Speaker;
use crate::marketplace::partner::{self, Question};
use crate::marketplace::products::{Metadata, Product};
use crate::{Core, Result, validate};
use serde_json::Value as Json;

/// The plans of a product for a resource with this metadata, as the partner offers them now; `installation` is whose they would be, where
/// there is one already.
///
/// # Errors
/// What the partner refuses with; 502 `partner_unavailable`, also for an answer with something in it that is no plan: whoever develops
/// the partner is told what, and nobody misses a plan without a word.
pub async fn offered(
    core: &Core,
    actor: &Actor,
    app: &Integration,
    installation: Option<&ConfigurationId>,
    product: &Product,
    metadata: &Metadata,
) -> Result<Vec<BillingPlan>> {
    let mut path = partner::path(&["v1", "products", &product.slug, "plans"]);
    if !metadata.is_empty() {
        let text = Json::Object(metadata.clone()).to_string();
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        path = format!("{path}?metadata={query}");
    }
    let question = Question {
        integration: &app.id,
        installation,
        actor,
        speaker: Speaker::System,
        method: http::Method::GET,
        path: &path,
        key: None,
        body: None,
    };
    let body = partner::get(core, question).await?;
    read(&body)
}

/// `{plans: […]}`.
fn read(body: &Json) -> Result<Vec<BillingPlan>> {
    let plans = body["plans"].as_array();
    let plans = plans.ok_or_else(|| partner::unavailable("its answer should have a list `plans`"))?;
    let read = |(at, plan)| BillingPlan::read(&format!("plans[{at}]"), plan);
    let plans: Result<Vec<BillingPlan>> = plans.iter().enumerate().map(read).collect();
    let plans = plans.map_err(|error| {
        let what = error.message.trim_start_matches("Invalid request: ");
        partner::unavailable(&format!("in its answer, {what}"))
    })?;
    let ids: Vec<&str> = plans.iter().map(|plan| plan.id.as_str()).collect();
    match validate::unique("plans", &ids) {
        Ok(()) => Ok(plans),
        Err(_) => Err(partner::unavailable("two of its plans have the same id")),
    }
}
