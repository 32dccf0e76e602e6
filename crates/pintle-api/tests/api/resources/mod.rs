//! Resources of marketplace installations, through the wire: the partner's side and the team's.

mod actions;
mod asked;
mod auto;
mod claim;
mod connections;
mod inbound;
mod late;
mod order;
mod repl;
mod restrict;
mod secrets;
mod transfers;

use axum::http::Method;
use pintle_core::clock::MINUTE;
use pintle_core::marketplace::calls;
use pintle_testing::{Caller, Installed, Pintle};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A team with a project `site`, and a marketplace installation with the product `db`.
async fn world(pintle: &Pintle) -> (Caller, Installed) {
    let team = pintle.team("acme").await;
    team.project("site").await;
    let partner = team.install_native("acme-db").await;
    pintle.product(&partner, "db").await;
    (team, partner)
}

fn secret(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

async fn put(partner: &Installed, path: &str, body: Value) -> pintle_testing::Answer {
    partner.caller.request(Method::PUT, path, Some(body)).await
}

/// Connects a store to a project; answers the connection.
async fn connect(team: &Caller, store: &str, project: &str, more: Value) -> Value {
    let mut body = json!({ "projectId": project, "type": "integration" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    team.post(&format!("/v1/storage/stores/{store}/connections"), body).await.ok(201)
}

async fn store(team: &Caller, id: &str) -> Value {
    team.get(&format!("/v1/storage/stores/{id}")).await.ok(200)["store"].clone()
}

/// The variables of a project as `(key, value, targets)`, sorted.
async fn variables(team: &Caller, project: &str) -> Vec<(String, String, String)> {
    let listed = team.get(&format!("/v9/projects/{project}/env?decrypt=true")).await.ok(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let targets = |value: &Value| value.as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(" ");
    let envs = listed["envs"].as_array().unwrap().iter();
    let mut found: Vec<_> =
        envs.map(|env| (text(&env["key"]), text(&env["value"]), targets(&env["target"]))).collect();
    found.sort();
    found
}

fn variable(key: &str, value: &str, targets: &str) -> (String, String, String) {
    (key.to_owned(), value.to_owned(), targets.to_owned())
}

const EVERYWHERE: &str = "production preview development";

/// Lets time pass, and the background do what is due; answers how many calls it made.
async fn later(pintle: &Pintle, ms: i64) -> usize {
    pintle.clock.advance(ms);
    let mut made = 0;
    loop {
        let claimed = calls::claim(&pintle.core, &HashSet::new()).await.unwrap();
        if claimed.is_empty() || made > 20 {
            return made;
        }
        for call in claimed {
            calls::run_claimed(&pintle.core, &call).await.unwrap();
            made += 1;
        }
        pintle.clock.advance(MINUTE);
    }
}
