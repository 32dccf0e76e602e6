//! The command line and the environment.

use crate::egress::EgressArgs;
use crate::failure::{Failure, Result};
use crate::log_limits::LogArgs;
use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use pintle_core::drains::verification::Verification;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

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
}

#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The installation: icfg_…
    #[arg(value_name = "ID")]
    pub id: String,

    /// Show what would be removed, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,

    #[command(flatten)]
    pub server: ServerArgs,
}

/// Which server to talk to, and as whom; shared by the commands that do.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// Where the server is: its own address, without TLS
    #[arg(long, env = "PINTLE_URL", value_name = "URL", default_value = "http://127.0.0.1:4400")]
    pub url: String,

    /// The token of a user, or an installation's own, with the right to do this
    #[arg(long, env = "PINTLE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: String,

    /// The team to act for, by id or slug [default: the token's own]
    #[arg(long, env = "PINTLE_TEAM", value_name = "TEAM")]
    pub team: Option<String>,
}

#[derive(Debug, Args)]
pub struct ClockArgs {
    #[command(subcommand)]
    pub command: Option<ClockCommand>,

    #[command(flatten)]
    pub server: ServerArgs,
}

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

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub storage: StorageArgs,
}

#[derive(Debug, Args)]
pub struct CheckPartnerArgs {
    /// The partner's base URL, such as http://127.0.0.1:4500
    #[arg(value_name = "URL")]
    pub url: String,

    /// The integration's id, which the partner expects as the audience
    #[arg(long, env = "CLIENT_ID", value_name = "ID")]
    pub client_id: String,

    /// The integration's secret
    #[arg(long, env = "CLIENT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub client_secret: String,

    /// The slug of a product; without it no resource is provisioned
    #[arg(long, value_name = "SLUG")]
    pub product: Option<String>,

    /// The metadata to provision with
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub metadata: String,

    /// The plan to provision with [default: the first that needs no payment]
    #[arg(long, value_name = "ID")]
    pub plan: Option<String>,

    /// The partner's webhook URL
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<String>,

    /// The partner's redirect login URL, for SSO
    #[arg(long, value_name = "URL")]
    pub redirect_login_url: Option<String>,

    /// Where the partner finds the checker: by default where it would find pintle serve
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4400")]
    pub listen: Listen,

    /// Who signs the tokens that the partner is shown, where it knows the checker by another address [default: the address of --listen]
    #[arg(long, value_name = "URL")]
    pub issuer: Option<Issuer>,

    /// How long a partner may take to send rotated secrets, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub patience: u64,

    /// Also write the results to this file as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    #[command(flatten)]
    pub egress: EgressArgs,
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
pub struct ServeArgs {
    /// Make a demo workspace at the first start, and print commands to try
    ///
    /// A user, a team, two projects, an integration, and an installation of it with webhooks, log drains and environment
    /// variables. Later starts find it again and print the same values. It also opens what is for development, such as a clock that can
    /// be moved.
    #[arg(long, env = "PINTLE_DEV", hide_env_values = true, value_parser = BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub dev: Option<bool>,

    #[command(flatten)]
    pub storage: StorageArgs,

    /// The address and port to listen on [default: 127.0.0.1:4400]
    ///
    /// Port 0 takes a free one, which the ready line names.
    #[arg(long, env = "PINTLE_LISTEN", hide_env_values = true, value_name = "ADDR")]
    pub listen: Option<Listen>,

    /// When ready, print one line of JSON instead of text
    ///
    /// {"url": …, "egress": {"loopback": …, "allow": […]}}, and with --dev also token, userId, teamId, teamSlug, projectIds,
    /// integrationId, clientSecret, configurationId and logKey of the demo workspace, and the faults that are on, if any. Nothing else goes
    /// to standard output; logs go to standard error.
    #[arg(long, env = "PINTLE_JSON", hide_env_values = true, value_parser = BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub json: Option<bool>,

    /// Requests a minute that a token may make which has no limit of its own [default: 1000000]
    #[arg(long, env = "PINTLE_RATE_LIMIT", hide_env_values = true, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub rate_limit: Option<i64>,

    /// The largest request body that is read, in bytes [default: 8388608]
    #[arg(long, env = "PINTLE_BODY_LIMIT", hide_env_values = true, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub body_limit: Option<u64>,

    /// How long a webhook's or a drain's endpoint may take to answer, in seconds [default: 30]
    #[arg(long, env = "PINTLE_DELIVERY_TIMEOUT", hide_env_values = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=30))]
    pub delivery_timeout: Option<u64>,

    /// Refuse an installation's token that acts for a team without naming it
    ///
    /// Off by default: such a request acts for the team that the token belongs to.
    #[arg(long, env = "PINTLE_STRICT_TEAM_SCOPE", hide_env_values = true, value_parser = BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub strict_team_scope: Option<bool>,

    /// What the endpoint of a drain must do before it is accepted: off (nothing), answer (with 200), or code (repeat its owner's) [default: off]
    #[arg(long, env = "PINTLE_VERIFY_DRAINS", hide_env_values = true, value_name = "WHAT")]
    pub verify_drains: Option<Verification>,

    /// Who signs the tokens that marketplace partners are shown: where this server is reached [default: its own address]
    ///
    /// Partners fetch the keys under it, at /.well-known/jwks.
    #[arg(long, env = "PINTLE_ISSUER", hide_env_values = true, value_name = "URL")]
    pub issuer: Option<Issuer>,

    /// Let web pages of any origin call the API (CORS)
    #[arg(long, env = "PINTLE_CORS", hide_env_values = true, value_parser = BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub cors: Option<bool>,

    #[command(flatten)]
    pub egress: EgressArgs,

    #[command(flatten)]
    pub logs: LogArgs,

    /// What to log: off, error, warn, info, debug or trace [default: info]
    #[arg(long, env = "PINTLE_LOG", hide_env_values = true, value_name = "LEVEL")]
    pub log: Option<tracing::level_filters::LevelFilter>,
}

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

/// An address to listen on: `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen(pub String);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Listen(text.to_owned()))
            }
            _ => Err("expected HOST:PORT, such as 127.0.0.1:4400".into()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address that tokens are signed in the name of: an origin, and perhaps a path, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(pub String);

impl FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let good = Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
        });
        match good && !text.ends_with('/') {
            true => Ok(Issuer(text.to_owned())),
            false => {
                Err("expected an address without a slash at its end, such as https://pintle.example.com"
                    .into())
            }
        }
    }
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
