//! Removals over random worlds, through the wire (semantics.md 3.3).

mod after;
mod build;
mod dump;
mod expect;
mod kinds;
mod races;
mod step;
mod variables;
mod world;

use crate::{engines, failure, plants};
use parking_lot::Mutex;
use pintle_store::Engine;
use pintle_testing::Pintle;
use races::Races;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use world::{Tally, World};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Worlds on SQLite.
    #[arg(long, default_value_t = 10_000)]
    worlds: usize,
    /// Worlds on PostgreSQL, where PINTLE_TEST_POSTGRES names a server.
    #[arg(long, default_value_t = 1_000)]
    postgres: usize,
    /// Races on SQLite.
    #[arg(long, default_value_t = 1_000)]
    races: usize,
    /// Races on PostgreSQL.
    #[arg(long, default_value_t = 200)]
    postgres_races: usize,
    /// The seed of the first world; each next world has the next one. Chosen by the time unless it is given.
    #[arg(long)]
    seed: Option<u64>,
    /// Worlds at a time.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(2, |n| n.get()))]
    jobs: usize,
    #[command(flatten)]
    plants: plants::Choice,
}

/// Runs the proof and prints what it proved.
///
/// # Errors
/// What was not as it must be, with the command that repeats it.
pub fn run(options: &Options) -> Result<(), String> {
    failure::install();
    if options.plants.proof() {
        prove(options)?;
    }
    options.plants.run(&plants::REMOVAL)
}

fn prove(options: &Options) -> Result<(), String> {
    let seed = options.seed.unwrap_or_else(crate::chosen_seed);
    println!("removal: seed {seed}");
    engines::on_each(options.postgres + options.postgres_races > 0, |on| {
        worlds(on.engine, on.url, on.of(options.worlds, options.postgres), seed, options.jobs)?;
        races(on.engine, on.url, on.of(options.races, options.postgres_races), seed)
    })
}

/// Proves so many worlds, several at a time, each worker over a database of its own.
fn worlds(engine: Engine, url: Option<&str>, count: usize, seed: u64, jobs: usize) -> Result<(), String> {
    if count == 0 {
        return Ok(());
    }
    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let total = Mutex::new(Tally::default());
    let failures: Vec<String> = std::thread::scope(|scope| {
        let worker = || {
            let mut pintle = None;
            while !failed.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    break;
                }
                let seed = seed + index as u64;
                match failure::catch(|| one_world(url, seed, pintle.take())) {
                    Ok((used, tally)) => {
                        pintle = Some(used);
                        total.lock().add(&tally);
                    }
                    Err(why) => {
                        failed.store(true, Ordering::Relaxed);
                        return Some(format!("{why}\nto repeat: {}", command(engine, seed)));
                    }
                }
            }
            None
        };
        let workers: Vec<_> = (0..jobs.min(count)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok().flatten()).collect()
    });
    match failures.into_iter().next() {
        Some(why) => Err(why),
        None => {
            report(engine, &total.into_inner(), started.elapsed());
            Ok(())
        }
    }
}

/// A world from its seed, in the emptied database of the world before.
fn one_world(url: Option<&str>, seed: u64, used: Option<(Pintle, Runtime)>) -> ((Pintle, Runtime), Tally) {
    let (pintle, runtime) = match used {
        Some((pintle, runtime)) => {
            let pintle = runtime.block_on(pintle.emptied(seed));
            (pintle, runtime)
        }
        None => {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let pintle = runtime.block_on(open(url, seed));
            (pintle, runtime)
        }
    };
    let world = runtime.block_on(async {
        let tables = pintle.core.db.tables().await.expect("a list of tables");
        let mut world = World::random(pintle, seed).await;
        world.prove(&tables).await;
        world
    });
    ((world.pintle, runtime), world.tally)
}

async fn open(url: Option<&str>, seed: u64) -> Pintle {
    match url {
        Some(url) => Pintle::on_postgres(url, seed).await,
        None => Pintle::on_sqlite(seed).await,
    }
}

/// Rounds after which each kind of act must have been seen on both sides of the removal: else nothing raced.
const BOTH_SIDES: usize = 100;

/// Races, one after the other, each on several threads.
fn races(engine: Engine, url: Option<&str>, count: usize, seed: u64) -> Result<(), String> {
    if count == 0 {
        return Ok(());
    }
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let runtime = runtime.expect("a runtime");
    // Another seed than any world's: the schema is named by it.
    let seed = seed ^ (1 << 40);
    let start = || runtime.block_on(async { Races::new(open(url, seed).await, seed).await });
    let mut proof = failure::catch(start)?;
    for round in 0..count {
        failure::catch(|| runtime.block_on(proof.round()))
            .map_err(|why| format!("race {round} on {engine:?} : {why}"))?;
    }
    let sides: Vec<String> =
        proof.sides.iter().map(|(name, (first, late))| format!("{name} {first}/{late}")).collect();
    println!(
        "{engine:?}: {} races; before/after the removal: {}; {:.1} s",
        proof.removals,
        sides.join(", "),
        started.elapsed().as_secs_f64()
    );
    match proof.sides.iter().find(|(_, (first, late))| *first == 0 || *late == 0) {
        Some((name, sides)) if count >= BOTH_SIDES => Err(format!("{name} never raced: {sides:?}")),
        _ => Ok(()),
    }
}

type Runtime = tokio::runtime::Runtime;

fn command(engine: Engine, seed: u64) -> String {
    let counts = match engine {
        Engine::Sqlite => "--worlds 1 --postgres 0",
        Engine::Postgres => "--worlds 0 --postgres 1",
    };
    format!("cargo xtask prove removal --seed {seed} {counts}")
}

fn report(engine: Engine, tally: &Tally, took: Duration) {
    println!(
        "{engine:?}: {} worlds, {} removals: {} children gone ({} webhooks, {} drains, {} variables, {} tokens, {} codes), \
         {} neighbours kept, {} attempts refused, {} installed again, {:.1} s",
        tally.worlds,
        tally.removals,
        tally.children(),
        tally.webhooks,
        tally.drains,
        tally.variables,
        tally.tokens,
        tally.codes,
        tally.neighbours,
        tally.refused,
        tally.reinstalled,
        took.as_secs_f64(),
    );
}
