//! Deliveries, beside a bare loop: the same client, bodies and sink, and no store.

mod between;
mod logs;
mod runs;

use crate::report::{Goal, Report};
use crate::server::Server;
use crate::world::{self, World};
use crate::{Outcome, Plan, runtime};
use axum::body::Bytes;
pub use between::run as between;
use pintle_core::{Core, signature};
use pintle_egress::{Egress, Names, Policy, Request};
use pintle_relay::{Relay, Settings};
use runs::{Others, Runs};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use url::Url;

/// Events that wait when the relay starts.
const EVENTS: usize = 20_000;
/// Requests of the bare loop at a time; and of the relay to one target.
const IN_FLIGHT: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(30);

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    webhooks(plan, report)?;
    logs::measure(plan, report)
}

fn client() -> Egress {
    Egress::new(Policy { loopback: true, names: Names::Nobody, ..Policy::default() })
}

fn webhooks(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (sink, runtime) = (Server::sink()?, runtime()?);
    let others = Others { sink: &sink, server: None };
    let (mut ours, mut theirs) = (Runs::default(), Runs::default());
    for round in 0..plan.rounds {
        let data = folder.path().join(round.to_string());
        let body = runtime.block_on(waiting(&data, &sink.url))?;
        let core = runtime.block_on(world::open(&data))?;
        ours.run(EVENTS, &others, || runtime.block_on(relayed(&core)))?;
        runtime.block_on(all_delivered(&core))?;
        theirs.run(EVENTS, &others, || runtime.block_on(bare(&sink.url, body)))?;
    }
    report.figure("webhooks, bare loop", theirs.told());
    report.figure("webhooks, from the committed event to the recorded answer", ours.told());
    compare(report, "webhooks", &ours, &theirs);
    Ok(())
}

/// The goal is for two processors with nothing else to do. Where others are at work too, the rates say little, and the processor time
/// says what they would be.
fn compare(report: &mut Report, what: &str, ours: &Runs, theirs: &Runs) {
    let (by_clock, by_processor) = ours.of(theirs);
    report.number(format!("{what}, of the bare loop"), by_clock, "", Goal::AtLeast(0.5));
    report.figure(format!("{what}, of the bare loop by processor time"), format!("{by_processor:.2}"));
}

/// A folder in which so many events wait for one webhook; answers one of the bodies.
async fn waiting(data: &Path, sink: &str) -> Outcome<String> {
    let world = World::new(data).await?;
    let team = world.team("acme").await?;
    team.ask("POST", "/v1/webhooks", json!({ "url": sink, "events": ["project.renamed"] })).await?;
    let project = team.project("site").await?;
    let path = format!("/v9/projects/{project}");
    let mut renaming = tokio::task::JoinSet::new();
    // One project is renamed again and again: that is an event and hardly a row.
    for number in 0..EVENTS {
        let (team, path) = (team.clone(), path.clone());
        renaming.spawn(async move {
            let renamed = team.ask("PATCH", &path, json!({ "name": format!("site-{number}") })).await;
            renamed.map(drop)
        });
        if renaming.len() >= 256
            && let Some(done) = renaming.join_next().await
        {
            done??;
        }
    }
    while let Some(done) = renaming.join_next().await {
        done??;
    }
    let conn = team.api.core().db.read().await?;
    let (body,) = conn.one::<(String,)>("SELECT body FROM delivery_contents LIMIT 1", &[]).await?;
    Ok(body)
}

/// A relay from its start to the record of the last answer.
async fn relayed(core: &Core) -> Outcome<()> {
    let _relay = Relay::start(core, Settings { timeout: TIMEOUT }).await?;
    while some_left(core).await? {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn all_delivered(core: &Core) -> Outcome<()> {
    let sql = "SELECT COUNT(*) FROM deliveries WHERE state = 'delivered'";
    let (delivered,): (i64,) = core.db.read().await?.one(sql, &[]).await?;
    match delivered {
        count if count == EVENTS as i64 => Ok(()),
        count => Err(format!("{count} of {EVENTS} were delivered").into()),
    }
}

async fn some_left(core: &Core) -> Outcome<bool> {
    let sql = "SELECT 1 FROM deliveries WHERE kind = 'webhook' AND due_at IS NOT NULL LIMIT 1";
    Ok(core.db.read().await?.opt::<(i64,)>(sql, &[]).await?.is_some())
}

/// Posts the same body as often, signed each time.
async fn bare(sink: &str, body: String) -> Outcome<()> {
    let (client, url) = (client(), Url::parse(sink)?);
    let (body, next) = (Arc::new(body), Arc::new(AtomicUsize::new(0)));
    let mut loops = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (client, url, body, next) = (client.clone(), url.clone(), body.clone(), next.clone());
        loops.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < EVENTS {
                let signature = signature::sign("a-secret-of-24-characters", body.as_bytes())?;
                post(&client, &url, body.as_bytes().to_vec(), &[(signature::HEADER, &signature)]).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = loops.join_next().await {
        done??;
    }
    Ok(())
}

/// A post that must succeed.
async fn post(client: &Egress, url: &Url, body: impl Into<Bytes>, headers: &[(&str, &str)]) -> Outcome<()> {
    let mut request = axum::http::HeaderMap::new();
    for (name, value) in headers {
        request.insert(axum::http::HeaderName::try_from(*name)?, value.parse()?);
    }
    let method = axum::http::Method::POST;
    let request = Request { method, url: url.clone(), headers: request, body: body.into(), timeout: TIMEOUT };
    let answer = client.send(request).await?;
    match answer.status {
        200..300 => Ok(()),
        status => Err(format!("{url} answered {status}: {}", String::from_utf8_lossy(&answer.body)).into()),
    }
}
