#![doc = include_str!("../README.md")]

mod postgres;
mod run;
mod test;

use run::{Outcome, cargo};

const HELP: &str = "\
The habits of the project, one command each:

  cargo xtask test [STEP...]         everything: the Rust tests, the official SDK and command line on both engines, the proofs
                                     with small counts. STEP is one of: rust, sdk, clients, otel, proofs
  cargo xtask prove removal [ARG...] random worlds, installations removed and made again, races
  cargo xtask prove crash [ARG...]   SIGKILL at random moments
  cargo xtask prove delivery [ARG...] receivers that misbehave, and a server that is killed
  cargo xtask prove lanes [ARG...]   one target that answers beside ninety-nine that hang
  cargo xtask prove egress [ARG...]  every spelling of an address that must not be reached
  cargo xtask prove fuzz [ARG...]    requests for every operation, with content that fits, nearly fits, or is junk
  cargo xtask bench [ARG...]         the measurements, beside a bare server
  cargo xtask permissions            writes docs/permissions.md: who may do what
  cargo xtask coverage               operations served, of all that the contract has, group by group

ARG goes to the program behind the command; `--help` there says which it takes.
PostgreSQL is the one that PINTLE_TEST_POSTGRES names, else a temporary cluster of Debian's package.";

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["test", steps @ ..] => test::run(steps),
        ["prove", rest @ ..] => prove(rest),
        ["bench", rest @ ..] => {
            cargo(&["run", "--release", "--package", "pintle-bench", "--"]).args(rest).run()
        }
        ["coverage"] => cargo(&["run", "--quiet", "--package", "pintle-api", "--example", "coverage"]).run(),
        ["permissions"] => permissions(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("unknown command: {}\n\n{HELP}", args.join(" "))),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("xtask: {text}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn prove(args: &[&str]) -> Outcome {
    let postgres = postgres::Server::at_hand()?;
    cargo(&["run", "--release", "--package", "pintle-prove", "--features", "planted", "--"])
        .args(args)
        .env(postgres::VARIABLE, &postgres.url)
        .run()
}

fn permissions() -> Outcome {
    let example = cargo(&["run", "--quiet", "--package", "pintle-api", "--example", "permissions"]);
    let table = example.text()? + "\n";
    std::fs::write(run::root().join("docs/permissions.md"), table).map_err(|error| error.to_string())
}
