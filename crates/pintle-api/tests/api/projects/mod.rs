//! Projects, through the wire.

mod access;
mod bypasses;
mod client_certs;
mod create;
mod delete;
mod domains;
mod git;
mod list;
mod shown;
mod state;
mod transfers;
mod update;

use pintle_testing::Pintle;
use serde_json::{Value, json};

/// How many events tell of this audit type or webhook event.
async fn events(pintle: &Pintle, name: &str) -> usize {
    let rows = pintle.core.db.rows("events").await.expect("the events");
    rows.iter().filter(|row| row.contains(name)).count()
}

/// Runs a statement that no operation of the API has yet.
async fn run(pintle: &Pintle, sql: String) {
    let changed = pintle.core.db.write(async move |tx| tx.execute(&sql, &[]).await).await;
    assert_eq!(changed.expect("a statement that runs"), 1);
}

/// A body with more fields.
fn with(mut body: Value, more: Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    body
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}
