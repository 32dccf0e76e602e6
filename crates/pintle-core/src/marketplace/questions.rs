//! What Pintle asks a partner without changing anything (semantics.md 4.3): always as the system.

use super::actor::Actor;
use super::claims::Speaker;
use super::partner::{self, Question};
use crate::ids::{ConfigurationId, IntegrationId};
use crate::{Core, Result};
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
    /// `{billingPlan?, notification?}`
    pub async fn installation(&self) -> Result<Json> {
        self.get(&self.path(&[])).await
    }

    /// A resource, by the partner's id: without its secrets.
    pub async fn resource(&self, id: &str) -> Result<Json> {
        self.get(&self.path(&["resources", id])).await
    }

    /// The plans of a product, for somebody who wants one with this metadata. The product is named as its partner names it.
    pub async fn product_plans(&self, slug: &str, metadata: Option<&Json>) -> Result<Vec<Json>> {
        let mut path = partner::path(&["v1", "products", slug, "plans"]);
        if let Some(metadata) = metadata {
            let query =
                Serializer::new(String::new()).append_pair("metadata", &metadata.to_string()).finish();
            path = format!("{path}?{query}");
        }
        plans(self.get(&path).await?)
    }

    pub async fn installation_plans(&self) -> Result<Vec<Json>> {
        plans(self.get(&self.path(&["plans"])).await?)
    }

    /// The plans that a resource, by the partner's id, can change to.
    pub async fn resource_plans(&self, id: &str) -> Result<Vec<Json>> {
        plans(self.get(&self.path(&["resources", id, "plans"])).await?)
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
            key: None,
            body: None,
        };
        partner::get(core, question).await
    }
}

/// `{plans: […]}`, each an object.
fn plans(mut answer: Json) -> Result<Vec<Json>> {
    match answer["plans"].take() {
        Json::Array(plans) if plans.iter().all(Json::is_object) => Ok(plans),
        _ => Err(partner::unavailable("its answer has no plans")),
    }
}
