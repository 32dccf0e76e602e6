//! Log lines, from the ingest of a running server to the sink; and a sink that is down for a while.

use super::runs::{Others, Runs};
use super::{client, compare, post};
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::world::{self, Team, World};
use crate::{Outcome, Plan, runtime};
use pintle_core::clock::Clock;
use pintle_core::signature;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use url::Url;

/// Batches of a run.
const BATCHES: usize = 400;
const LINES: usize = 1_000;
/// Posted at a time: a batch is answered when it is on disk, and more of them share one write.
const POSTERS: usize = 8;
/// Batches a second while the sink is down.
const STEADY: u64 = 20;

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let sink = Server::sink()?;
    let prepared = runtime()?.block_on(prepare(&folder.path().join("data"), &sink.url))?;
    let body = Arc::new(lines(&prepared.project));
    let server = Server::pintle_with(&prepared.data, &["--allow-egress", "127.0.0.0/8"])?;
    let ingest = format!("{}/pintle/v1/logs", server.url);
    let between = Server::between(&sink)?;
    let [mut ours, mut in_order, mut at_once, mut passed_on]: [Runs; 4] = Default::default();
    let pour =
        |url: &str, posters, signed| runtime()?.block_on(pour(url, &prepared.key, &body, posters, signed));
    for _ in 0..plan.rounds {
        ours.run(BATCHES, &Others { sink: &sink, server: Some(&server) }, || {
            let before = count(&sink)?;
            pour(&ingest, POSTERS, false)?;
            arrived(&sink, before + (BATCHES * LINES) as u64)
        })?;
        let others = Others { sink: &sink, server: None };
        in_order.run(BATCHES, &others, || pour(&sink.url, 1, true))?;
        at_once.run(BATCHES, &others, || pour(&sink.url, POSTERS, true))?;
        let others = Others { sink: &sink, server: Some(&between) };
        passed_on.run(BATCHES, &others, || pour(&between.url, POSTERS, false))?;
    }
    report.figure("batches of 1,000 log lines, bare loop", in_order.told());
    report.figure("batches of 1,000 log lines, from ingest to sink", ours.told());
    compare(report, "log lines", &ours, &in_order);
    report.figure(format!("the same, bare loop with {POSTERS} at a time"), at_once.told());
    report.figure(format!("the same, passed on by a server with {POSTERS} at a time"), passed_on.told());
    for (what, runs) in [("log lines", &ours), ("log lines that are only passed on", &passed_on)] {
        let (by_clock, by_processor) = runs.of(&at_once);
        let of = format!("{by_clock:.2}; by processor time {by_processor:.2}");
        report.figure(format!("{what}, of the bare loop with {POSTERS} at a time"), of);
    }
    outage(plan, report, &server, &sink, &prepared, &body)
}

/// The sink is down for a while, and catches up.
fn outage(
    plan: &Plan,
    report: &mut Report,
    server: &Server,
    sink: &Server,
    prepared: &Prepared,
    body: &Arc<Vec<u8>>,
) -> Outcome<()> {
    let before = (count(sink)?, server.resident()?);
    sink.succeed("GET", "/down", "", "")?;
    let (began, mut sent, mut peak) = (Instant::now(), 0, before.1);
    let ingest = format!("{}/pintle/v1/logs", server.url);
    let runtime = runtime()?;
    let client = client();
    while began.elapsed() < Duration::from_secs(plan.outage) {
        let authorization = format!("Bearer {}", prepared.key);
        let headers = [("authorization", authorization.as_str())];
        runtime.block_on(post(&client, &Url::parse(&ingest)?, body.to_vec(), &headers))?;
        sent += LINES as u64;
        peak = f64::max(peak, server.resident()?);
        let next = Duration::from_millis(sent / LINES as u64 * 1_000 / STEADY);
        runtime.block_on(pause(next.saturating_sub(began.elapsed())));
    }
    sink.succeed("GET", "/up", "", "")?;
    let began = Instant::now();
    while count(sink)? < before.0 + sent {
        peak = f64::max(peak, server.resident()?);
        runtime.block_on(pause(Duration::from_millis(20)));
        if began.elapsed() > Duration::from_secs(600) {
            return Err("the sink never caught up".into());
        }
    }
    let caught_up = began.elapsed().as_secs_f64();
    let what = format!("a sink down for {} s, {sent} lines meanwhile", plan.outage);
    report.figure(format!("{what}: caught up after"), format!("{caught_up:.1} s"));
    report.figure(format!("{what}: memory before"), format!("{:.0} MiB", before.1));
    report.number(format!("{what}: memory at its peak"), peak, " MiB", Goal::AtMost(before.1 + 64.0));
    Ok(())
}

