#![doc = include_str!("../README.md")]

mod drains;
mod exchange;
mod partners;
mod webhooks;

use pintle_core::{Core, Result};
use std::time::Duration;
use tokio::sync::watch;
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

/// The workers of this process. When it is dropped they end at once, and what they had in hand is tried again by whoever comes next.
pub struct Relay {
    workers: JoinSet<()>,
    end: watch::Sender<bool>,
}

impl Relay {
    /// Starts delivering what is due in the core's database.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn start(core: &Core, settings: Settings) -> Result<Self> {
        pintle_core::drains::cursors::release(core).await?;
        let (end, ending) = watch::channel(false);
        let mut workers = JoinSet::new();
        workers.spawn(webhooks::run(core.clone(), settings, Ending(ending.clone())));
        workers.spawn(drains::run(core.clone(), settings, Ending(ending.clone())));
        workers.spawn(partners::run(core.clone(), Ending(ending)));
        Ok(Self { workers, end })
    }

    /// Begins nothing more, and waits until what is under way has ended and is recorded, but no longer than `grace`. `false` where
    /// something had to be left, which is sent again by whoever comes next.
    pub async fn finish(mut self, grace: Duration) -> bool {
        self.end.send_replace(true);
        let ended = async { while self.workers.join_next().await.is_some() {} };
        tokio::time::timeout(grace, ended).await.is_ok()
    }
}

/// Tells the workers that they are to end.
#[derive(Clone)]
struct Ending(watch::Receiver<bool>);

impl Ending {
    fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    async fn asked(&mut self) {
        // Where nobody can ask any more, the workers are ended already.
        let _ = self.0.wait_for(|asked| *asked).await;
    }
}
