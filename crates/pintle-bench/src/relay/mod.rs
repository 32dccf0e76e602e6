//! Deliveries, beside a bare loop: the same client, bodies and sink, and no store.

mod logs;

use crate::report::{Goal, Report};
use crate::server::Server;
use crate::world::{self, World};
use crate::{Outcome, Plan, median, runtime};
use pintle_core::{Core, signature};
use pintle_egress::{Egress, Names, Policy, Request};
use pintle_relay::{Relay, Settings};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// Events that wait when the relay starts.
const EVENTS: usize = 20_000;
/// Requests of the bare loop at a time; and of the relay to one target.
const IN_FLIGHT: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(30);

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    if std::env::var_os("LOGS").is_none() {
        webhooks(plan, report)?;
    }
    logs::measure(plan, report)
}

fn client() -> Egress {
    Egress::new(Policy { loopback: true, names: Names::Nobody, ..Policy::default() })
}

fn webhooks(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let sink = Server::sink()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let data = folder.path().join(round.to_string());
        let body = runtime()?.block_on(waiting(&data, &sink.url))?;
        ours.push(runtime()?.block_on(relayed(&data))?);
        theirs.push(runtime()?.block_on(bare(&sink.url, body))?);
    }
    let ratio = median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs));
    report.figure("webhooks, bare loop", format!("{:.0}/s", median(theirs)));
    report.figure(
        "webhooks, from the committed event to the recorded answer",
        format!("{:.0}/s", median(ours)),
    );
    report.number("webhooks, of the bare loop", ratio, "", Goal::AtLeast(0.5));
    Ok(())
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

/// Deliveries a second, from the start of a relay to the record of the last answer.
async fn relayed(data: &Path) -> Outcome<f64> {
    let core = world::open(data).await?;
    let count = left(&core).await?;
    let began = Instant::now();
    let relay = Relay::start(&core, Settings { timeout: TIMEOUT }).await?;
    while some_left(&core).await? {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    drop(relay);
    let conn = core.db.read().await?;
    let sql = "SELECT COUNT(*) FROM deliveries WHERE state = 'delivered'";
    let (delivered,): (i64,) = conn.one(sql, &[]).await?;
    if delivered != count {
        return Err(format!("{delivered} of {count} were delivered").into());
    }
    Ok(rate)
}

async fn left(core: &Core) -> Outcome<i64> {
    let sql = "SELECT COUNT(*) FROM deliveries WHERE kind = 'webhook' AND due_at IS NOT NULL";
    Ok(core.db.read().await?.one::<(i64,)>(sql, &[]).await?.0)
}

async fn some_left(core: &Core) -> Outcome<bool> {
    let sql = "SELECT 1 FROM deliveries WHERE kind = 'webhook' AND due_at IS NOT NULL LIMIT 1";
    Ok(core.db.read().await?.opt::<(i64,)>(sql, &[]).await?.is_some())
}

/// Posts a second, of the same body, signed each time.
async fn bare(sink: &str, body: String) -> Outcome<f64> {
    let (client, url) = (client(), Url::parse(sink)?);
    let (body, next) = (Arc::new(body), Arc::new(AtomicUsize::new(0)));
    let mut loops = tokio::task::JoinSet::new();
    let began = Instant::now();
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
    Ok(EVENTS as f64 / began.elapsed().as_secs_f64())
}

/// A post that must succeed.
async fn post(client: &Egress, url: &Url, body: Vec<u8>, headers: &[(&str, &str)]) -> Outcome<()> {
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
