//! The command line and the environment: what each command takes is in a file of its own.

mod address;
mod check_partner;
mod data;
mod development;
mod logs;
mod serve;
mod server;

pub use address::{Issuer, Listen};
pub use check_partner::CheckPartnerArgs;
pub use data::{Database, DoctorArgs, KeysArgs, KeysCommand, ReceiptsArgs, ReceiptsCommand, StorageArgs};
pub use development::{ClockArgs, ClockCommand, FaultsArgs, FaultsCommand, ListenArgs, TriggerArgs};
pub use logs::{LogsArgs, LogsCommand};
pub use serve::ServeArgs;
pub use server::{RemoveArgs, ServerArgs};

use crate::failure::{Failure, Result};
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

/// A self-hosted server that speaks the Vercel REST API and centres on integrations.
#[derive(Debug, Parser)]
#[command(name = "pintle", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server
    ///
    /// Every option can be set by the environment variable beside it, and most in the file that --config names; an option counts
    /// before the environment, and the environment before the file.
    Serve(ServeArgs),

    /// Remove an installation, with everything that it attached
    ///
    /// Shows what goes, asks, and prints what went. It talks to a running server.
    Remove(RemoveArgs),

    /// Show the time of a server that runs with --dev, or move it forward
    ///
    /// Whatever waits for a time notices: codes expire, what failed is tried again, installations that were disabled for 30 days
    /// go. A restart keeps it.
    Clock(ClockArgs),

    /// List the faults of a server that runs with --dev, order one, or take them away
    ///
    /// A fault makes an operation, or what is sent to a target, fail, be late, or go without an answer.
    Faults(FaultsArgs),

    /// Let events come to the shell, and forward them to a server on this machine
    ///
    /// Signed like those of a webhook. Prints time, type, id, status and duration of each, until it is interrupted. Through a restart
    /// of the server nothing is lost.
    Listen(ListenArgs),

    /// Send the subscribers of an event a realistic one
    ///
    /// For every event that a webhook can subscribe to. It is delivered like a real one, signed and tried again; nothing else happens.
    Trigger(TriggerArgs),

    /// Send log lines to a server, or show what its projects logged
    Logs(LogsArgs),

    /// Look through a database for what cannot be there
    ///
    /// Damage, rows whose owner is gone, documents that speak of installations that do not exist, secrets that do not open. It
    /// changes nothing, and a server may be running. Says "sound" and exits with 0, or lists what it found and exits with 1.
    Doctor(DoctorArgs),

    /// Grade a marketplace partner's server
    ///
    /// Asks it what Pintle asks of partners, and what others might ask; prints what was sent, what came and what was expected where
    /// it fails, and exits with 1. Needs no running server: it is one for as long as it runs, at --listen, and the partner must take that
    /// for its Pintle. What it installs it removes again.
    CheckPartner(CheckPartnerArgs),

    /// The keys that sign the tokens which marketplace partners are shown
    Keys(KeysArgs),

    /// Read what went with a team, a user or an installation
    ///
    /// In the database itself: over the API nobody can read the receipt of a user that is deleted. It changes nothing, and a server may be
    /// running.
    Receipts(ReceiptsArgs),
}

/// Reads the command line. What is not a command to run is the end already: help was printed, or something is wrong.
pub fn parse() -> Result<Cli, Result<()>> {
    Cli::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            error.print().map_err(|error| Failure::failed(format_args!("cannot print: {error}")))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Failure::usage("expected a command: see pintle --help"))
        }
        _ => {
            let text = error.to_string();
            let what = text.split("\n\n").next().unwrap_or_default();
            Err(Failure::usage(format_args!("{} (see pintle --help)", what.trim_start_matches("error: "))))
        }
    })
}