async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

struct Prepared {
    data: std::path::PathBuf,
    project: String,
    key: String,
}

/// A project with a key to feed its logs, and a drain of everything to the sink.
async fn prepare(data: &Path, sink: &str) -> Outcome<Prepared> {
    let world = World::new(data).await?;
    let team = world.team("acme").await?;
    let project = team.project("site").await?;
    let key = key(&team, &project).await?;
    let delivery = json!({ "type": "http", "endpoint": sink, "encoding": "ndjson", "headers": {} });
    let drain = json!({
        "name": "sink", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery,
    });
    team.ask("POST", "/v1/drains", drain).await?;
    Ok(Prepared { data: data.to_owned(), project, key })
}

async fn key(team: &Team, project: &str) -> Outcome<String> {
    let path = format!("/pintle/v1/projects/{project}/log-keys");
    let made = team.ask("POST", &path, json!({ "name": "bench" })).await?;
    Ok(world::text(&made["logKey"]))
}

/// A batch as a platform sends them: whole lines of the schema, one for each request of an application.
fn lines(project: &str) -> Vec<u8> {
    let now = Clock::default().now();
    let line = |number: usize| {
        let path = format!("/api/items/{}", number % 97);
        json!({
            "id": format!("{now}{number:016}"), "deploymentId": "dpl_89qyp1cskzkLrVicDaZoDbjyHuDJ",
            "source": "lambda", "host": "site.example.com", "timestamp": now, "projectId": project,
            "level": "info", "message": format!("GET {path} 200 in {} ms", number % 300),
            "path": path, "statusCode": 200, "environment": "production", "branch": "main",
            "requestId": format!("cdg1::iad1::{number:08x}"), "type": "stdout",
            "proxy": {
                "timestamp": now, "method": "GET", "host": "site.example.com", "path": path,
                "userAgent": ["Mozilla/5.0"], "region": "iad1", "statusCode": 200,
            },
        })
    };
    (0..LINES).map(|number| line(number).to_string() + "\n").collect::<String>().into_bytes()
}

/// Posts the batches, so many at a time; signed as a drain's requests are, or not.
async fn pour(url: &str, key: &str, body: &Arc<Vec<u8>>, posters: usize, signed: bool) -> Outcome<()> {
    let (client, url) = (client(), Url::parse(url)?);
    let next = Arc::new(AtomicUsize::new(0));
    let mut posting = tokio::task::JoinSet::new();
    for _ in 0..posters {
        let (client, url, body, next) = (client.clone(), url.clone(), body.clone(), next.clone());
        let authorization = format!("Bearer {key}");
        posting.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < BATCHES {
                let signature = if signed { signature::sign("a-secret", &body)? } else { String::new() };
                let headers = [("authorization", authorization.as_str()), (signature::HEADER, &signature)];
                post(&client, &url, body.to_vec(), &headers).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = posting.join_next().await {
        done??;
    }
    Ok(())
}

fn count(sink: &Server) -> Outcome<u64> {
    Ok(sink.succeed("GET", "/lines", "", "")?.body.parse()?)
}

fn arrived(sink: &Server, lines: u64) -> Outcome<()> {
    let began = Instant::now();
    while count(sink)? < lines {
        if began.elapsed() > Duration::from_secs(120) {
            return Err(format!("{} of {lines} lines arrived", count(sink)?).into());
        }
        #[expect(clippy::disallowed_methods, reason = "this is no server")]
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
