//! Group `drains`, through the wire.

mod create;
mod reach;
mod update;

use pintle_core::page::Page;
use pintle_core::{Scope, events};
use pintle_testing::{Caller, Pintle};
use serde_json::{Value, json};
fn http(endpoint: &str) -> Value {
    json!({ "type": "http", "endpoint": endpoint, "encoding": "json", "headers": {} })
}

fn drain(name: &str) -> Value {
    json!({
        "name": name, "projects": "all", "schemas": { "log": { "version": "v1" } },
        "delivery": http("https://example.com/logs"),
    })
}

/// The same body with some keys changed; `null` takes one out.
fn with(mut body: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(key)),
            value => body[key] = value.clone(),
        }
    }
    body
}

/// A record as a later read shows it: without its signing secret.
fn without_secret(mut record: Value) -> Value {
    record["delivery"].as_object_mut().unwrap().remove("secret");
    record
}

async fn event_types(pintle: &Pintle, caller: &Caller) -> Vec<String> {
    let scope = Scope::system(caller.team.clone().unwrap(), false);
    let page = Page::new(None, None, None).unwrap();
    let (events, _) = events::list(&pintle.core, &scope, events::Filter::default(), page).await.unwrap();
    let kinds = events.iter().map(|event| event["type"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind.contains("drain")).collect()
}
