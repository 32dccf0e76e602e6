//! The plans that a partner offers (semantics.md 1.5 and 4.3).

use super::BillingPlan;
use crate::ids::ConfigurationId;
use crate::integrations::Integration;
use crate::marketplace::Actor;
use crate::marketplace::claims::Speaker;
use crate::marketplace::partner::{self, Question};
use crate::marketplace::products::{Metadata, Product};
use crate::{Core, Result};
use serde_json::Value as Json;

/// The plans of a product for a resource with this metadata, as the partner offers them now; `installation` is whose they would be, where
/// there is one already. What the partner sends that is no plan is left out.
///
/// # Errors
/// What the partner refuses with; 502 `partner_unavailable`.
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
    let plans = body["plans"].as_array().into_iter().flatten();
    Ok(plans.filter_map(|plan| BillingPlan::read("plans", plan).ok()).collect())
}
