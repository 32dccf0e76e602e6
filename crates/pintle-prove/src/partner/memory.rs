//! What the partner knows, and what a good partner does (semantics.md 4.3).

use super::Asked;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

#[derive(Default, Clone)]
pub struct Memory {
    pub installations: BTreeMap<String, Installation>,
    /// What was answered, by idempotency key.
    answered: HashMap<String, (u16, Value)>,
    /// Which resources of which installation somebody may take, by the claim.
    pub claims: BTreeMap<String, (String, Vec<String>)>,
    /// Resources ever made: none has the id of another.
    made: usize,
    /// A removal leaves something to settle.
    pub keeps_bills: bool,
}

/// An account of a Pintle's.
#[derive(Debug, Default, Clone)]
pub struct Installation {
    /// The access token to call Pintle with.
    pub token: String,
    pub plan: Option<String>,
    /// How often it has handed out credits.
    pub credits: usize,
    /// By its id.
    pub resources: BTreeMap<String, Resource>,
    /// Pintle has told of the removal.
    pub gone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub name: String,
    pub plan: Option<String>,
    /// How often its secrets were made.
    pub generation: usize,
    /// It exists beside the installation, whatever becomes of that.
    pub linked: bool,
}

/// The secrets of a resource: which it is and how new they are stands in each.
pub fn secrets(id: &str, generation: usize) -> Value {
    let value = |what: &str| format!("{}{what}/{id}/{generation}", crate::SECRET);
    json!([{ "name": "DATABASE_URL", "value": value("db") }, { "name": "API_KEY", "value": value("key") }])
}

impl Memory {
    /// The installations that it serves.
    pub fn served(&self) -> impl Iterator<Item = (&String, &Installation)> {
        self.installations.iter().filter(|(_, installation)| !installation.gone)
    }

    /// A resource that the partner makes by itself, to import it.
    pub fn add(&mut self, installation: &str, name: &str, linked: bool) -> String {
        let id = self.new_id();
        let resource = Resource { name: name.to_owned(), plan: None, generation: 1, linked };
        if let Some(installation) = self.installations.get_mut(installation) {
            installation.resources.insert(id.clone(), resource);
        }
        id
    }

    /// Everything of an installation is gone, whatever Pintle told.
    pub fn forget(&mut self, installation: &str) {
        if let Some(known) = self.installations.get_mut(installation) {
            known.resources.clear();
            known.gone = true;
        }
    }

    fn new_id(&mut self) -> String {
        self.made += 1;
        format!("res_{}", self.made)
    }

    pub fn resource(&mut self, installation: &str, id: &str) -> Option<&mut Resource> {
        self.installations.get_mut(installation)?.resources.get_mut(id)
    }

    /// The same key a second time does nothing, and gets the same answer.
    pub(super) fn act(&mut self, asked: &Asked) -> (u16, Value) {
        if let Some(answer) = asked.key.as_ref().and_then(|key| self.answered.get(key)) {
            return answer.clone();
        }
        let answer = self.answer(asked);
        if let Some(key) = asked.key.clone().filter(|_| answer.0 < 300) {
            self.answered.insert(key, answer.clone());
        }
        answer
    }

    fn answer(&mut self, asked: &Asked) -> (u16, Value) {
        let segments: Vec<&str> = asked.path.trim_start_matches("/v1/").split('/').collect();
        let body = &asked.body;
        match (&asked.method, segments.as_slice()) {
            // It has any plan for an installation, and lists none.
            (&Method::GET, ["installations", _, "plans"]) => not_found(),
            (&Method::GET, [.., "plans"]) => (200, json!({ "plans": [plan("free"), plan("pro")] })),
            (&Method::PUT, ["installations", id]) => self.install(id, body),
            (method, ["installations", id, rest @ ..]) => {
                if self.installations.get(*id).is_none_or(|known| known.gone) {
                    return not_found();
                }
                match (method, rest) {
                    (&Method::GET, []) => self.shown(id),
                    (&Method::POST, ["billing", "provision"]) => self.hand_out(id),
                    (&Method::PATCH, []) => self.change_plan(id, body),
                    (&Method::DELETE, []) => self.uninstall(id, body),
                    (&Method::POST, ["resource-transfer-requests"]) => self.offer(id, body),
                    (&Method::GET, ["resource-transfer-requests", _, "verify"]) => (200, Value::Null),
                    (&Method::POST, ["resource-transfer-requests", claim, "accept"]) => {
                        self.accept(id, claim)
                    }
                    (&Method::POST, ["resources"]) => self.provision(id, body),
                    (method, ["resources", resource, rest @ ..]) => {
                        self.change(method, id, resource, rest, body)
                    }
                    _ => not_found(),
                }
            }
            _ => not_found(),
        }
    }

