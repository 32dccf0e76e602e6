//! Deliveries to receivers that behave and to some that do not, on both engines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is a test's own code")]

mod arrives;
mod documented;
mod drains;
mod faults;
mod finish;
mod misbehaving;
mod partners;
mod receiver;
mod signature;
mod subscribers;
mod verify;
mod watching;

use pintle_relay::{Relay, Settings};
use pintle_testing::{Caller, Pintle};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Starts delivering; an exchange may take half a second.
async fn relay(pintle: &Pintle) -> Relay {
    let settings = Settings { timeout: Duration::from_millis(500) };
    Relay::start(&pintle.core, settings).await.expect("a relay")
}

/// Subscribes a URL to project.created.
async fn subscribe(team: &Caller, url: &str) -> Value {
    team.post("/v1/webhooks", json!({ "url": url, "events": ["project.created"] })).await.ok(200)
}

async fn deliveries(team: &Caller, filter: &str) -> Vec<Value> {
    let answer = team.get(&format!("/pintle/v1/deliveries?limit=100&{filter}")).await.ok(200);
    answer["deliveries"].as_array().expect("a list").clone()
}

async fn delivery(team: &Caller, id: &Value) -> Value {
    team.get(&format!("/pintle/v1/deliveries/{}", id.as_str().expect("an id"))).await.ok(200)
}

/// Waits until it is so.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !so().await {
        assert!(began.elapsed() < Duration::from_secs(20), "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
