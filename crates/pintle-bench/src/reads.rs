//! Requests that read: beside the bare server, which sends the same answers.

use crate::bare::Answer;
use crate::load::{Middle, Requests, Run, Wrk};
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::world::{Team, World, text};
use crate::{Outcome, Plan, profile, runtime};
use serde_json::json;
use std::path::Path;

/// A request, its path as axum would have it, and the part of the bare server's rate that it should reach.
struct Read {
    operation: &'static str,
    route: &'static str,
    path: String,
    token: String,
    goal: Option<Goal>,
}

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let reads = runtime()?.block_on(prepare(folder.path()))?;
    let pintle = Server::pintle(folder.path())?;
    let mut answers = Vec::new();
    for read in &reads {
        let answer = pintle.succeed("GET", &read.path, &read.token, "")?;
        answers.push(Answer { route: read.route.into(), ..answer });
    }
    let bare = Server::bare(&answers, folder.path())?;
    let wrk = Wrk::new(folder.path())?;
    for read in &reads {
        let (get, token) = (Requests::Get(&read.path), &read.token);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // The first run only warms both up.
        for round in 0..=plan.rounds {
            let seconds = if round == 0 { 1 } else { plan.seconds };
            let pair = (wrk.run(&pintle, token, seconds, &get)?, wrk.run(&bare, token, seconds, &get)?);
            if round > 0 {
                ours.push(pair.0);
                theirs.push(pair.1);
            }
        }
        let reached = tell(report, read.operation, &ours, &theirs, read.goal);
        if !reached || plan.profile {
            let load = || wrk.run(&pintle, token, plan.seconds, &get).map(drop);
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

async fn prepare(data: &Path) -> Outcome<Vec<Read>> {
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
    let [small, large] = [edge_config(&team, 10).await?, edge_config(&team, 1_000).await?];
    let token = world.token;
    Ok(vec![
        Read {
            operation: "getConfiguration",
            route: "/v1/integrations/configuration/{id}",
            path: team.path(&format!("/v1/integrations/configuration/{}", installation.id)),
            token: token.clone(),
            goal: Some(Goal::AtLeast(0.6)),
        },
        Read {
            operation: "filterProjectEnvs of 20",
            route: "/v10/projects/{idOrName}/env",
            path: team.path(&format!("/v10/projects/{project}/env")),
            token,
            goal: None,
        },
        Read {
            operation: "an edge config's item, of 10",
            route: "/{edgeConfigId}/item/{key}",
            path: format!("/{}/item/key_7", small.0),
            token: small.1,
            goal: Some(Goal::AtLeast(0.5)),
        },
        Read {
            operation: "an edge config's item, of 1,000",
            route: "/{edgeConfigId}/item/{key}",
            path: format!("/{}/item/key_7?version=1", large.0),
            token: large.1.clone(),
            goal: Some(Goal::AtLeast(0.5)),
        },
        Read {
            operation: "an edge config's items, all 1,000",
            route: "/{edgeConfigId}/items",
            path: format!("/{}/items?version=1", large.0),
            token: large.1,
            goal: None,
        },
    ])
}

/// A new edge config with so many items: its id and a token.
async fn edge_config(team: &Team, items: usize) -> Outcome<(String, String)> {
    let item =
        |number| (format!("key_{number}"), json!({ "on": true, "rollout": [number, 100], "note": "a flag" }));
    let items: serde_json::Map<_, _> = (0..items).map(item).collect();
    let made = team.ask("POST", "/v1/edge-config", json!({ "slug": "flags", "items": items })).await?;
    let id = text(&made["id"]);
    let token = team.ask("POST", &format!("/v1/edge-config/{id}/token"), json!({ "label": "bench" })).await?;
    Ok((id, text(&token["token"])))
}
