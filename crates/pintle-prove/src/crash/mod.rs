//! Crashes: the server is killed while eight clients write, and must come back with everything that it had answered.

mod check;
mod lane;
mod ledger;
mod points;

use crate::client::Client;
use crate::dice::Dice;
use crate::server::{self, Program, Server, pause, schema};
use crate::{engines, failure, plants};
use lane::{Lane, REDIRECT, text};
use ledger::{App, Ledger, Tally};
use parking_lot::Mutex;
use pintle_store::{Db, Engine};
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;
/// Crashes that one database goes through.
const ROUNDS: usize = 6;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Crashes over SQLite.
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// Crashes of a server over PostgreSQL, where PINTLE_TEST_POSTGRES names one (only Pintle is killed).
    #[arg(long, default_value_t = 20)]
    postgres: usize,
    /// How often the server is killed at each point that is named in its code, over SQLite.
    #[arg(long, default_value_t = 8)]
    points: usize,
    /// The same over PostgreSQL.
    #[arg(long, default_value_t = 2)]
    postgres_points: usize,
    /// Chosen by the time unless it is given. The moments of the crashes follow from it; what they hit does not.
    #[arg(long)]
    seed: Option<u64>,
    /// The server program; without it, it is built first.
    #[arg(long)]
    server: Option<PathBuf>,
    #[command(flatten)]
    plants: plants::Choice,
}

/// Runs the proof and prints what it proved.
///
/// # Errors
/// What was lost, or was half done.
pub fn run(options: &Options) -> Result<(), String> {
    failure::install();
    let seed = options.seed.unwrap_or_else(crate::chosen_seed);
    if options.plants.proof() {
        println!("crash: seed {seed}");
        let path = match options.rounds + options.postgres {
            0 => PathBuf::new(),
            _ => server::program(options.server.as_deref())?,
        };
        engines::on_each(options.postgres + options.postgres_points > 0, |on| {
            engine(on.engine, on.url, on.of(options.rounds, options.postgres), seed, &path)?;
            points::engine(on.engine, on.url, on.of(options.points, options.postgres_points), seed)
        })?;
    }
    options.plants.run(&plants::CRASH)?;
    options.plants.run(&plants::POINTS)
}

fn engine(
    engine: Engine,
    url: Option<&str>,
    count: usize,
    seed: u64,
    path: &std::path::Path,
) -> Result<(), String> {
    if count == 0 {
        return Ok(());
    }
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let mut total = Tally::default();
    let mut dice = Dice::new(seed);
    let mut took = Duration::from_millis(60);
    while total.rounds < count {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let rounds = ROUNDS.min(count - total.rounds);
        let first = total.rounds;
        let outcome = failure::catch(|| {
            let database = url.map(|url| {
                runtime.block_on(schema(url, &format!("crash_{}_{seed}_{first}", std::process::id())))
            });
            let program = Program {
                path: path.to_owned(),
                data: folder.path().join("data"),
                database,
                options: Vec::new(),
            };
            Life::begin(program, &mut dice, &mut took).rounds(rounds, &mut dice, &runtime)
        });
        match outcome {
            Ok(tally) => total.add(&tally),
            // A bug that was planted there is to be found, not to be studied.
            Err(why) if std::env::var_os("PINTLE_PLANT").is_some() => return Err(why),
            Err(why) => {
                let kept = folder.keep();
                return Err(format!(
                    "{why}\nseed {seed}, after {first} rounds; the data is kept in {}",
                    kept.display()
                ));
            }
        }
    }
    report(engine, &total, started.elapsed());
    Ok(())
}

/// One database and the servers that live on it, one after the other.
struct Life {
    program: Program,
    server: Server,
    client: Client,
    ledger: Ledger,
}

impl Life {
    /// The first start, after some that were killed in the middle of it. `took` is how long one takes.
    fn begin(program: Program, dice: &mut Dice, took: &mut Duration) -> Self {
        // That a bug is met must not depend on how fast this machine is.
        if std::env::var_os("PINTLE_PLANT").is_some() {
            program.start_and_die("demo.making");
        }
        for _ in 0..dice.between(0, 4) {
            program.start_and_kill(*took * dice.between(5, 100) as u32 / 100);
        }
        let started = Instant::now();
        let server = program.start();
        *took = (*took + started.elapsed()) / 2;
        let client = Client::new(&server.url, &server.ready);
        let mut ledger = Ledger::default();
        for number in 0..CLIENTS {
            ledger.apps.push(app(&client, number));
        }
        Self { program, server, client, ledger }
    }

