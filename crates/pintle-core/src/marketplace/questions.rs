//! What Pintle asks a partner without changing anything (semantics.md 4.3): always as the system.

use super::actor::Actor;
use super::claims::Speaker;
use super::partner::{self, Question};
use super::plans::BillingPlan;
use super::products::Metadata;
use crate::ids::{ConfigurationId, IntegrationId};
use crate::{Core, Result, validate};
use http::Method;
use serde_json::Value as Json;
use url::form_urlencoded::Serializer;

/// Whom to ask, and on whose behalf. Each question fails as [`partner::get`] does.
#[derive(Clone, Copy)]
pub struct Questions<'a> {
    pub core: &'a Core,
    pub actor: &'a Actor,
    pub integration: &'a IntegrationId,
    /// Before there is an installation, only a product's plans can be asked for.
    pub installation: Option<&'a ConfigurationId>,
}

impl Questions<'_> {
    /// The plans of a product, for somebody who wants one with this metadata. The product is named as its partner names it.
    pub async fn product_plans(&self, slug: &str, metadata: &Metadata) -> Result<Vec<BillingPlan>> {
        let mut path = partner::path(&["v1", "products", slug, "plans"]);
        if !metadata.is_empty() {
            let metadata = Json::Object(metadata.clone()).to_string();
            let query = Serializer::new(String::new()).append_pair("metadata", &metadata).finish();
            path = format!("{path}?{query}");
        }
        plans(&self.get(&path).await?)
    }

    /// The plans that the installation as a whole can change to.
    pub async fn installation_plans(&self) -> Result<Vec<BillingPlan>> {
        plans(&self.get(&self.path(&["plans"])).await?)
    }

    /// The plans that a resource, by the partner's id, can change to.
    pub async fn resource_plans(&self, id: &str) -> Result<Vec<BillingPlan>> {
        plans(&self.get(&self.path(&["resources", id, "plans"])).await?)
    }

    /// Whether this installation can accept what another one's team gives away under a claim: an error where it cannot.
    pub async fn can_accept(&self, claim: &str) -> Result<()> {
        self.get(&self.path(&["resource-transfer-requests", claim, "verify"])).await.map(drop)
    }

    fn path(&self, rest: &[&str]) -> String {
        let installation = self.installation.map_or("", ConfigurationId::as_str);
        partner::path(&[&["v1", "installations", installation], rest].concat())
    }

    async fn get(&self, path: &str) -> Result<Json> {
        let Self { core, actor, integration, installation } = *self;
        let question = Question {
            integration,
            installation,
            actor,
            speaker: Speaker::System,
            method: Method::GET,
            path,
            then: None,
            key: None,
            body: None,
        };
        partner::get(core, question).await
    }
}

/// `{plans: […]}`. Something in it that is no plan spoils the answer: whoever develops the partner is told what, and nobody misses a
/// plan without a word.
fn plans(body: &Json) -> Result<Vec<BillingPlan>> {
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
