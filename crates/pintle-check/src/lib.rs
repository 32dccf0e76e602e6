#![doc = include_str!("../README.md")]

mod ask;
mod cases;
mod expect;
mod inbox;
pub mod report;
mod stage;
mod token;
mod world;

use pintle_core::Result;
use pintle_egress::Policy;
use report::{Grade, Report};
use serde_json::{Map, Value as Json};
use std::time::Duration;
use tokio::net::TcpListener;
use url::Url;

/// Whom to grade, and with what.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The partner's base URL, without a slash at its end.
    pub url: String,
    pub client_id: String,
    pub client_secret: String,
    pub webhook_url: Option<Url>,
    pub redirect_login_url: Option<Url>,
    pub product: Option<Product>,
    /// What the resource's prompt understands, and what changes nothing; absent where it has no prompt.
    pub query: Option<String>,
    /// How long a rotation that was promised may take.
    pub patience: Duration,
    /// What may be connected to.
    pub egress: Policy,
    /// The checker's own address as partners write it: the issuer of its tokens.
    pub issuer: String,
}

/// What a resource is made of.
#[derive(Debug, Clone)]
pub struct Product {
    pub slug: String,
    /// A good one.
    pub metadata: Map<String, Json>,
    /// A good one; where it is absent, the first that the partner lists and that needs no payment.
    pub plan: Option<String>,
}

/// Runs all cases. The partner meets the checker's own Pintle at `listener`.
///
/// # Errors
/// Where that Pintle cannot be made; what the partner does is never an error.
pub async fn check(
    settings: Settings,
    listener: TcpListener,
    mut each: impl FnMut(&Grade),
) -> Result<Report> {
    let mut world = world::World::new(settings, listener).await?;
    let mut grades = Vec::new();
    for case in cases::all() {
        let grade = world.grade(case).await;
        each(&grade);
        grades.push(grade);
    }
    let hint = world.hint(&grades);
    world.clean_up().await;
    Ok(Report { grades, hint })
}
