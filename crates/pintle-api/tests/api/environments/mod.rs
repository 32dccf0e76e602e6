//! Shared variables, custom environments, and what a deployment gets of all of it.

mod custom;
mod linked;
mod precedence;
mod pull;
mod shared;

use pintle_testing::Caller;
use serde_json::{Value, json};

const CUSTOM: &str = "/v9/projects/site/custom-environments";

/// A new custom environment of `site`: its id.
async fn environment(caller: &Caller, body: Value) -> String {
    text(&caller.post(CUSTOM, body).await.ok(201)["id"])
}

/// A new variable of `site`: its id.
async fn own(caller: &Caller, key: &str, value: &str, more: Value) -> String {
    let mut body = json!({ "key": key, "value": value, "type": "encrypted" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    text(&caller.post("/v10/projects/site/env", body).await.ok(201)["created"]["id"])
}

/// A body for one shared variable.
fn sharing(key: &str, value: &str, targets: &[&str], projects: &[&str]) -> Value {
    json!({ "evs": [{ "key": key, "value": value }], "target": targets, "projectId": projects })
}

/// A new shared variable.
async fn share(caller: &Caller, body: Value) -> Value {
    caller.post("/v1/env", body).await.ok(201)["created"][0].clone()
}

/// What `site` gets in an environment, as `KEY=value`.
async fn pulled(caller: &Caller, environment: &str) -> Vec<String> {
    let pulled = caller.get(&format!("/v3/env/pull/site/{environment}")).await.ok(200);
    assert_eq!(pulled["env"], pulled["buildEnv"]);
    let env = pulled["env"].as_object().unwrap().iter();
    env.map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The keys of listed variables.
fn keys(listed: &Value) -> Vec<&str> {
    listed.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect()
}
