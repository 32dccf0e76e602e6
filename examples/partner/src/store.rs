//! The partner's own records. A real one has a database.

use crate::refusal::{Refusal, Result};
use crate::tokens::Claims;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};

#[derive(Default)]
pub struct Store {
    pub installations: BTreeMap<String, Installation>,
    pub resources: BTreeMap<String, Resource>,
    /// Who is signed in, by the value of the cookie.
    pub sessions: BTreeMap<String, Claims>,
    /// For `--broken keeps-names`.
    pub kept_names: HashSet<(String, String)>,
}

pub struct Installation {
    /// What opens Pintle for this installation.
    pub access_token: String,
    pub plan: String,
    /// It is remembered, so that a removal that is asked for again is answered as the first time.
    pub removed: bool,
}

#[derive(Clone)]
pub struct Resource {
    pub id: String,
    pub installation: String,
    /// The customer, as the tokens have it: it stays the same when the integration is installed again.
    pub account: String,
    pub product: String,
    pub name: String,
    pub metadata: Map<String, Value>,
    pub plan: String,
    pub password: String,
    /// The Idempotency-Key of the request that made it.
    pub key: Option<String>,
}

impl Store {
    /// # Errors
    /// 404 for one that there is not or no more.
    pub fn installation(&mut self, id: &str) -> Result<&mut Installation> {
        let found = self.installations.get_mut(id).filter(|installation| !installation.removed);
        found.ok_or_else(|| Refusal::not_found("Installation"))
    }

    /// # Errors
    /// 404, also for one of another installation.
    pub fn resource(&mut self, installation: &str, id: &str) -> Result<&mut Resource> {
        let found = self.resources.get_mut(id).filter(|resource| resource.installation == installation);
        found.ok_or_else(|| Refusal::not_found("Resource"))
    }

    pub fn has_name(&self, account: &str, name: &str) -> bool {
        let held = |resource: &Resource| resource.account == account && resource.name == name;
        self.resources.values().any(held) || self.kept_names.contains(&(account.into(), name.into()))
    }
}

impl Resource {
    /// What its installation's projects get as variables.
    pub fn secrets(&self) -> Value {
        let Self { id, password, .. } = self;
        json!([
            { "name": "DATABASE_URL", "value": format!("postgres://app:{password}@{id}.db.example/app") },
            { "name": "DATABASE_PASSWORD", "value": password },
        ])
    }

    /// Without its secrets.
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id, "productId": self.product, "name": self.name, "metadata": self.metadata, "status": "ready",
            "billingPlan": crate::plans::find(crate::plans::RESOURCE, &self.plan),
        })
    }
}

/// A name or secret that nobody can guess.
pub fn random() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Refusal::failed)?;
    Ok(hex::encode(bytes))
}
