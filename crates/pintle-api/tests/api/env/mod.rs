//! Environment variables, through the wire.

mod access;
mod create;
mod edit;
mod list;
mod remove;

use pintle_testing::{Caller, Pintle};
use serde_json::{Value, json};

/// A body with what a test does not care about filled in.
fn variable(key: &str, targets: &[&str]) -> Value {
    json!({ "key": key, "value": format!("value of {key}"), "type": "encrypted", "target": targets })
}

/// The same with other fields beside or instead.
fn with(mut body: Value, more: Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    body
}

/// Creates a variable of `site` and answers its id.
async fn create(caller: &Caller, body: Value) -> String {
    let made = caller.post("/v10/projects/site/env", body).await.ok(201);
    made["created"]["id"].as_str().expect("an id").to_owned()
}

/// A new custom environment of `site`: its id.
async fn environment(caller: &Caller, slug: &str) -> String {
    let made = caller.post("/v9/projects/site/custom-environments", json!({ "slug": slug })).await.ok(201);
    made["id"].as_str().expect("an id").to_owned()
}

/// The decrypted variables of `site` as `(key, value)`, sorted.
async fn values(caller: &Caller) -> Vec<(String, String)> {
    let listed = caller.get("/v10/projects/site/env?decrypt=true").await.ok(200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let envs = listed["envs"].as_array().expect("a list");
    let mut values: Vec<_> = envs.iter().map(|env| (text(&env["key"]), text(&env["value"]))).collect();
    values.sort();
    values
}

/// The keys of a list's answer, in its order.
fn keys(listed: &Value) -> Vec<&str> {
    listed["envs"].as_array().expect("a list").iter().map(|env| env["key"].as_str().expect("a key")).collect()
}

/// Runs a statement that no operation of the API has yet.
async fn run(pintle: &Pintle, sql: String) {
    let changed = pintle.core.db.write(async move |tx| tx.execute(&sql, &[]).await).await;
    assert_eq!(changed.expect("a statement that runs"), 1);
}
