//! Crashes at named points: at every step of what Pintle and a partner do together the server kills itself, comes back, and both sides
//! agree once the background has done its work.

mod acts;

use crate::agreement::{self, Agreed};
use crate::client::{Answer, Client};
use crate::dice::Dice;
use crate::failure;
use crate::partner::{Mood, Partner};
use crate::server::{Program, Server, pause, schema};
use crate::stage::Stage;
use acts::{Act, Order, Point};
use pintle_store::{Db, Engine};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Within this a point is come to, and calls end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Comes to every point so many times over this engine.
///
/// # Errors
/// What the two sides do not agree on, and points that were not come to.
pub fn engine(engine: Engine, url: Option<&str>, rounds: usize, seed: u64) -> Result<(), String> {
    if rounds == 0 {
        return Ok(());
    }
    if !cfg!(feature = "planted") {
        println!("{engine:?}: no points are named in this build (--features planted)");
        return Ok(());
    }
    let started = Instant::now();
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let path = std::env::current_exe().map_err(|error| error.to_string())?;
    let database =
        url.map(|url| runtime.block_on(schema(url, &format!("points_{}_{seed}", std::process::id()))));
    let program = Program { path, data: folder.path().join("data"), database, options: Vec::new() };
    let proof = failure::catch(|| {
        let mut proof = Proof::begin(&program, &runtime, seed);
        for round in 0..rounds {
            for point in Act::all().flat_map(Act::points) {
                proof.come_to(&point, round);
            }
        }
        proof.assert_all();
        proof
    });
    let proof = proof.map_err(|why| format!("{why}\nseed {seed}, on {engine:?}"))?;
    let Agreed { installations, resources, connections, variables } = proof.agreed;
    println!(
        "{engine:?}: {} points, the server killed {} times at them ({} by the background's hand, {} refused); both sides agreed \
         each time, on {installations} installations, {resources} resources, {connections} connections, {variables} variables, {} values; {:.1} s",
        proof.met.len(),
        proof.kills,
        proof.in_background,
        proof.refused,
        proof.values,
        started.elapsed().as_secs_f64(),
    );
    Ok(())
}

struct Proof<'a> {
    program: &'a Program,
    runtime: &'a tokio::runtime::Runtime,
    server: Server,
    stage: Stage,
    /// The points that the server was killed at.
    met: BTreeSet<String>,
    agreed: Agreed,
    kills: usize,
    /// Kills after the request was answered.
    in_background: usize,
    refused: usize,
    values: usize,
}

impl<'a> Proof<'a> {
    fn begin(program: &'a Program, runtime: &'a tokio::runtime::Runtime, seed: u64) -> Self {
        // What the first start comes by, before there is anything, is another proof's.
        let server = program.start();
        std::fs::create_dir_all(program.points()).expect("a folder");
        let client = Client::new(&server.url, &server.ready);
        let stage = Stage::set(client, runtime.block_on(Partner::start()), Dice::new(seed));
        let met = BTreeSet::new();
        let agreed = Agreed::default();
        Self {
            program,
            runtime,
            server,
            stage,
            met,
            agreed,
            kills: 0,
            in_background: 0,
            refused: 0,
            values: 0,
        }
    }

