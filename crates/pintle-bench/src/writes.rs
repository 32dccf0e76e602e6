//! Requests that write: createProjectEnv and deleteConfiguration.

use crate::bare::Answer;
use crate::load::{Requests, Run, Wrk};
use crate::reads::tell;
use crate::report::{Goal, Report};
use crate::server::{Server, copy};
use crate::world::{Team, World};
use crate::{Failure, Outcome, Plan, median, profile, rows, runtime};
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;

/// Projects that a run creates variables in: enough, since a project takes 1,000 of an environment.
const PROJECTS: usize = 200;
/// Variables of each project that has some before.
const IN_PROJECT: usize = 500;
/// Enough installations to remove in one run of two seconds.
const TEAMS: usize = 800;
const APPS: usize = 20;
const DELETING: u64 = 2;

pub fn measure(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let wrk = Wrk::new(folder.path())?;
    creations(plan, report, &wrk, folder.path())?;
    deletions(plan, report, &wrk, folder.path())
}

/// A folder with its server's data, whose copies are measured on, and a file of the paths that are asked for.
struct Prepared {
    data: PathBuf,
    paths: PathBuf,
    token: String,
    /// The projects of a creation.
    projects: Vec<String>,
}

impl Prepared {
    /// A copy to be spoilt.
    fn copy(&self) -> Outcome<tempfile::TempDir> {
        let copy_to = tempfile::tempdir_in(self.data.parent().unwrap_or(Path::new(".")))?;
        copy(&self.data, copy_to.path())?;
        Ok(copy_to)
    }

    /// A run on a server of its own.
    fn run(&self, wrk: &Wrk, seconds: u64, requests: &Requests<'_>) -> Outcome<Run> {
        let data = self.copy()?;
        let server = Server::pintle(data.path())?;
        server.succeed("GET", "/v2/user", &self.token, "")?;
        wrk.run(&server, &self.token, seconds, requests)
    }
}

fn creations(plan: &Plan, report: &mut Report, wrk: &Wrk, folder: &Path) -> Outcome<()> {
    let few = runtime()?.block_on(with_variables(&folder.join("few"), 100))?;
    let many = runtime()?.block_on(with_variables(&folder.join("many"), 100_000))?;
    let bare = Server::bare(&[sample(&few)?], folder)?;
    let (mut ours, mut theirs, mut grown, mut in_process) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        ours.push(few.run(wrk, plan.seconds, &Requests::Create(&few.paths))?);
        grown.push(many.run(wrk, plan.seconds, &Requests::Create(&many.paths))?);
        let data = few.copy()?;
        in_process.push(rows::run(data.path(), plan.seconds, wrk.connections, &few.projects)?);
        theirs.push(wrk.run(&bare, &few.token, plan.seconds, &Requests::Create(&few.paths))?);
    }
    let what = "createProjectEnv";
    tell(report, what, &ours, &theirs, None);
    report.figure(
        format!("{what}, its rows in process"),
        format!("{:.0}/s", median(in_process.iter().copied())),
    );
    let of_rows = median(ours.iter().zip(&in_process).map(|(run, rows)| run.rate() / rows));
    let mut reached =
        report.number(format!("{what}, of the rows in process"), of_rows, "", Goal::AtLeast(0.4));
    let growth = median(grown.iter().zip(&ours).map(|(many, few)| many.rate() / few.rate()));
    let goal = Goal::AtLeast(0.95);
    reached &= report.number(format!("{what}, with 100,000 variables to with 100"), growth, "", goal);
    if !reached || plan.profile {
        let data = many.copy()?;
        let server = Server::pintle(data.path())?;
        let load = || wrk.run(&server, &many.token, plan.seconds, &Requests::Create(&many.paths)).map(drop);
        profile::sample(what, &server, load)?;
    }
    Ok(())
}

