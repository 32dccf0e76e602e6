//! Removals over random worlds, through the wire (semantics.md 3.3).

mod after;
mod build;
mod bypasses;
mod dump;
mod ending;
mod expect;
mod kinds;
mod native;
mod races;
mod step;
mod variables;
mod world;

use crate::engines::{self, On};
use crate::{failure, plants};
use parking_lot::Mutex;
use pintle_store::Engine;
use pintle_testing::Pintle;
use races::{Races, Sides};
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
    /// Worlds with native installations, whose partner is in this process, on SQLite.
    #[arg(long, default_value_t = 2_000)]
    native: usize,
    /// The same on PostgreSQL.
    #[arg(long, default_value_t = 200)]
    postgres_native: usize,
    /// Races on SQLite.
    #[arg(long, default_value_t = 1_000)]
    races: usize,
    /// Races on PostgreSQL.
    #[arg(long, default_value_t = 200)]
    postgres_races: usize,
    /// Races of native installations on SQLite.
    #[arg(long, default_value_t = 300)]
    native_races: usize,
    /// The same on PostgreSQL.
    #[arg(long, default_value_t = 60)]
    postgres_native_races: usize,
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
    options.plants.run(&plants::REMOVAL)?;
    options.plants.run(&plants::NATIVE)
}

fn prove(options: &Options) -> Result<(), String> {
    let seed = options.seed.unwrap_or_else(crate::chosen_seed);
    println!("removal: seed {seed}");
    let on_postgres =
        options.postgres + options.postgres_native + options.postgres_races + options.postgres_native_races;
    engines::on_each(on_postgres > 0, |on| {
        worlds(on, on.of(options.worlds, options.postgres), seed, options.jobs)?;
        natives(on, on.of(options.native, options.postgres_native), seed, options.jobs)?;
        races(on, on.of(options.races, options.postgres_races), seed)?;
        native_races(on, on.of(options.native_races, options.postgres_native_races), seed)
    })
}

/// Worlds of one sort: how many, over what, and how they are asked for.
struct Run<'a> {
    on: On<'a>,
    count: usize,
    seed: u64,
    jobs: usize,
    /// Keeps the schemas of two sorts apart.
    salt: u64,
    /// The options that ask for one, over SQLite and over PostgreSQL.
    options: [&'static str; 2],
}

fn worlds(on: On<'_>, count: usize, seed: u64, jobs: usize) -> Result<(), String> {
    let started = Instant::now();
    let run = Run { on, count, seed, jobs, salt: 0, options: ["--worlds", "--postgres"] };
    let prove = |runtime: &Runtime, pintle, seed| {
        runtime.block_on(async {
            let mut world = World::random(pintle, seed).await;
            let tables = world.pintle.core.db.tables().await.expect("a list of tables");
            world.prove(&tables).await;
            world.end_somebody(&tables).await;
            (world.pintle, world.tally)
        })
    };
    let proven = run.prove(prove, Tally::add)?;
    proven.iter().for_each(|tally| report(on.engine, tally, started.elapsed()));
    Ok(())
}

fn natives(on: On<'_>, count: usize, seed: u64, jobs: usize) -> Result<(), String> {
    let started = Instant::now();
    let run = Run { on, count, seed, jobs, salt: 1 << 41, options: ["--native", "--postgres-native"] };
    let prove = |runtime: &Runtime, pintle, seed| runtime.block_on(native::prove(pintle, seed));
    let proven = run.prove(prove, native::Tally::add)?;
    proven.iter().for_each(|tally| native::report(on.engine, tally, started.elapsed()));
    Ok(())
}

impl Run<'_> {
    /// Proves them, several at a time, each worker over a database of its own; `None` where none is wanted.
    fn prove<T: Default + Send>(
        &self,
        prove: impl Fn(&Runtime, Pintle, u64) -> (Pintle, T) + Sync,
        add: fn(&mut T, &T),
    ) -> Result<Option<T>, String> {
        if self.count == 0 {
            return Ok(None);
        }
        let (next, failed, total) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(T::default()));
        let worker = || {
            let mut used = None;
            while !failed.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= self.count {
                    break;
                }
                let seed = self.seed + index as u64;
                let world = || {
                    let (pintle, runtime) = self.fresh(seed, used.take());
                    let (pintle, tally) = prove(&runtime, pintle, seed);
                    ((pintle, runtime), tally)
                };
                match failure::catch(world) {
                    Ok((after, tally)) => {
                        used = Some(after);
                        add(&mut total.lock(), &tally);
                    }
                    Err(why) => {
                        failed.store(true, Ordering::Relaxed);
                        return Some(format!("{why}\nto repeat: {}", self.command(seed)));
                    }
                }
            }
            None
        };
        let failures: Vec<String> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.min(self.count)).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok().flatten()).collect()
        });
        failures.into_iter().next().map_or(Ok(()), Err)?;
        Ok(Some(total.into_inner()))
    }

    /// A Pintle for the world of this seed, in the emptied database of the world before.
    fn fresh(&self, seed: u64, used: Option<(Pintle, Runtime)>) -> (Pintle, Runtime) {
        let Some((pintle, runtime)) = used else {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            let pintle = runtime.block_on(open(self.on.url, seed ^ self.salt));
            return (pintle, runtime);
        };
        let pintle = runtime.block_on(pintle.emptied(seed));
        (pintle, runtime)
    }

    fn command(&self, seed: u64) -> String {
        let [sqlite, postgres] = self.options;
        let counts = self.on.of([1, 0], [0, 1]);
        let none = |option: &&&str| !self.options.contains(*option);
        let others: Vec<String> = COUNTS.iter().filter(none).map(|option| format!(" {option} 0")).collect();
        let others = others.concat();
        format!(
            "cargo xtask prove removal --seed {seed} {sqlite} {} {postgres} {}{others}",
            counts[0], counts[1]
        )
    }
}

