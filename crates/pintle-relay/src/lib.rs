#![doc = include_str!("../README.md")]

mod drains;
mod exchange;
mod partners;
mod webhooks;

use pintle_core::{Core, Result};
use std::time::Duration;
use tokio::task::JoinSet;

/// What a relay may be told.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long an exchange may take, from the look-up to the last byte of the answer.
    pub timeout: Duration,
}

impl Default for Settings {
    /// 30 seconds (semantics.md 5.3).
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30) }
    }
}

/// The workers of this process. They end when it is dropped; what they had in hand is tried again by whoever comes next.
pub struct Relay {
    #[expect(dead_code, reason = "it ends the workers when it is dropped")]
    workers: JoinSet<()>,
}

impl Relay {
    /// Starts delivering what is due in the core's database.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn start(core: &Core, settings: Settings) -> Result<Self> {
        pintle_core::drains::cursors::release(core).await?;
        let mut workers = JoinSet::new();
        workers.spawn(webhooks::run(core.clone(), settings));
        workers.spawn(drains::run(core.clone(), settings));
        workers.spawn(partners::run(core.clone()));
        Ok(Self { workers })
    }
}