    fn rounds(mut self, count: usize, dice: &mut Dice, runtime: &tokio::runtime::Runtime) -> Tally {
        for _ in 0..count {
            self.load_and_kill(dice);
            if self.program.database.is_some() {
                // What was sent to PostgreSQL before the end may still be under way there.
                runtime.block_on(wait_for_backends(&self.program));
            }
            if dice.chance(20) {
                self.program.start_and_kill(Duration::from_millis(dice.between(0, 30) as u64));
            }
            self.server = self.program.start();
            self.client = Client::new(&self.server.url, &self.server.ready);
            let before: Vec<String> = self.ledger.installations.iter().map(|i| i.id.clone()).collect();
            check::check(&self.client, &mut self.ledger);
            let there = |id: &String| self.ledger.installations.iter().any(|i| i.id == *id);
            let removed: Vec<String> = before.into_iter().filter(|id| !there(id)).collect();
            runtime.block_on(async {
                let db = match (&self.program.database, self.program.database_file()) {
                    (Some(url), _) => Db::postgres(url).await,
                    (None, file) => Db::sqlite_read_only(&file.expect("a database file")),
                };
                check::check_rows(&db.expect("the database"), &self.ledger, &removed).await;
            });
            self.program.assert_sound();
            self.ledger.tally.rounds += 1;
        }
        self.ledger.tally
    }

    /// Eight clients write; after a moment the server is killed.
    fn load_and_kill(&mut self, dice: &mut Dice) {
        let ledger = Mutex::new(std::mem::take(&mut self.ledger));
        let moment = Duration::from_millis(dice.between(5, 300) as u64);
        let failures: Vec<String> = std::thread::scope(|scope| {
            let mut clients = Vec::new();
            for number in 0..CLIENTS {
                let dice = Dice::new(dice.between(0, usize::MAX / 2) as u64);
                let mut lane = Lane { number, client: self.client.clone(), ledger: &ledger, dice };
                clients.push(scope.spawn(move || failure::catch(|| lane.run())));
            }
            pause(moment);
            self.server.kill();
            clients.into_iter().filter_map(|client| client.join().ok().and_then(Result::err)).collect()
        });
        self.ledger = ledger.into_inner();
        assert!(failures.is_empty(), "{}", failures.join("; "));
    }
}

/// The integration of one client, and the project that it attaches variables to.
fn app(client: &Client, number: usize) -> App {
    let slug = format!("crash-{number}");
    let scopes = ["integration-configuration", "project", "project-env-vars", "log-drain", "drain"];
    let scopes: Vec<String> = scopes.iter().map(|stem| format!("read-write:{stem}")).collect();
    let body = json!({
        "name": slug, "slug": slug, "scopes": scopes, "redirectUrl": REDIRECT, "webhookUrl": "https://app.example.com/hook",
    });
    let made = client.send("POST", "/pintle/v1/integrations", Some(&body)).expect("a running server");
    assert_eq!(made.status, 201, "{}", made.unexpected());
    let project =
        client.send("POST", "/v11/projects", Some(&json!({ "name": slug }))).expect("a running server");
    assert_eq!(project.status, 200, "{}", project.unexpected());
    App {
        id: text(&made.body["id"]),
        slug,
        client_secret: text(&made.body["clientSecret"]),
        project: text(&project.body["id"]),
        installing: false,
    }
}

async fn wait_for_backends(program: &Program) {
    let Some(url) = &program.database else { return };
    // A connection of another name, so that it does not wait for itself.
    let name =
        url.split("application_name=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default();
    let db = Db::postgres(&url.replace(&format!("={name}&"), "=watcher&")).await.expect("PostgreSQL");
    let sql = format!(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = '{name}' AND pid <> pg_backend_pid()"
    );
    loop {
        let (count,): (i64,) = db.read().await.expect("a connection").one(&sql, &[]).await.expect("a count");
        if count == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn report(engine: Engine, tally: &Tally, took: Duration) {
    let checked: Vec<String> = tally.checked.iter().map(|(what, count)| format!("{count} {what}")).collect();
    println!(
        "{engine:?}: {} crashes; {} changes answered, {} cut off ({} of those were done); {} removals ({} cut off); held against \
         the ledger: {}; {:.1} s",
        tally.rounds,
        tally.answered,
        tally.unanswered,
        tally.found,
        tally.removals,
        tally.removals_unanswered,
        checked.join(", "),
        took.as_secs_f64(),
    );
}