/// The options that say how much is proven.
const COUNTS: [&str; 8] = [
    "--worlds",
    "--postgres",
    "--native",
    "--postgres-native",
    "--races",
    "--postgres-races",
    "--native-races",
    "--postgres-native-races",
];

async fn open(url: Option<&str>, seed: u64) -> Pintle {
    match url {
        Some(url) => Pintle::on_postgres(url, seed).await,
        None => Pintle::on_sqlite(seed).await,
    }
}

/// Rounds after which each kind of act must have been seen on both sides of the removal: else nothing raced.
const BOTH_SIDES: usize = 100;

/// Races, one after the other, each on several threads.
fn races(on: On<'_>, count: usize, seed: u64) -> Result<(), String> {
    let start = async |pintle, seed| Races::new(pintle, seed).await;
    // Another seed than any world's: the schema is named by it.
    let proven = rounds(on, count, seed ^ (1 << 40), start, async |races: &mut Races| races.round().await)?;
    let Some((races, took)) = proven else { return Ok(()) };
    report_races(on.engine, "races", races.removals, &races.sides, took, count)
}

/// The same of native installations.
fn native_races(on: On<'_>, count: usize, seed: u64) -> Result<(), String> {
    use native::races::Races;
    let start = async |pintle, seed| Races::new(pintle, seed).await;
    let proven = rounds(on, count, seed ^ (1 << 42), start, async |races: &mut Races| races.round().await)?;
    let Some((races, took)) = proven else { return Ok(()) };
    report_races(on.engine, "races of native installations", races.removals, &races.sides, took, count)
}

fn rounds<R>(
    on: On<'_>,
    count: usize,
    seed: u64,
    start: impl AsyncFn(Pintle, u64) -> R,
    round: impl AsyncFn(&mut R),
) -> Result<Option<(R, Duration)>, String> {
    if count == 0 {
        return Ok(None);
    }
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let start = || runtime.block_on(async { start(open(on.url, seed).await, seed).await });
    let mut proof = failure::catch(start)?;
    for number in 0..count {
        failure::catch(|| runtime.block_on(round(&mut proof)))
            .map_err(|why| format!("race {number} on {:?} : {why}", on.engine))?;
    }
    Ok(Some((proof, started.elapsed())))
}

fn report_races(
    engine: Engine,
    what: &str,
    removals: usize,
    sides: &Sides,
    took: Duration,
    count: usize,
) -> Result<(), String> {
    let all: Vec<String> =
        sides.iter().map(|(name, (first, late))| format!("{name} {first}/{late}")).collect();
    println!(
        "{engine:?}: {removals} {what}; before/after the removal: {}; {:.1} s",
        all.join(", "),
        took.as_secs_f64()
    );
    match sides.iter().find(|(_, (first, late))| *first == 0 || *late == 0) {
        Some((name, sides)) if count >= BOTH_SIDES => Err(format!("{name} never raced: {sides:?}")),
        _ => Ok(()),
    }
}

type Runtime = tokio::runtime::Runtime;

fn report(engine: Engine, tally: &Tally, took: Duration) {
    println!(
        "{engine:?}: {} worlds, {} removals: {} children gone ({} webhooks, {} drains, {} edge configs, {} variables, {} bypasses, {} tokens, {} codes), \
         {} neighbours kept, {} attempts refused, {} installed again, {} teams and accounts ended, {:.1} s",
        tally.worlds,
        tally.removals,
        tally.children(),
        tally.webhooks,
        tally.drains,
        tally.edge_configs,
        tally.variables,
        tally.bypasses,
        tally.tokens,
        tally.codes,
        tally.neighbours,
        tally.refused,
        tally.reinstalled,
        tally.ended,
        took.as_secs_f64(),
    );
}
