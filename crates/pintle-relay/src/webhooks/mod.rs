//! Webhooks on their way: one conductor asks which lanes have something due and room for it, leases that, and lets each lane send;
//! one recorder writes down what became of it, many tries in a transaction.

mod lanes;
mod recorder;
mod send;

use crate::Settings;
use lanes::Lanes;
use pintle_core::clock::{MINUTE, Millis, SECOND};
use pintle_core::deliveries::{self, Leased};
use pintle_core::{Core, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long a worker has what it leased: enough to send all that waits in a lane, each as slowly as may be.
const LEASE: Millis = 3 * MINUTE;
/// How often to look for what other processes left.
const LOOK: Millis = SECOND;

/// Delivers for ever.
pub(crate) async fn run(core: Core, settings: Settings) {
    let (mut bell, mut moves) = (core.bell.listen(), core.clock.moves());
    let room: Arc<Notify> = Arc::default();
    let (record, _recorder) = recorder::start(core.clone(), room.clone());
    let mut conductor = Conductor {
        worker: format!("relay_{}", core.entropy.base62(12)),
        core,
        settings,
        lanes: Lanes::default(),
        room,
        record,
        sending: JoinSet::new(),
    };
    loop {
        let pause = conductor.round().await.unwrap_or_else(|error| {
            tracing::error!(%error, "deliveries could not be leased");
            LOOK
        });
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())) => {}
            () = conductor.room.notified() => {}
            _ = bell.changed() => {}
            _ = moves.changed() => {}
        }
    }
}

struct Conductor {
    core: Core,
    settings: Settings,
    /// This process, in its leases.
    worker: String,
    lanes: Lanes,
    /// Notified when a lane could do with more.
    room: Arc<Notify>,
    record: recorder::Record,
    sending: JoinSet<()>,
}

impl Conductor {
    /// Leases what is due where there is room, and lets it be sent. Answers how long nothing more will be due.
    async fn round(&mut self) -> Result<Millis> {
        while let Some(ended) = self.sending.try_join_next() {
            if let Err(error) = ended {
                // What it had in hand would never be let go: so all lanes are forgotten, and what they have is sent again.
                tracing::error!(%error, "a sender failed");
                self.lanes = Lanes::default();
            }
        }
        let waiting = deliveries::lanes(&self.core.db.read().await?).await?;
        let now = self.core.clock.now();
        let next = waiting.iter().map(|lane| lane.due).filter(|due| *due > now).min();
        let claims = self.lanes.claims(&waiting, now);
        if !claims.is_empty() {
            let leased = deliveries::claim(&self.core, &self.worker, claims, LEASE).await?;
            leased.into_iter().for_each(|delivery| self.queue(delivery));
        }
        Ok(next.map_or(LOOK, |due| (due - now).clamp(1, LOOK)))
    }

    fn queue(&mut self, delivery: Leased) {
        let lane = self.lanes.lane(&delivery.source);
        lane.push(delivery);
        for _ in 0..lane.free() {
            let (core, lane) = (self.core.clone(), lane.clone());
            let (room, record, timeout) = (self.room.clone(), self.record.clone(), self.settings.timeout);
            self.sending.spawn(async move {
                while let Some(delivery) = lane.next(core.clock.now()) {
                    let id = delivery.id.clone();
                    match send::attempt(&core, delivery, timeout).await {
                        Some(attempt) => {
                            lane.done(&attempt);
                            record.take(lane.clone(), attempt).await;
                        }
                        None => lane.recorded(&id),
                    }
                    if lane.wants_more() {
                        room.notify_one();
                    }
                }
            });
        }
    }
}
