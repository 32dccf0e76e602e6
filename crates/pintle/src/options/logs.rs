//! `pintle logs`.

use super::ServerArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct LogsArgs {
    #[command(subcommand)]
    pub command: LogsCommand,
}

#[derive(Debug, Subcommand)]
pub enum LogsCommand {
    /// Send lines from a file or from standard input, as they come
    ///
    /// A line that is a JSON object is sent as it is, in the schema of a log line; any other is the message of one. What a line lacks,
    /// such as the time, is filled in. The token may be a log key, which knows its project.
    Send {
        /// The file [default: standard input]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,

        /// The project, by id or name; not needed with a log key
        #[arg(long, value_name = "PROJECT")]
        project: Option<String>,

        #[command(flatten)]
        server: ServerArgs,
    },

    /// Show the last lines, one JSON object each
    Tail {
        /// Only of this project, by id or name [default: all of the team]
        #[arg(long, value_name = "PROJECT")]
        project: Option<String>,

        /// How many lines
        #[arg(long, short = 'n', value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=100_000))]
        lines: u32,

        /// Then show what comes, until this is interrupted
        #[arg(long, short)]
        follow: bool,

        #[command(flatten)]
        server: ServerArgs,
    },
}
