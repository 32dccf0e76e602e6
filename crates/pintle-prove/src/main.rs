//! The command line of the proofs; `cargo xtask prove` calls it.

use clap::{Parser, Subcommand};
use pintle_prove::removal;
use std::process::ExitCode;

/// The proofs of Pintle.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Removals of installations in random worlds, and removals that race with creations and with each other.
    Removal(removal::Options),
}

fn main() -> ExitCode {
    let proven = match Cli::parse().command {
        Command::Removal(options) => removal::run(&options),
    };
    match proven {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("FAILED: {why}");
            ExitCode::FAILURE
        }
    }
}
