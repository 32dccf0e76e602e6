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

/// Things of a team that is deleted: half of them the team's own, half of them an installation's.
const THINGS: usize = 100_000;

/// What is removed: an installation, beside a neighbour of ten children that stays; or a team.
struct Subject {
    token: String,
    id: String,
    path: String,
    /// The statements that do it, each with the id.
    bare: &'static [&'static str],
}

const INSTALLATION: &[&str] = &[
    "DELETE FROM webhooks WHERE configuration_id = ?1",
    "DELETE FROM drains WHERE configuration_id = ?1",
    "DELETE FROM envs WHERE configuration_id = ?1",
    "DELETE FROM configuration_projects WHERE configuration_id = ?1",
    "DELETE FROM tokens WHERE configuration_id = ?1",
    "DELETE FROM codes WHERE configuration_id = ?1",
    "DELETE FROM configurations WHERE id = ?1",
];
/// The rest goes by foreign keys.
const TEAM: &[&str] = &["DELETE FROM owners WHERE id = ?1"];

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    for count in CHILDREN {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let installed = runtime()?.block_on(prepare(&data, count))?;
        let what = format!("removal of {count} children");
        compare(plan, report, &what, folder.path(), &data, &installed, count < 10_000)?;
    }
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let team = runtime()?.block_on(prepare_team(&data, THINGS))?;
    compare(
        plan,
        report,
        &format!("removal of a team with {THINGS} things"),
        folder.path(),
        &data,
        &team,
        false,
    )
}

/// Both ways by turns. What is short is measured more often than what runs for seconds.
fn compare(
    plan: &Plan,
    report: &mut Report,
    what: &str,
    folder: &Path,
    data: &Path,
    subject: &Subject,
    short: bool,
) -> Outcome<()> {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.max(if short { 15 } else { 5 }) {
        ours.push(fresh(folder, data, |data| through_the_api(data, subject))?);
        bare.push(fresh(folder, data, |data| bare_sql(&data.join("pintle.db"), subject))?);
    }
    report.figure(what, format!("{:.2} ms", median(ours.iter().copied())));
    report.figure(format!("{what}, bare SQL"), format!("{:.2} ms", median(bare.iter().copied())));
    let ratio = median(ours.iter().copied()) / median(bare.iter().copied());
    let reached = report.number(format!("{what}, of the bare SQL's time"), ratio, "", Goal::AtMost(1.5));
    if (!reached && !short) || plan.profile {
        fresh(folder, data, |data| sampled(what, data, subject))?;
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
fn through_the_api(data: &Path, subject: &Subject) -> Outcome<f64> {
    let server = Server::pintle(data)?;
    server.succeed("GET", &subject.path, &subject.token, "")?;
    let began = Instant::now();
    server.succeed("DELETE", &subject.path, &subject.token, "")?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

fn sampled(what: &str, data: &Path, subject: &Subject) -> Outcome<()> {
    let server = Server::pintle(data)?;
    server.succeed("GET", &subject.path, &subject.token, "")?;
    profile::sample(what, &server, || server.succeed("DELETE", &subject.path, &subject.token, "").map(drop))
}

/// Milliseconds of one transaction that deletes the same rows.
fn bare_sql(file: &Path, subject: &Subject) -> Outcome<f64> {
    let conn = Connection::open(file)?;
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
    conn.query_row("SELECT COUNT(*) FROM configurations", [], |row| row.get::<_, i64>(0))?;
    let began = Instant::now();
    conn.execute_batch("BEGIN IMMEDIATE")?;
    for sql in subject.bare {
        conn.execute(sql, [&subject.id])?;
    }
    conn.execute_batch("COMMIT")?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

async fn prepare(data: &Path, count: usize) -> Outcome<Subject> {
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
    Ok(Subject { token: world.token, id: installation.id, path, bare: INSTALLATION })
}

async fn prepare_team(data: &Path, count: usize) -> Outcome<Subject> {
    let world = World::new(data).await?;
    let other = world.team("other").await?;
    other.variables(&other.project("other").await?, 0..10).await?;
    let team = world.team("acme").await?;
    let half = count / 2;
    let mut projects = Vec::new();
    for number in 0..half.div_ceil(IN_PROJECT) {
        projects.push(team.project(&format!("attached-{number}")).await?);
        let own = team.project(&format!("own-{number}")).await?;
        let first = number * IN_PROJECT;
        team.variables(&own, first..half.min(first + IN_PROJECT)).await?;
    }
    let installation = team.install(&team.app("bridge").await?).await?;
    installation.attach(half, &projects).await?;
    let path = format!("/v1/teams/{}", team.id);
    Ok(Subject { token: world.token, id: team.id, path, bare: TEAM })
}
