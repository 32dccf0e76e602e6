//! The command line of the proofs; `cargo xtask prove` calls it.

use clap::{Parser, Subcommand};
use pintle_prove::{crash, delivery, egress, fuzz, lanes, removal};
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
    /// Crashes of a server that eight clients write to.
    Crash(crash::Options),
    /// Deliveries to receivers that misbehave, by a server that is killed.
    Delivery(delivery::Options),
    /// Healthy targets beside ninety-nine that hang.
    Lanes(lanes::Options),
    /// The guarded client against every spelling of what it must not reach.
    Egress(egress::Options),
    /// Requests for every operation, with content that fits, nearly fits, or is junk.
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    // The server with a bug in it, for a proof that must find it.
    if matches!(std::env::args().nth(1).as_deref(), Some("serve" | "doctor")) {
        return pintle::main();
    }
    let proven = match Cli::parse().command {
        Command::Crash(options) => crash::run(&options),
        Command::Delivery(options) => delivery::run(&options),
        Command::Egress(options) => egress::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Lanes(options) => lanes::run(&options),
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
