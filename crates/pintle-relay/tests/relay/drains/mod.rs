//! Drains that deliver, on both engines.

mod arrives;
mod before;
mod bounds;
mod health;
mod otlp;
mod reach;
mod syslog;

use crate::receiver::Receiver;
use pintle_core::ids::ProjectId;
use pintle_core::logs::{self, Kind, NewBatch};
use pintle_store::params;
use pintle_testing::{Caller, Pintle};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Logs lines of a project, as one batch; each is a number as its message.
async fn log(pintle: &Pintle, team: &Caller, project: &str, numbers: std::ops::Range<usize>) {
    log_with(pintle, team, project, numbers, json!({})).await;
}

async fn log_with(
    pintle: &Pintle,
    team: &Caller,
    project: &str,
    numbers: std::ops::Range<usize>,
    more: Value,
) {
    let lines: Vec<String> =
        numbers.clone().map(|number| line(project, number, &more).to_string() + "\n").collect();
    append(pintle, team, project, Kind::Log, numbers.len(), lines.concat().as_bytes()).await;
}

fn line(project: &str, number: usize, more: &Value) -> Value {
    let mut line = json!({
        "id": format!("1700000000000{number}"), "projectId": project, "deploymentId": "dpl_1", "source": "lambda",
        "host": "site.example.com", "timestamp": 1_700_000_000_000_i64 + number as i64, "level": "info",
        "environment": "production", "message": number.to_string(),
    });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

async fn append(pintle: &Pintle, team: &Caller, project: &str, kind: Kind, count: usize, body: &[u8]) {
    let batch = NewBatch::new(kind, count, BTreeSet::new(), body);
    let owner = team.team.as_ref().unwrap();
    logs::append(&pintle.core, owner, &ProjectId::from(project), vec![batch]).await.unwrap();
}

/// Makes a drain of all projects with this delivery, and other changes to the body.
async fn drain(team: &Caller, delivery: Value, changes: Value) -> Value {
    let mut body = json!({
        "name": "one", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery,
    });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    team.post("/v1/drains", body).await.ok(200)
}

fn http(receiver: &Receiver, encoding: &str) -> Value {
    json!({ "type": "http", "endpoint": receiver.url, "encoding": encoding, "headers": {} })
}

async fn reread(team: &Caller, drain: &Value) -> Value {
    team.get(&path(drain)).await.ok(200)
}

fn path(drain: &Value) -> String {
    format!("/v1/drains/{}", drain["id"].as_str().unwrap())
}

/// The numbers of the lines that arrived in JSON arrays that were answered, in the order of arrival.
fn numbers(receiver: &Receiver) -> Vec<usize> {
    let lines =
        receiver.received().into_iter().flat_map(|request| request.json().as_array().unwrap().clone());
    lines.map(|line| line["message"].as_str().unwrap().parse().unwrap()).collect()
}

/// Takes what is before a position out of the stream, as the limits do.
async fn take_before(pintle: &Pintle, team: &Caller, position: i64) {
    let owner = team.team.clone().unwrap();
    let taken = pintle.core.db.write(async move |tx| {
        let params = params![&owner, position];
        tx.execute("DELETE FROM log_batches WHERE owner_id = $1 AND position < $2", &params).await?;
        tx.execute("UPDATE log_streams SET tail = $2 WHERE owner_id = $1", &params).await?;
        Ok::<_, pintle_core::Error>(())
    });
    taken.await.unwrap();
}
