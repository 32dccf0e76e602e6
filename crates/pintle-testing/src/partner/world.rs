//! What a good partner knows, and how it answers (semantics.md 4.3).

use super::Asked;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Default)]
pub(super) struct World {
    pub(super) installations: BTreeSet<String>,
    pub(super) resources: BTreeMap<String, Value>,
    /// A removal leaves something to settle.
    pub(super) keeps_bills: bool,
    /// What was answered, by idempotency key.
    answered: HashMap<String, (u16, Value)>,
    made: usize,
    rotated: usize,
    /// The resources that somebody may accept, by claim.
    claims: BTreeMap<String, Value>,
}

impl World {
    /// The same key a second time does nothing, and gets the same answer.
    pub(super) fn act(&mut self, asked: &Asked) -> (u16, Value) {
        let key = asked.header("idempotency-key").to_owned();
        if let Some(answer) = self.answered.get(&key) {
            return answer.clone();
        }
        let answer = self.answer(asked);
        if !key.is_empty() && answer.0 < 300 {
            self.answered.insert(key, answer.clone());
        }
        answer
    }

    fn answer(&mut self, asked: &Asked) -> (u16, Value) {
        let path = asked.path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let [group, id, rest @ ..] = segments.as_slice() else { return not_found() };
        match (*group, asked.method.as_str(), rest) {
            ("products", "GET", ["plans"]) => (200, plans()),
            ("installations", "PUT", []) => {
                self.installations.insert((*id).to_owned());
                (201, json!({}))
            }
            ("installations", _, _) if !self.installations.contains(*id) => not_found(),
            ("installations", "GET", []) => (200, json!({})),
            ("installations", "PATCH", []) => {
                (200, json!({ "billingPlan": plan(&asked.body["billingPlanId"]) }))
            }
            ("installations", "DELETE", []) => self.uninstall(id, &asked.body),
            ("installations", "GET", ["plans"] | ["resources", _, "plans"]) => (200, plans()),
            ("installations", "POST", ["resources"]) => self.provision(id, &asked.body),
            ("installations", "POST", ["billing", "provision"]) => {
                (200, json!({ "timestamp": "2026-01-01T00:00:00.000Z", "balances": [] }))
            }
            ("installations", "POST", ["resource-transfer-requests"]) => {
                let claim = format!("claim-{}", self.claims.len() + 1);
                self.claims.insert(claim.clone(), asked.body["resourceIds"].clone());
                (200, json!({ "providerClaimId": claim }))
            }
            ("installations", method, ["resource-transfer-requests", claim, what]) => {
                self.claim(id, method, claim, what)
            }
            ("installations", method, ["resources", resource, rest @ ..]) => {
                self.resource(method, resource, rest, &asked.body)
            }
            _ => not_found(),
        }
    }

    /// Whether an installation may have what was offered, or that it takes it.
    fn claim(&mut self, installation: &str, method: &str, claim: &str, what: &str) -> (u16, Value) {
        let Some(offered) = self.claims.get(claim) else { return not_found() };
        match (method, what) {
            ("GET", "verify") => (200, Value::Null),
            ("POST", "accept") => {
                for id in offered.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if let Some(resource) = self.resources.get_mut(id) {
                        resource["installationId"] = json!(installation);
                    }
                }
                (204, Value::Null)
            }
            _ => not_found(),
        }
    }

    fn uninstall(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let own = |resource: &Value| resource["installationId"] == id;
        if body["cascadeResourceDeletion"] != true && self.resources.values().any(own) {
            return (409, json!({ "error": { "code": "conflict", "message": "There are resources" } }));
        }
        self.resources.retain(|_, resource| !own(resource));
        self.installations.remove(id);
        (200, json!({ "finalized": !self.keeps_bills }))
    }

    fn provision(&mut self, installation: &str, body: &Value) -> (u16, Value) {
        self.made += 1;
        let id = format!("res_{}", self.made);
        let resource = json!({
            "id": id, "installationId": installation, "productId": body["productId"], "name": body["name"],
            "metadata": body["metadata"], "status": "ready", "billingPlan": plan(&body["billingPlanId"]),
        });
        self.resources.insert(id.clone(), resource.clone());
        (201, with_secrets(resource, &id, 0))
    }

    fn resource(&mut self, method: &str, id: &str, rest: &[&str], body: &Value) -> (u16, Value) {
        let Some(resource) = self.resources.get_mut(id) else { return not_found() };
        match (method, rest) {
            ("GET", []) => (200, resource.clone()),
            ("PATCH", []) => {
                for key in ["name", "metadata", "status"] {
                    if !body[key].is_null() {
                        resource[key] = body[key].clone();
                    }
                }
                if !body["billingPlanId"].is_null() {
                    resource["billingPlan"] = plan(&body["billingPlanId"]);
                }
                (200, resource.clone())
            }
            ("DELETE", []) => {
                self.resources.remove(id);
                (204, Value::Null)
            }
            ("POST", ["repl"]) => (200, json!([{ "type": "paragraph", "text": body["input"] }])),
            ("POST", ["secrets", "rotate"]) => {
                self.rotated += 1;
                (200, with_secrets(json!({ "sync": true }), id, self.rotated))
            }
            _ => not_found(),
        }
    }
}

/// Two secrets, which the resource's id and the number of rotations tell apart.
fn with_secrets(mut body: Value, id: &str, rotation: usize) -> Value {
    body["secrets"] = json!([
        { "name": "DATABASE_URL", "value": format!("db://{id}/{rotation}") },
        { "name": "API_KEY", "value": format!("key-of-{id}-{rotation}") },
    ]);
    body
}

fn plans() -> Value {
    json!({ "plans": [plan(&json!("free")), plan(&json!("pro"))] })
}

fn plan(id: &Value) -> Value {
    let id = id.as_str().unwrap_or("free");
    json!({
        "id": id, "type": "subscription", "scope": "resource", "name": id, "description": format!("The plan {id}"),
        "paymentMethodRequired": id != "free",
    })
}

fn not_found() -> (u16, Value) {
    (404, json!({ "error": { "code": "not_found", "message": "There is nothing here" } }))
}
