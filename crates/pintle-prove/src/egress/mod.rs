//! The guarded client against every spelling of what it must not reach, on every way there.

mod canary;
mod client;
mod names;
mod server;
mod spellings;

use crate::{failure, plants};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Instant;

/// The address of a server that the policy allows by name: public for all that the client knows.
const ALLOWED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// What names are at first. Nobody connects to it: a name is only looked up when it is written down.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(93, 184, 215, 14);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Spellings that the client is tried with, at least.
    #[arg(long, default_value_t = 20_000)]
    spellings: usize,
    /// How many of them a server's API is tried with.
    #[arg(long, default_value_t = 5_000)]
    created: usize,
    /// How many webhooks of a server are redirected inside, and how many have a name that turns inside.
    #[arg(long, default_value_t = 100)]
    delivered: usize,
    /// Chosen by the time unless it is given.
    #[arg(long)]
    seed: Option<u64>,
    /// The server program; without it, it is built first.
    #[arg(long)]
    server: Option<PathBuf>,
    #[command(flatten)]
    plants: plants::Choice,
}

/// What was tried, by its way.
#[derive(Debug, Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, way: &'static str) {
        *self.0.entry(way).or_default() += 1;
    }

    fn add(&mut self, other: &Self) {
        for (way, count) in &other.0 {
            *self.0.entry(way).or_default() += count;
        }
    }

    fn text(&self) -> String {
        let ways: Vec<String> = self.0.iter().map(|(way, count)| format!("{count} {way}")).collect();
        ways.join(", ")
    }
}

/// Runs the proof and prints what it proved.
///
/// # Errors
/// What was reached, or was not.
pub fn run(options: &Options) -> Result<(), String> {
    failure::install();
    if options.plants.proof() {
        let seed = options.seed.unwrap_or_else(crate::chosen_seed);
        println!("egress: seed {seed}");
        failure::catch(|| prove(options, seed)).map_err(|why| format!("{why}\nseed {seed}"))??;
    }
    options.plants.run(&plants::EGRESS)
}

fn prove(options: &Options, seed: u64) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let spellings = spellings::spellings(options.spellings, seed);
    let classes: std::collections::BTreeSet<_> = spellings.iter().map(|spelling| spelling.class).collect();
    let (count, kinds) = (spellings.len(), classes.len());
    let started = Instant::now();
    let tally = runtime.block_on(client::run(spellings.clone()));
    println!(
        "client: {count} spellings of {kinds} kinds: {}; no connection to what is forbidden; {:.1} s",
        tally.text(),
        started.elapsed().as_secs_f64(),
    );
    let program = crate::server::program(options.server.as_deref())?;
    let started = Instant::now();
    let tally = server::run(&runtime, program, &spellings, options);
    println!(
        "server: {}; no connection to what is forbidden; {:.1} s",
        tally.text(),
        started.elapsed().as_secs_f64(),
    );
    Ok(())
}
