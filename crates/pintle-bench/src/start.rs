//! From the start of the process to its first answer, and its memory.

use crate::report::{Goal, Report};
use crate::server::Server;
use crate::world::World;
use crate::{Outcome, Plan, median, runtime};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

const STARTS: usize = 21;
const VARIABLES: usize = 100_000;
/// A project takes 1,000 variables of an environment.
const IN_PROJECT: usize = 500;

pub fn measure(_: &Plan, report: &mut Report) -> Outcome<()> {
    let ready = Goal::AtMost(50.0);
    let mut new = Vec::new();
    let mut existing = Vec::new();
    let mut dev = Vec::new();
    for _ in 0..STARTS {
        let folder = tempfile::tempdir()?;
        new.push(first_answer(folder.path(), &[])?);
        existing.push(first_answer(folder.path(), &[])?);
        let folder = tempfile::tempdir()?;
        dev.push(first_answer(folder.path(), &["--dev"])?);
    }
    report.number("start to first answer, new folder", median(new), " ms", ready);
    report.number("start to first answer, existing folder", median(existing), " ms", ready);
    report.number("start to first answer, new folder, --dev", median(dev), " ms", ready);
    memory(report)
}

/// Milliseconds until a new process has answered a request: here that it needs a token.
fn first_answer(data: &Path, arguments: &[&str]) -> Outcome<f64> {
    let began = Instant::now();
    let server = Server::pintle_alone(data, arguments)?;
    let answer = server.ask("GET", "/v2/user", "", "")?;
    let took = began.elapsed();
    if answer.status == 403 { Ok(took.as_secs_f64() * 1e3) } else { Err("not the first answer".into()) }
}

fn memory(report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (token, paths) = runtime()?.block_on(async {
        let world = World::new(folder.path()).await?;
        let team = world.team("acme").await?;
        let mut paths = Vec::new();
        for number in 0..VARIABLES / IN_PROJECT {
            let project = team.project(&format!("project-{number}")).await?;
            paths.push(team.path(&format!("/v10/projects/{project}/env")));
        }
        Outcome::Ok((world.token, paths))
    })?;
    let server = Server::pintle(folder.path())?;
    server.succeed("GET", &paths[0], &token, "")?;
    #[expect(clippy::disallowed_methods, reason = "idle is what is measured")]
    std::thread::sleep(Duration::from_secs(1));
    report.number("resident memory, idle", server.resident()?, " MiB", Goal::AtMost(25.0));
    for path in &paths {
        let variable = |number| json!({ "key": format!("KEY_{number}"), "value": "a value that a key has", "type": "encrypted", "target": ["production"] });
        let body: Vec<_> = (0..IN_PROJECT).map(variable).collect();
        server.succeed("POST", path, &token, &serde_json::to_string(&body)?)?;
    }
    report.figure("resident memory, after 100,000 variables", format!("{:.1} MiB", server.resident()?));
    for path in &paths {
        server.succeed("GET", path, &token, "")?;
    }
    report.figure("resident memory, after they were listed", format!("{:.1} MiB", server.resident()?));
    Ok(())
}
