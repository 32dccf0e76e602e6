//! Which running server a command talks to, and what it is asked to remove.

use clap::Args;

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
