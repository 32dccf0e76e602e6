//! `pintle check-partner`.

use super::{Issuer, Listen};
use crate::egress::EgressArgs;
use clap::Args;
use std::path::PathBuf;

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

    /// What the prompt of a resource of it understands, and what changes nothing; without it no query is tried
    #[arg(long, value_name = "TEXT")]
    pub query: Option<String>,

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