/// A creation's answer, for the bare server.
fn sample(few: &Prepared) -> Outcome<Answer> {
    let data = few.copy()?;
    let server = Server::pintle(data.path())?;
    let paths = std::fs::read_to_string(&few.paths)?;
    let path = paths.lines().next().unwrap_or_default();
    let body = r#"{"key":"SAMPLE","value":"value-1-of-a-length-that-a-key-has","type":"encrypted","target":["production"]}"#;
    let answer = server.succeed("POST", path, &few.token, body)?;
    Ok(Answer { route: "/v10/projects/{idOrName}/env".into(), ..answer })
}

async fn with_variables(data: &Path, count: usize) -> Outcome<Prepared> {
    let world = World::new(data).await?;
    let team = world.team("acme").await?;
    let mut projects = Vec::new();
    for number in 0..PROJECTS {
        projects.push(team.project(&format!("project-{number}")).await?);
    }
    // What is in the store stands in other projects: the run does the same whatever there is.
    for (number, first) in (0..count).step_by(IN_PROJECT).enumerate() {
        let project = team.project(&format!("filled-{number}")).await?;
        team.variables(&project, first..count.min(first + IN_PROJECT)).await?;
    }
    let lines: Vec<String> =
        projects.iter().map(|project| team.path(&format!("/v10/projects/{project}/env"))).collect();
    let paths = data.with_extension("paths");
    std::fs::write(&paths, lines.join("\n"))?;
    Ok(Prepared { data: data.to_owned(), paths, token: world.token, projects })
}

fn deletions(plan: &Plan, report: &mut Report, wrk: &Wrk, folder: &Path) -> Outcome<()> {
    let prepared = runtime()?.block_on(with_installations(&folder.join("installations")))?;
    let headers =
        [("cache-control", "private, max-age=0"), ("server", "Pintle"), ("x-vercel-id", "dev1::00000-0-0")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let route = "/v1/integrations/configuration/{id}".to_owned();
    let nothing = Answer { method: "DELETE".into(), route, status: 204, headers, body: String::new() };
    let bare = Server::bare(&[nothing], folder)?;
    let requests = Requests::Delete(&prepared.paths);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let run = prepared.run(wrk, DELETING, &requests)?;
        if run.requests as usize >= TEAMS * APPS {
            return Err(Failure::from("there were too few installations to remove"));
        }
        ours.push(run);
        theirs.push(wrk.run(&bare, &prepared.token, DELETING, &requests)?);
    }
    tell(report, "deleteConfiguration of 3 children", &ours, &theirs, None);
    if plan.profile {
        let data = prepared.copy()?;
        let server = Server::pintle(data.path())?;
        let load = || wrk.run(&server, &prepared.token, DELETING, &requests).map(drop);
        profile::sample("deleteConfiguration", &server, load)?;
    }
    Ok(())
}

/// Many teams, each with an installation of every integration, each with a webhook, a drain and a variable.
async fn with_installations(data: &Path) -> Outcome<Prepared> {
    let world = World::new(data).await?;
    let developer = world.team("developer").await?;
    let mut apps = Vec::new();
    for number in 0..APPS {
        apps.push(developer.app(&format!("bridge-{number}")).await?);
    }
    let apps = std::sync::Arc::new(apps);
    let mut teams = JoinSet::new();
    let mut lines = Vec::new();
    for number in 0..TEAMS {
        let team = world.team(&format!("team-{number}")).await?;
        let apps = apps.clone();
        teams.spawn(async move { fill(&team, &apps).await });
        if teams.len() >= 32
            && let Some(filled) = teams.join_next().await
        {
            lines.extend(filled??);
        }
    }
    while let Some(filled) = teams.join_next().await {
        lines.extend(filled??);
    }
    let paths = data.with_extension("paths");
    std::fs::write(&paths, lines.join("\n"))?;
    Ok(Prepared { data: data.to_owned(), paths, token: world.token, projects: Vec::new() })
}

async fn fill(team: &Team, apps: &[crate::world::App]) -> Outcome<Vec<String>> {
    let project = team.project("storefront").await?;
    let mut lines = Vec::new();
    for (number, app) in apps.iter().enumerate() {
        let installation = team.install(app).await?;
        installation.attach_one_of_each(&project, number).await?;
        lines.push(team.path(&format!("/v1/integrations/configuration/{}", installation.id)));
    }
    Ok(lines)
}
