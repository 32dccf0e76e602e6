//! Where the data is, and the commands that open it themselves.

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;

/// Where the data is; shared by the commands that open the database.
#[derive(Debug, Args)]
pub struct StorageArgs {
    /// The folder of the SQLite database and the master key [default: ./pintle-data]
    ///
    /// The key that opens all secrets is the file master.key in it, made at the first start, unless the environment variable
    /// PINTLE_MASTER_KEY holds it (32 bytes in base64 or hex).
    #[arg(long, env = "PINTLE_DATA", hide_env_values = true, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// The database: sqlite:PATH or postgres://USER@HOST/NAME [default: the file pintle.db in --data]
    #[arg(long, env = "PINTLE_DATABASE", hide_env_values = true, value_name = "URL")]
    pub database: Option<Database>,

    /// A file of settings, and of users, teams, tokens, projects and integrations that must exist [default: pintle.yaml, if there is one]
    ///
    /// See docs/configuration.md. Applied at every start; twice changes nothing.
    #[arg(long, env = "PINTLE_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which database to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres(String),
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Database::Postgres(text.to_owned()))
            }
            _ => Err("expected sqlite:PATH or postgres://USER@HOST/NAME".into()),
        }
    }
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub storage: StorageArgs,
}

#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    pub command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a new key, which signs from now on
    ///
    /// The old one is forgotten but for its public half, which stays at /.well-known/jwks for a day, so that tokens it signed are
    /// still accepted. A server may be running. Prints the new key's id.
    Rotate {
        #[command(flatten)]
        storage: StorageArgs,
    },
}

#[derive(Debug, Args)]
pub struct ReceiptsArgs {
    #[command(subcommand)]
    pub command: ReceiptsCommand,
}

#[derive(Debug, Subcommand)]
pub enum ReceiptsCommand {
    /// List the teams and users that were deleted and the installations that were removed, the newest first
    List {
        #[command(flatten)]
        storage: StorageArgs,
    },

    /// Print a receipt, as JSON
    Show {
        /// A team or a user that was deleted, or an installation that was removed: icfg_…
        #[arg(value_name = "ID")]
        id: String,

        #[command(flatten)]
        storage: StorageArgs,
    },
}
