//! Lists in full stores: a page beside the same page of a store that holds no more than it.

use crate::load::{Requests, Run, Wrk};
use crate::report::{Goal, Report};
use crate::server::Server;
use crate::world::{Team, World, text};
use crate::{Outcome, Plan, median, profile, runtime};
use serde_json::Value as Json;
use std::path::Path;

/// Projects of a page, and variables of one.
const PAGE: usize = 20;
/// A project takes 1,000 variables of an environment.
const IN_PROJECT: usize = 500;

/// A store that is served, and what is asked of it.
struct Store {
    name: &'static str,
    server: Server,
    token: String,
    first_page: String,
    /// A page with as many projects before it as behind it.
    middle_page: String,
    /// All variables of one project.
    variables: String,
}

/// The path of a list.
type Asked = fn(&Store) -> &str;

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let wrk = Wrk::new(folder.path())?;
    let prepare = |name: &'static str, projects: usize, variables: usize| {
        let data = folder.path().join(projects.to_string());
        let (token, team, project) = runtime()?.block_on(fill(&data, projects, variables))?;
        Store::serve(name, &data, token, &team, &project, projects)
    };
    let alone = prepare("alone", PAGE, PAGE)?;
    let full = [
        prepare("1,000 projects", 1_000, PAGE)?,
        prepare("10,000 projects and 100,000 variables", 10_000, 100_000)?,
    ];
    let lists: [(&str, Asked); 3] = [
        ("getProjects, the first 20", |store| &store.first_page),
        ("getProjects, 20 from the middle", |store| &store.middle_page),
        ("filterProjectEnvs of 20", |store| &store.variables),
    ];
    for (list, path) in lists {
        let mut runs: Vec<Vec<Run>> = vec![Vec::new(); 3];
        // The first run only warms all of them up.
        for round in 0..=plan.rounds {
            let seconds = if round == 0 { 1 } else { plan.seconds };
            for (store, runs) in [&alone].into_iter().chain(&full).zip(&mut runs) {
                let run = store.run(&wrk, seconds, path(store))?;
                if round > 0 {
                    runs.push(run);
                }
            }
        }
        let (alone_runs, full_runs) = runs.split_at(1);
        report.figure(
            format!("{list}, alone"),
            format!("{:.0}/s", median(alone_runs[0].iter().map(Run::rate))),
        );
        for (store, runs) in full.iter().zip(full_runs) {
            let ratio =
                median(runs.iter().zip(&alone_runs[0]).map(|(full, alone)| full.rate() / alone.rate()));
            let what = format!("{list}, among {} to alone", store.name);
            let reached = report.number(&what, ratio, "", Goal::AtLeast(0.9));
            if !reached || plan.profile {
                let load = || store.run(&wrk, plan.seconds, path(store)).map(drop);
                profile::sample(&what, &store.server, load)?;
            }
        }
    }
    Ok(())
}

impl Store {
    fn serve(
        name: &'static str,
        data: &Path,
        token: String,
        team: &Team,
        project: &str,
        projects: usize,
    ) -> Outcome<Self> {
        let server = Server::pintle(data)?;
        let variables = team.path(&format!("/v10/projects/{project}/env"));
        let first_page = format!("{}&limit={PAGE}", team.path("/v10/projects"));
        let mut middle_page = first_page.clone();
        // In pages of a hundred to the middle, and from there on one as large as the first.
        for _ in 0..projects / 2 / 100 {
            let path = middle_page.replace(&format!("limit={PAGE}"), "limit=100");
            let page: Json = serde_json::from_str(&server.succeed("GET", &path, &token, "")?.body)?;
            middle_page = format!("{first_page}&until={}", text(&page["pagination"]["next"]));
        }
        Ok(Self { name, server, token, first_page, middle_page, variables })
    }

    fn run(&self, wrk: &Wrk, seconds: u64, path: &str) -> Outcome<Run> {
        wrk.run(&self.server, &self.token, seconds, &Requests::Get(path))
    }
}

/// So many projects, one of them with as many variables as a page has, the rest of the variables in some of the others.
async fn fill(data: &Path, projects: usize, variables: usize) -> Outcome<(String, Team, String)> {
    let world = World::new(data).await?;
    let team = world.team("acme").await?;
    let mut made = Vec::new();
    for number in 0..projects {
        made.push(team.project(&format!("project-{number}")).await?);
    }
    let (asked, others) = made.split_first().ok_or("no projects")?;
    team.variables(asked, 0..PAGE).await?;
    for (first, project) in (PAGE..variables).step_by(IN_PROJECT).zip(others) {
        team.variables(project, first..variables.min(first + IN_PROJECT)).await?;
    }
    Ok((world.token, team, asked.clone()))
}
