//! Writes tries down: all that wait, in one transaction.

use super::lanes::Lane;
use pintle_core::deliveries::{self, Attempt};
use pintle_core::{Core, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

/// How many tries may wait to be written down before the senders wait too.
const WAITING: usize = 2048;
/// How many are written at a time.
const AT_ONCE: usize = 512;
/// How long to wait for more of them: a row that is written alone costs as much as many.
const GATHER: Duration = Duration::from_millis(5);
/// Before trying again what could not be written.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub(super) struct Record(mpsc::Sender<(Lane, Attempt)>);

impl Record {
    pub(super) async fn take(&self, lane: Lane, attempt: Attempt) {
        // The recorder lives as long as the conductor; after that the lease tells that nothing was heard.
        let _ = self.0.send((lane, attempt)).await;
    }
}

/// The recorder ends with the answered set. `room` is notified when a lane has something less in hand.
pub(super) fn start(core: Core, room: Arc<Notify>) -> (Record, JoinSet<()>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let mut task = JoinSet::new();
    task.spawn(run(core, room, receiver));
    (Record(sender), task)
}

async fn run(core: Core, room: Arc<Notify>, mut receiver: mpsc::Receiver<(Lane, Attempt)>) {
    let mut waiting = Vec::new();
    while receiver.recv_many(&mut waiting, AT_ONCE).await > 0 {
        if waiting.len() < AT_ONCE {
            tokio::time::sleep(GATHER).await;
            while waiting.len() < AT_ONCE
                && let Ok(next) = receiver.try_recv()
            {
                waiting.push(next);
            }
        }
        let (lanes, attempts): (Vec<Lane>, Vec<Attempt>) = waiting.drain(..).unzip();
        let attempts: Arc<[Attempt]> = attempts.into();
        while let Err(error) = write(&core, attempts.clone()).await {
            tracing::error!(%error, "tries could not be recorded");
            tokio::time::sleep(PAUSE).await;
        }
        lanes.iter().zip(attempts.iter()).for_each(|(lane, attempt)| lane.recorded(&attempt.delivery));
        room.notify_one();
    }
}

/// Aside: that a try was made changes nothing for the tries of other deliveries.
async fn write(core: &Core, attempts: Arc<[Attempt]>) -> Result<()> {
    core.db
        .write_aside(async move |tx| {
            for attempt in attempts.iter() {
                deliveries::record(tx, attempt).await?;
            }
            Ok(())
        })
        .await
}
