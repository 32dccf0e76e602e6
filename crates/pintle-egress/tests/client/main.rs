//! The guarded client against servers that misbehave, names that lie, and its own rules.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod exchange;
mod guard;
mod names;
mod server;
mod tls;

use bytes::Bytes;
use http::{HeaderMap, Method};
use pintle_egress::{Egress, Names, Policy, Request};
use std::time::Duration;

/// Reaches this machine, and asks nobody for names.
fn local() -> Egress {
    Egress::new(Policy { loopback: true, names: Names::Nobody, ..Policy::default() })
}

fn post(url: &str, body: &'static str) -> Request {
    Request {
        method: Method::POST,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
        timeout: Duration::from_secs(5),
    }
}
