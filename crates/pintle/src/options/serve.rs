//! `pintle serve`.

use super::{Issuer, Listen, StorageArgs};
use crate::egress::EgressArgs;
use crate::log_limits::LogArgs;
use clap::Args;
use clap::builder::BoolishValueParser;
use pintle_core::drains::verification::Verification;

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
