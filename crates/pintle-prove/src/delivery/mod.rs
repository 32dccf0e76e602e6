//! Deliveries: receivers misbehave by script, the server is killed at random, and in the end nothing that was answered is missing.
//!
//! The receivers and the judge live in this process; the server is another one.

mod judge;
mod load;
mod receivers;

use crate::client::Client;
use crate::dice::Dice;
use crate::server::{self, Program, pause, schema};
use crate::{engines, failure, plants};
use judge::Judge;
use load::Load;
use parking_lot::Mutex;
use pintle_store::Engine;
use receivers::Receivers;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;
/// The end must come, since every receiver answers well in the end.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Events over SQLite.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Events over PostgreSQL, where PINTLE_TEST_POSTGRES names one (only Pintle is killed).
    #[arg(long, default_value_t = 10_000)]
    postgres: usize,
    /// How long a server lives at most before it is killed, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    life: usize,
    /// Chosen by the time unless it is given.
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
/// What was lost, forged or invented.
pub fn run(options: &Options) -> Result<(), String> {
    failure::install();
    let seed = options.seed.unwrap_or_else(crate::chosen_seed);
    if options.plants.proof() {
        println!("delivery: seed {seed}");
        let path = server::program(options.server.as_deref())?;
        engines::on_each(options.postgres > 0, |on| {
            engine(on.engine, on.url, on.of(options.events, options.postgres), options.life, seed, &path)
        })?;
    }
    options.plants.run(&plants::DELIVERY)
}

fn engine(
    engine: Engine,
    url: Option<&str>,
    events: usize,
    life: usize,
    seed: u64,
    path: &Path,
) -> Result<(), String> {
    if events == 0 {
        return Ok(());
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let name = format!("delivery_{}_{seed}", std::process::id());
    let database = url.map(|url| runtime.block_on(schema(url, &name)));
    let options = vec!["--delivery-timeout".into(), "1".into()];
    let program = Program { path: path.to_owned(), data: folder.path().join("data"), database, options };
    failure::catch(|| prove(engine, &program, &runtime, (events, life), &mut Dice::new(seed)))
}

fn prove(
    engine: Engine,
    program: &Program,
    runtime: &tokio::runtime::Runtime,
    (events, life): (usize, usize),
    dice: &mut Dice,
) {
    let started = Instant::now();
    let mut server = program.start();
    let mut client = Client::new(&server.url, &server.ready);
    let receivers = runtime.block_on(Receivers::start(dice));
    let mut judge = Judge::new(receivers.received());
    let filters = subscribe(&client, &receivers, &mut judge);
    let load = Mutex::new(Load::default());
    let mut kills = 0;
    while load.lock().answered() < events {
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                let client = client.clone();
                scope.spawn(|| Load::run(&load, client));
            }
            pause(Duration::from_millis(dice.between(life / 10, life) as u64));
            server.kill();
        });
        kills += 1;
        server = program.start();
        client = Client::new(&server.url, &server.ready);
    }
    drain(&client, &receivers, &filters);
    let tally = judge.judge(&load.into_inner());
    println!(
        "{engine:?}: {} events answered, {kills} kills; {} deliveries arrived, none missing; {} duplicates; {} more of events \
         whose answer was cut off; receivers misbehaved {} times: {}; {:.1} s",
        tally.events,
        tally.arrived,
        tally.duplicates,
        tally.unanswered,
        receivers.misbehaved(),
        receivers.how(),
        started.elapsed().as_secs_f64(),
    );
}

/// Two webhooks for each event, and an integration's URL for both. Answers the filters of their deliveries.
fn subscribe(client: &Client, receivers: &Receivers, judge: &mut Judge) -> Vec<String> {
    let mut filters = Vec::new();
    let made = |path: &str, body| {
        let made = client.send("POST", path, Some(&body)).expect("a running server");
        assert!(made.is_good(), "{}", made.unexpected());
        made.body
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    for (lane, event) in
        ["project.created", "project.created", "project.removed", "project.removed"].iter().enumerate()
    {
        let webhook = made("/v1/webhooks", json!({ "url": receivers.url(lane), "events": [event] }));
        judge.subscribe(lane, &text(&webhook["secret"]), &[event]);
        filters.push(format!("webhookId={}", text(&webhook["id"])));
    }
    let (lane, events) = (receivers::LANES - 1, ["project.created", "project.removed"]);
    let app = json!({
        "name": "Bridge", "slug": "bridge-of-the-proof", "redirectUrl": "https://example.com/callback",
        "webhookUrl": receivers.url(lane), "events": events,
    });
    let app = made("/pintle/v1/integrations", app);
    made("/pintle/v1/integrations/bridge-of-the-proof/install", json!({}));
    judge.subscribe(lane, &text(&app["clientSecret"]), &events);
    filters.push(format!("integrationId={}", text(&app["id"])));
    filters
}

/// Lets everything arrive; time is moved so that nobody waits for a pause to end.
fn drain(client: &Client, receivers: &Receivers, filters: &[String]) {
    receivers.behave();
    let began = Instant::now();
    let some = |filter: &String, state: &str| {
        let found = client.get(&format!("/pintle/v1/deliveries?state={state}&limit=1&{filter}"));
        found["deliveries"].as_array().and_then(|found| found.first().cloned())
    };
    while let Some(waiting) = filters.iter().find_map(|filter| some(filter, "pending")) {
        assert!(began.elapsed() < PATIENCE, "a delivery that never ends: {waiting}");
        assert!(waiting["nextTryAt"].is_i64(), "a delivery that waits for nothing: {waiting}");
        let moved = client.send("POST", "/pintle/v1/clock", Some(&json!({ "advance": "10m" })));
        assert_eq!(moved.expect("a running server").status, 200, "the clock can be moved in --dev");
        pause(Duration::from_millis(1_000));
    }
    for filter in filters {
        assert_eq!(some(filter, "failed"), None, "given up");
    }
}
