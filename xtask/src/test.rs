//! `cargo xtask test`: everything, on a bare machine.

use crate::postgres::{self, Server};
use crate::run::{Outcome, cargo, program, root};
use std::time::Instant;

type Step = fn(&Server) -> Outcome;

const STEPS: [(&str, Step); 5] =
    [("rust", rust), ("sdk", sdk), ("clients", clients), ("otel", otel), ("proofs", proofs)];

/// Runs the named steps, or all.
pub fn run(wanted: &[&str]) -> Outcome {
    if let Some(name) = wanted.iter().find(|name| STEPS.iter().all(|(step, _)| step != *name)) {
        return Err(format!("there is no step `{name}`: rust, sdk, clients, otel, proofs"));
    }
    let started = Instant::now();
    // Before all else: the SDK brings the contract's document, which the Rust tests hold every answer against.
    program("npm")
        .args(&["ci", "--prefix", "tests/sdk", "--no-audit", "--no-fund", "--loglevel", "error"])
        .run()?;
    let postgres = Server::at_hand()?;
    let mut passed = Vec::new();
    for (name, step) in STEPS.iter().filter(|(name, _)| wanted.is_empty() || wanted.contains(name)) {
        let begun = Instant::now();
        step(&postgres).map_err(|error| format!("the step `{name}` failed: {error}"))?;
        passed.push(format!("{name} ({} s)", begun.elapsed().as_secs()));
    }
    eprintln!("\nxtask test: passed in {} s: {}", started.elapsed().as_secs(), passed.join(", "));
    Ok(())
}

fn rust(postgres: &Server) -> Outcome {
    cargo(&["test", "--workspace"]).env(postgres::VARIABLE, &postgres.url).run()
}

/// The official SDK against a running server, on each engine.
fn sdk(postgres: &Server) -> Outcome {
    on_each_engine("tests/sdk/run.mjs", &postgres.database("pintle_sdk")?)
}

/// The official command line at work with a running server, on each engine.
fn clients(postgres: &Server) -> Outcome {
    let install = [
        "install",
        "--no-save",
        "--omit=optional",
        "--ignore-scripts",
        "--prefix",
        "tests/clients",
        "--no-audit",
        "--no-fund",
        "--loglevel",
        "error",
    ];
    if let Err(error) = program("npm").args(&install).run() {
        eprintln!("skipped: the command line cannot be had: {error}");
        return Ok(());
    }
    on_each_engine("tests/clients/run.mjs", &postgres.database("pintle_clients")?)
}

/// OpenTelemetry's own exporters, feeding a running server, on each engine.
fn otel(postgres: &Server) -> Outcome {
    let install = ["ci", "--prefix", "tests/otel", "--no-audit", "--no-fund", "--loglevel", "error"];
    if let Err(error) = program("npm").args(&install).run() {
        eprintln!("skipped: OpenTelemetry's exporters cannot be had: {error}");
        return Ok(());
    }
    on_each_engine("tests/otel/run.mjs", &postgres.database("pintle_otel")?)
}

/// A script for Node that starts the server, on SQLite and then on this PostgreSQL database.
fn on_each_engine(script: &str, database: &str) -> Outcome {
    // By README's way, which builds it too: without a default there is no telling which program is meant.
    cargo(&["run", "--", "--version"]).run()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let binary = target.join("debug/pintle").to_string_lossy().into_owned();
    let suite = || program("node").args(&[script]).env("PINTLE_BIN", &binary);
    suite().run()?;
    suite().args(&["--database", database]).run()
}

/// The proofs with small counts, and every proof against the bugs that it is meant to find.
fn proofs(postgres: &Server) -> Outcome {
    let proof = |args: &[&str]| {
        cargo(&["run", "--package", "pintle-prove", "--features", "planted", "--"])
            .args(args)
            .env(postgres::VARIABLE, &postgres.url)
            .run()
    };
    let worlds = "--worlds 300 --postgres 30 --native 12 --postgres-native 4";
    let races = "--races 60 --postgres-races 20 --native-races 15 --postgres-native-races 5";
    proof(&["removal"].into_iter().chain(worlds.split(' ')).chain(races.split(' ')).collect::<Vec<_>>())?;
    proof(&["crash", "--rounds", "10", "--postgres", "2", "--points", "1", "--postgres-points", "1"])?;
    proof(&["egress", "--spellings", "5000", "--created", "400", "--delivered", "20"])?;
    proof(&["delivery", "--events", "2000", "--postgres", "300"])?;
    proof(&["lanes", "--events", "100"])?;
    proof(&["fuzz", "--requests", "8000", "--postgres", "2000"])?;
    authorization()?;
    drains()
}

/// The bugs that the authorization tests must find.
fn authorization() -> Outcome {
    const BUGS: [&str; 4] = ["role-unchecked", "scope-unchecked", "selection-unchecked", "tenant-unchecked"];
    catches("authorization", &BUGS, &["--test", "authorization"])
}

/// The bugs that the tests of drains must find.
fn drains() -> Outcome {
    const BUGS: [&str; 2] = ["cursor-before-record", "signature-over-compressed"];
    catches("drains", &BUGS, &["--test", "relay", "drains::arrives"])
}

/// That a test, which passes, fails with each of the bugs planted.
fn catches(name: &str, bugs: &[&str], test: &[&str]) -> Outcome {
    // Of the whole workspace, so that one build with the bugs serves every such test.
    let test = || cargo(&["test", "--workspace", "--features", "planted"]).args(test);
    test().run()?;
    let missed: Vec<&str> =
        bugs.iter().copied().filter(|bug| test().env("PINTLE_PLANT", bug).succeeds()).collect();
    println!("{name}: caught {} of {} planted bugs", bugs.len() - missed.len(), bugs.len());
    if missed.is_empty() { Ok(()) } else { Err(format!("the tests of {name} missed {}", missed.join(", "))) }
}
