//! Fuzzing: requests for every operation of the server's own document, with content that fits its schemas, nearly fits them, or is junk.
//! Whatever is sent, no answer is 5xx, none takes long, nothing panics, and the database stays sound.

mod callers;
mod content;
mod document;
mod ground;
mod lane;
mod memory;
mod names;
mod seeds;

use crate::dice::Dice;
use crate::engines::{On, on_each};
use crate::partner::Partner;
use crate::server::{self, Program};
use crate::{chosen_seed, failure, plants};
use document::Operation;
use lane::Lane;
use memory::Memory;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Requests to one server at most, before the next one begins anew. It begins earlier where the workspace was taken away on demand.
const EPOCH: usize = 4_000;
const CLIENTS: usize = 4;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Requests over SQLite.
    #[arg(long, default_value_t = 100_000)]
    requests: usize,
    /// Requests over PostgreSQL.
    #[arg(long, default_value_t = 20_000)]
    postgres: usize,
    /// Where to begin; the first epoch has this seed, each further one the next.
    #[arg(long)]
    seed: Option<u64>,
    /// Seconds after which a request that has no answer hangs.
    #[arg(long, default_value_t = 20)]
    patience: u64,
    /// The server program; without it, it is built first.
    #[arg(long)]
    server: Option<PathBuf>,
    #[command(flatten)]
    plants: plants::Choice,
}

/// What was answered: by operation, how often with which status.
pub(crate) type Tally = BTreeMap<String, BTreeMap<u16, usize>>;

/// Runs the proof and prints what it counted.
///
/// # Errors
/// At the first answer that must not be, with the request.
pub fn run(options: &Options) -> Result<(), String> {
    if options.plants.proof() {
        failure::install();
        let path = server::program(options.server.as_deref())?;
        let seed = options.seed.unwrap_or_else(chosen_seed);
        on_each(options.postgres > 0, |on| {
            let requests = on.of(options.requests, options.postgres);
            if requests == 0 {
                return Ok(());
            }
            let proof = Proof { path: &path, on, patience: Duration::from_secs(options.patience) };
            let tally = failure::catch(|| proof.run(requests, seed))?;
            report(on, requests, seed, &tally)
        })?;
    }
    options.plants.run(&plants::FUZZ)
}

struct Proof<'a> {
    /// The server program.
    path: &'a Path,
    on: On<'a>,
    patience: Duration,
}

impl Proof<'_> {
    fn run(&self, requests: usize, mut seed: u64) -> Tally {
        let tally = Mutex::new(Tally::new());
        let mut sent = 0;
        while sent < requests {
            let count = EPOCH.min(requests - sent);
            let more = failure::catch(|| self.one_server(count, seed, &tally));
            let more = more.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
            assert!(more > 0, "seed {seed}: the workspace was not there");
            sent += more;
            seed += 1;
        }
        tally.into_inner()
    }

    /// Sends so many requests to a new server, or fewer where its workspace ends; how many it sent.
    fn one_server(&self, requests: usize, seed: u64, tally: &Mutex<Tally>) -> usize {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let schema =
            |url| runtime.block_on(server::schema(url, &format!("fuzz_{seed}_{}", std::process::id())));
        let database = self.on.url.map(schema);
        // The window that a client's requests are counted in is for people.
        let mut options = vec!["--rate-limit".to_owned(), "1000000".to_owned()];
        options.extend(["--config".to_owned(), ground::config(folder.path()).to_string_lossy().into_owned()]);
        let program =
            Program { path: self.path.to_owned(), data: folder.path().join("data"), database, options };
        let running = program.start();
        let operations = document::operations(&running);
        let mut dice = Dice::new(seed);
        let mut memory = Memory::default();
        // It holds the partner.
        let _stage = ground::lay(&running, runtime.block_on(Partner::start()), &mut memory, &mut dice);
        let memory = Mutex::new(memory);
        let lane = |number| Lane::new(&running, &operations, &memory, self.patience, seed * 100 + number);
        lane(CLIENTS as u64).look_around();
        let sent = std::thread::scope(|scope| {
            let lanes: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let lane = &lane;
                    scope.spawn(move || {
                        let mut lane = lane(number as u64);
                        failure::catch(|| lane.run(requests.div_ceil(CLIENTS), tally))
                    })
                })
                .collect();
            let sent = lanes
                .into_iter()
                .map(|lane| lane.join().expect("a thread").unwrap_or_else(|why| panic!("{why}")));
            sent.sum()
        });
        drop(running);
        let log = program.log_text();
        assert!(!log.contains("panicked"), "the server panicked: {log}");
        program.assert_sound();
        sent
    }
}

fn report(on: On<'_>, requests: usize, seed: u64, tally: &Tally) -> Result<(), String> {
    let statuses = |from: u16| -> usize {
        let all = tally.values().flat_map(BTreeMap::iter);
        all.filter(|(status, _)| **status / 100 == from).map(|(_, count)| count).sum()
    };
    println!(
        "fuzz over {:?}: {requests} requests, seed {seed}: {} were answered with 2xx, {} 3xx, {} 4xx, {} 502 of partners; {} operations",
        on.engine,
        statuses(2),
        statuses(3),
        statuses(4),
        statuses(5),
        tally.len()
    );
    let never: Vec<&str> = tally.keys().map(String::as_str).filter(|id| successes(tally, id) == 0).collect();
    let good = tally.len() - never.len();
    println!("  with success: {good}; never: {}", never.join(", "));
    match good * 100 < tally.len() * least(requests) {
        true => Err(format!("only {good} of {} operations ever succeeded, by seed {seed}", tally.len())),
        false => Ok(()),
    }
}

/// Of a hundred operations, how many must have succeeded at least once: a fuzz that is only ever refused looks at nothing.
fn least(requests: usize) -> usize {
    match requests {
        ..6_000 => 0,
        6_000..50_000 => 70,
        _ => 85,
    }
}

/// How often an operation succeeded; a page sends on, where it does.
fn successes(tally: &Tally, operation: &str) -> usize {
    let answers = tally.get(operation).into_iter().flatten();
    answers.filter(|(status, _)| matches!(**status, 200..400)).map(|(_, count)| count).sum()
}

/// Operations that are left out: one answers 5xx because it was told to, the other moves the clock that tokens end by.
const LEFT_OUT: [&str; 2] = ["createFault", "advanceClock"];

fn is_left_out(operation: &Operation) -> bool {
    LEFT_OUT.contains(&operation.id.as_str())
}
