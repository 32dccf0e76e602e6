//! The time of one removal, beside the bare SQL that deletes the same rows: on copies of the same data, with the same indexes and the
//! same durability.

use crate::report::{Goal, Report};
use crate::server::{Server, copy};
use crate::world::World;
use crate::{Outcome, Plan, median, profile, runtime};
use rusqlite::Connection;
use std::path::Path;
use std::time::Instant;

const CHILDREN: [usize; 3] = [10, 1_000, 100_000];
/// A project takes 1,000 variables of an environment.
const IN_PROJECT: usize = 500;

/// An installation that can be removed, and a neighbour of ten children that stays.
struct Installed {
    token: String,
    id: String,
    path: String,
}

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    for count in CHILDREN {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let installed = runtime()?.block_on(prepare(&data, count))?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        // A removal is short, so it is measured more often than what runs for seconds.
        for _ in 0..plan.rounds.max(if count < 10_000 { 15 } else { 5 }) {
            ours.push(fresh(folder.path(), &data, |data| through_the_api(data, &installed))?);
            bare.push(fresh(folder.path(), &data, |data| bare_sql(&data.join("pintle.db"), &installed.id))?);
        }
        let what = format!("removal of {count} children");
        report.figure(&what, format!("{:.2} ms", median(ours.iter().copied())));
        report.figure(format!("{what}, bare SQL"), format!("{:.2} ms", median(bare.iter().copied())));
        let ratio = median(ours.iter().copied()) / median(bare.iter().copied());
        let reached = report.number(format!("{what}, of the bare SQL's time"), ratio, "", Goal::AtMost(1.5));
        if (!reached && count >= 1_000) || plan.profile {
            fresh(folder.path(), &data, |data| sampled(&what, data, &installed))?;
        }
    }
    Ok(())
}

/// Runs on a copy of the data.
fn fresh<T>(folder: &Path, data: &Path, run: impl FnOnce(&Path) -> Outcome<T>) -> Outcome<T> {
    let copied = tempfile::tempdir_in(folder)?;
    copy(data, copied.path())?;
    run(copied.path())
}

/// Milliseconds from the request to its answer, on a server that was asked before.
fn through_the_api(data: &Path, installed: &Installed) -> Outcome<f64> {
    let server = Server::pintle(data)?;
    server.succeed("GET", &installed.path, &installed.token, "")?;
    let began = Instant::now();
    server.succeed("DELETE", &installed.path, &installed.token, "")?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

fn sampled(what: &str, data: &Path, installed: &Installed) -> Outcome<()> {
    let server = Server::pintle(data)?;
    server.succeed("GET", &installed.path, &installed.token, "")?;
    profile::sample(what, &server, || {
        server.succeed("DELETE", &installed.path, &installed.token, "").map(drop)
    })
}

/// Milliseconds of one transaction that deletes the configuration and what refers to it.
fn bare_sql(file: &Path, id: &str) -> Outcome<f64> {
    let conn = Connection::open(file)?;
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
    conn.query_row("SELECT COUNT(*) FROM configurations WHERE id = ?1", [id], |row| row.get::<_, i64>(0))?;
    let tables = ["webhooks", "drains", "envs", "configuration_projects", "tokens", "codes"];
    let began = Instant::now();
    conn.execute_batch("BEGIN IMMEDIATE")?;
    for table in tables {
        conn.execute(&format!("DELETE FROM {table} WHERE configuration_id = ?1"), [id])?;
    }
    conn.execute("DELETE FROM configurations WHERE id = ?1", [id])?;
    conn.execute_batch("COMMIT")?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

async fn prepare(data: &Path, count: usize) -> Outcome<Installed> {
    let world = World::new(data).await?;
    let team = world.team("acme").await?;
    let mut projects = Vec::new();
    for number in 0..count.div_ceil(IN_PROJECT) {
        projects.push(team.project(&format!("project-{number}")).await?);
    }
    let neighbour = team.install(&team.app("neighbour").await?).await?;
    let other = [team.project("other").await?];
    neighbour.attach(10, &other).await?;
    let installation = team.install(&team.app("bridge").await?).await?;
    installation.attach(count, &projects).await?;
    let path = team.path(&format!("/v1/integrations/configuration/{}", installation.id));
    Ok(Installed { token: world.token, id: installation.id, path })
}