    fn come_to(&mut self, point: &Point, round: usize) {
        let order = self.stage.order(point.act);
        let later = point.passed_by_request().filter(|_| round % 2 == 1);
        let moods = match later {
            Some(_) => vec![Mood::Fails, Mood::Fails, Mood::Behaves],
            None if round == 0 => vec![Mood::Behaves],
            None => moods(&mut self.stage.dice),
        };
        let refuses = moods == [Mood::Refuses(403)] && matches!(point.act, Act::Call(_));
        self.stage.partner.feels(&moods);
        std::fs::write(self.program.points().join("die"), format!("{} {}", point.name, later.unwrap_or(0)))
            .expect("a file");
        self.kill(point, &order);
        std::fs::remove_file(self.program.points().join("die")).expect("a file");
        if !refuses {
            self.stage.partner.feels(&[Mood::Behaves]);
        }
        if self.program.database.is_some() {
            self.runtime.block_on(super::wait_for_backends(self.program));
        }
        self.server = self.program.start();
        self.stage.client = Client::new(&self.server.url, &self.server.ready);
        self.settle(point, &order);
        self.stage.partner.feels(&[Mood::Behaves]);
        let memory = self.stage.partner.memory().clone();
        let happened = order.happened(&memory, &self.stage.client);
        let expected = point.outlives() && !refuses;
        assert_eq!(
            happened, expected,
            "{}, with a partner that {moods:?}: whether it came about",
            point.name
        );
        let db = self.db();
        self.agreed.add(self.runtime.block_on(agreement::assert(&db, &memory)));
        self.values += self.stage.assert_values();
        self.refused += usize::from(refuses);
        self.met.insert(point.name.clone());
    }

    /// Sends the request, and lets time pass until the server has come to the point and is gone.
    fn kill(&mut self, point: &Point, order: &Order) {
        let began = Instant::now();
        let (server, stage) = (&mut self.server, &self.stage);
        let answer = std::thread::scope(|scope| {
            let request = scope.spawn(|| order.send(&stage.client));
            while !server.killed_itself() && began.elapsed() < PATIENCE {
                pause(Duration::from_millis(5));
                if request.is_finished() {
                    drop(stage.pass("20m"));
                    pause(Duration::from_millis(50));
                }
            }
            request.join().ok().flatten()
        });
        let said = || answer.as_ref().map(Answer::unexpected);
        assert!(server.killed_itself(), "the server never came to {}: {:?}", point.name, said());
        self.kills += 1;
        self.in_background += usize::from(answer.is_some());
    }

    /// The partner repeats what it was not answered, time passes, and the background does its work.
    fn settle(&mut self, point: &Point, order: &Order) {
        if point.act.is_partners() {
            let answer = order.send(&self.stage.client).expect("a running server");
            assert!(answer.is_good(), "{}", answer.unexpected());
        }
        let db = self.db();
        let client = &self.stage.client;
        let waits = || match point.act {
            Act::Close if !order.happened(&self.stage.partner.memory().clone(), client) => {
                vec!["an installation that is not closed".to_owned()]
            }
            _ => self.runtime.block_on(agreement::under_way(&db)),
        };
        // Of twenty minutes each: after two days nothing is tried any more.
        for _ in 0..150 {
            if waits().is_empty() {
                return;
            }
            self.stage.pass("20m").expect("a running server");
            pause(Duration::from_millis(50));
        }
        panic!("{}: never ends: {:?}", point.name, waits());
    }

    fn db(&self) -> Db {
        match (&self.program.database, self.program.database_file()) {
            // Under another name, so that nobody waits for this connection to end.
            (Some(url), _) => {
                let url = url.replace("application_name=", "application_name=watcher_");
                self.runtime.block_on(Db::postgres(&url)).expect("PostgreSQL")
            }
            (None, file) => Db::sqlite_read_only(&file.expect("a database file")).expect("the database"),
        }
    }

    /// Every point that the code has was come to.
    fn assert_all(&self) {
        let passed = std::fs::read_to_string(self.program.points().join("passed")).expect("a file");
        let missed: BTreeSet<&str> = passed.lines().filter(|name| !self.met.contains(*name)).collect();
        assert!(missed.is_empty(), "the server came by points at which it was never killed: {missed:?}");
    }
}

/// How the partner meets the request and what the background makes of it.
fn moods(dice: &mut Dice) -> Vec<Mood> {
    use Mood::{Away, Behaves, Fails, Refuses, Slow, Unheard};
    let lists: [&[Mood]; 8] = [
        &[Behaves],
        &[Slow, Behaves],
        &[Unheard, Behaves],
        &[Unheard, Unheard, Behaves],
        &[Fails, Behaves],
        &[Fails, Fails, Behaves],
        &[Away, Away, Unheard, Behaves],
        &[Refuses(403)],
    ];
    dice.pick(&lists).to_vec()
}
