//! Requests that read: beside the bare server, which sends the same answers.

use crate::bare::Answer;
use crate::load::{Middle, Requests, Run, Wrk};
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::world::World;
use crate::{Outcome, Plan, profile, runtime};
use serde_json::json;
use std::path::Path;

/// A request, its path as axum would have it, and the part of the bare server's rate that it should reach.
struct Read {
    operation: &'static str,
    route: &'static str,
    path: String,
    goal: Option<Goal>,
}

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (token, reads) = runtime()?.block_on(prepare(folder.path()))?;
    let pintle = Server::pintle(folder.path())?;
    let mut answers = Vec::new();
    for read in &reads {
        let answer = pintle.succeed("GET", &read.path, &token, "")?;
        answers.push(Answer { route: read.route.into(), ..answer });
    }
    let bare = Server::bare(&answers, folder.path())?;
    let wrk = Wrk::new(folder.path())?;
    for read in &reads {
        let get = Requests::Get(&read.path);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // The first run only warms both up.
        for round in 0..=plan.rounds {
            let seconds = if round == 0 { 1 } else { plan.seconds };
            let pair = (wrk.run(&pintle, &token, seconds, &get)?, wrk.run(&bare, &token, seconds, &get)?);
            if round > 0 {
                ours.push(pair.0);
                theirs.push(pair.1);
            }
        }
        let reached = tell(report, read.operation, &ours, &theirs, read.goal);
        if !reached || plan.profile {
            let load = || wrk.run(&pintle, &token, plan.seconds, &get).map(drop);
            profile::sample(read.operation, &pintle, load)?;
        }
    }
    Ok(())
}

/// The three lines of a comparison with the bare server; whether the goal is reached.
pub fn tell(report: &mut Report, operation: &str, ours: &[Run], theirs: &[Run], goal: Option<Goal>) -> bool {
    let ratio = crate::median(ours.iter().zip(theirs).map(|(ours, theirs)| ours.rate() / theirs.rate()));
    for (name, runs) in [("", ours), (", bare server", theirs)] {
        let Middle { rate, p99, processor } = Middle::of(runs);
        let figure = format!("{rate:.0}/s, p99 {p99:.2} ms, {processor:.1} us of CPU each");
        report.figure(format!("{operation}{name}"), figure);
    }
    let what = format!("{operation}, of the bare server's rate");
    match goal {
        Some(goal) => report.number(what, ratio, "", goal),
        None => {
            report.figure(what, format!("{ratio:.2}"));
            true
        }
    }
}

async fn prepare(data: &Path) -> Outcome<(String, Vec<Read>)> {
    let world = World::new(data).await?;
    let team = world.team("acme").await?;
    let project = team.project("storefront").await?;
    let installation = team.install(&team.app("bridge").await?).await?;
    team.variables(&project, 0..20).await?;
    installation
        .team
        .ask(
            "POST",
            "/v1/webhooks",
            json!({ "url": "https://bridge.example/", "events": ["project.created"] }),
        )
        .await?;
    let reads = vec![
        Read {
            operation: "getConfiguration",
            route: "/v1/integrations/configuration/{id}",
            path: team.path(&format!("/v1/integrations/configuration/{}", installation.id)),
            goal: Some(Goal::AtLeast(0.6)),
        },
        Read {
            operation: "filterProjectEnvs of 20",
            route: "/v10/projects/{idOrName}/env",
            path: team.path(&format!("/v10/projects/{project}/env")),
            goal: None,
        },
    ];
    Ok((world.token, reads))
}