    fn install(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let token = text(&body["credentials"]["access_token"]).unwrap_or_default();
        let known = self.installations.entry(id.to_owned()).or_default();
        (known.token, known.gone) = (token, false);
        (201, json!({}))
    }

    fn shown(&self, id: &str) -> (u16, Value) {
        let plan = self.installations.get(id).and_then(|known| known.plan.as_deref());
        (200, json!({ "billingPlan": self::plan(plan.unwrap_or("free")) }))
    }

    fn offer(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let resources = body["resourceIds"].as_array().into_iter().flatten().filter_map(text).collect();
        let claim = format!("claim_{}", self.claims.len() + 1);
        self.claims.insert(claim.clone(), (id.to_owned(), resources));
        (200, json!({ "providerClaimId": claim }))
    }

    fn accept(&mut self, id: &str, claim: &str) -> (u16, Value) {
        let Some((from, resources)) = self.claims.get(claim).cloned() else { return not_found() };
        for resource in resources {
            let moved = self.installations.get_mut(&from).and_then(|known| known.resources.remove(&resource));
            if let (Some(moved), Some(known)) = (moved, self.installations.get_mut(id)) {
                known.resources.insert(resource, moved);
            }
        }
        (204, Value::Null)
    }

    fn hand_out(&mut self, id: &str) -> (u16, Value) {
        if let Some(known) = self.installations.get_mut(id) {
            known.credits += 1;
        }
        (200, json!({ "timestamp": "2026-01-01T00:00:00.000Z", "balances": [] }))
    }

    fn change_plan(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let plan = text(&body["billingPlanId"]);
        if let Some(known) = self.installations.get_mut(id) {
            known.plan = plan.clone();
        }
        (200, json!({ "billingPlan": self::plan(&plan.unwrap_or_default()) }))
    }

    fn uninstall(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let Some(known) = self.installations.get_mut(id) else { return not_found() };
        if body["cascadeResourceDeletion"] == true {
            known.resources.retain(|_, resource| resource.linked);
        }
        known.gone = true;
        (200, json!({ "finalized": !self.keeps_bills }))
    }

    fn provision(&mut self, installation: &str, body: &Value) -> (u16, Value) {
        let id = self.new_id();
        let (name, plan) = (text(&body["name"]).unwrap_or_default(), text(&body["billingPlanId"]));
        let answer = json!({
            "id": id, "productId": body["productId"], "name": name, "metadata": body["metadata"], "status": "ready",
            "billingPlan": self::plan(plan.as_deref().unwrap_or("free")), "secrets": secrets(&id, 1),
        });
        let resource = Resource { name, plan, generation: 1, linked: false };
        if let Some(known) = self.installations.get_mut(installation) {
            known.resources.insert(id, resource);
        }
        (201, answer)
    }

    fn change(
        &mut self,
        method: &Method,
        installation: &str,
        id: &str,
        rest: &[&str],
        body: &Value,
    ) -> (u16, Value) {
        let Some(resource) = self.resource(installation, id) else { return not_found() };
        match (method, rest) {
            (&Method::GET, []) => {
                let plan = plan(resource.plan.as_deref().unwrap_or("free"));
                (200, json!({ "id": id, "name": resource.name, "status": "ready", "billingPlan": plan }))
            }
            (&Method::PATCH, []) => {
                if let Some(name) = text(&body["name"]) {
                    resource.name = name;
                }
                (200, json!({ "id": id, "name": resource.name, "status": "ready" }))
            }
            (&Method::POST, ["repl"]) => (200, json!([{ "type": "paragraph", "text": "said" }])),
            (&Method::POST, ["secrets", "rotate"]) => {
                resource.generation += 1;
                (200, json!({ "sync": true, "secrets": secrets(id, resource.generation) }))
            }
            (&Method::DELETE, []) => {
                if let Some(known) = self.installations.get_mut(installation) {
                    known.resources.remove(id);
                }
                (204, Value::Null)
            }
            _ => not_found(),
        }
    }
}

fn plan(id: &str) -> Value {
    json!({
        "id": id, "type": "subscription", "scope": "resource", "name": id, "description": "A plan",
        "paymentMethodRequired": id != "free",
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn not_found() -> (u16, Value) {
    (404, json!({ "error": { "code": "not_found", "message": "There is nothing here" } }))
}
