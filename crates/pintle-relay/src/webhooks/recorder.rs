//! Writes tries down: all that wait, in one transaction.

use pintle_core::deliveries::{self, Attempt};
use pintle_core::{Core, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many tries may wait to be written down before the senders wait too.
const WAITING: usize = 1024;
/// How many are written at a time.
const AT_ONCE: usize = 256;
/// Before trying again what could not be written.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub(super) struct Record(mpsc::Sender<Attempt>);

impl Record {
    pub(super) async fn take(&self, attempt: Attempt) {
        // The recorder lives as long as the conductor; after that the lease tells that nothing was heard.
        let _ = self.0.send(attempt).await;
    }
}

/// The recorder ends with the answered set.
pub(super) fn start(core: Core) -> (Record, JoinSet<()>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let mut task = JoinSet::new();
    task.spawn(run(core, receiver));
    (Record(sender), task)
}

async fn run(core: Core, mut receiver: mpsc::Receiver<Attempt>) {
    let mut attempts = Vec::new();
    while receiver.recv_many(&mut attempts, AT_ONCE).await > 0 {
        let batch: Arc<[Attempt]> = attempts.drain(..).collect();
        while let Err(error) = write(&core, batch.clone()).await {
            tracing::error!(%error, "tries could not be recorded");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn write(core: &Core, attempts: Arc<[Attempt]>) -> Result<()> {
    core.db
        .write(async move |tx| {
            for attempt in attempts.iter() {
                deliveries::record(tx, attempt).await?;
            }
            Ok(())
        })
        .await
}
