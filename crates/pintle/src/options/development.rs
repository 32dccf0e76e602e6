//! What drives a server in development: its clock, its faults, and events at a shell.

use super::ServerArgs;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct ClockArgs {
    #[command(subcommand)]
    pub command: Option<ClockCommand>,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Subcommand)]
pub enum ClockCommand {
    /// Move time forward; it never goes back
    Advance {
        /// By how much: a number and a unit (ms, s, m, h, d), such as 24h
        #[arg(value_name = "LENGTH", allow_hyphen_values = true)]
        by: String,
    },
}

#[derive(Debug, Args)]
pub struct FaultsArgs {
    #[command(subcommand)]
    pub command: Option<FaultsCommand>,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Subcommand)]
pub enum FaultsCommand {
    /// Order one, such as: route=createProject status=503 times=2, or: target=http://localhost:3000 dropAnswer
    Add {
        /// route or target; status, retryAfter, latencyMs, dropAnswer, times
        #[arg(value_name = "KEY=VALUE", required = true)]
        order: Vec<String>,
    },
    /// Take one away, or all
    Clear {
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Where they go, such as http://localhost:3000/api/webhook
    #[arg(long, value_name = "URL")]
    pub forward_to: String,

    /// Only these events, parted by commas [default: all, or those that the integration chose]
    #[arg(long, value_name = "EVENTS", value_delimiter = ',', value_parser = crate::event::name)]
    pub events: Vec<String>,

    /// Listen for what this integration of yours is told, wherever it is installed: its id or slug
    #[arg(long, value_name = "INTEGRATION")]
    pub integration: Option<String>,

    /// Accept any certificate of the server that they go to
    #[arg(long)]
    pub skip_verify: bool,

    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Debug, Args)]
pub struct TriggerArgs {
    /// The event, such as deployment.ready or integration-configuration.removed
    #[arg(value_name = "EVENT", value_parser = crate::event::name)]
    pub event: String,

    /// Say something else than the sample: a path and a value, which is JSON or text, such as payload.project.id=prj_…
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,

    /// The project that it happens to, by id [default: the newest]
    #[arg(long, value_name = "ID")]
    pub project: Option<String>,

    #[command(flatten)]
    pub server: ServerArgs,
}
