//! Webhooks on their way: one conductor asks which lanes have something due and room for it, leases that, and lets each lane send;
//! one recorder writes down what became of it, many tries in a transaction.

mod lanes;
mod recorder;
mod send;

use crate::{Ending, Settings};
use lanes::{Lane, Lanes, Sender};
use pintle_core::clock::{MINUTE, Millis, SECOND};
use pintle_core::{Core, Result, deliveries};
use recorder::Record;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long a worker has what it leased: enough to send all that waits in a lane, each as slowly as may be.
const LEASE: Millis = 3 * MINUTE;
/// How often to look for what other processes left.
const LOOK: Millis = SECOND;

/// Delivers until it is to end; then lets the tries that are under way end and be recorded.
pub(crate) async fn run(core: Core, settings: Settings, mut ending: Ending) {
    let (mut bell, mut moves) = (core.bell.listen(), core.clock.moves());
    let room: Arc<Notify> = Arc::default();
    let (record, recorder) = recorder::start(core.clone(), room.clone());
    let lanes = Lanes::default();
    let mut conductor = Conductor { core, settings, lanes, room, record, sending: JoinSet::new() };
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
            () = ending.asked() => break,
        }
    }
    conductor.finish(recorder).await;
}

struct Conductor {
    core: Core,
    settings: Settings,
    lanes: Lanes,
    /// Notified when a lane could do with more.
    room: Arc<Notify>,
    record: Record,
    sending: JoinSet<()>,
}

impl Conductor {
    /// Leases what is due where there is room, and lets it be sent. Answers how long nothing more will be due.
    async fn round(&mut self) -> Result<Millis> {
        while let Some(ended) = self.sending.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "a sender failed");
                // It may have been the only one in its lane.
                self.lanes.all().iter().for_each(|lane| self.fill(lane));
            }
        }
        let waiting = deliveries::lanes(&self.core.db.read().await?).await?;
        let now = self.core.clock.now();
        let next = waiting.iter().map(|lane| lane.due).filter(|due| *due > now).min();
        let claims = self.lanes.claims(&waiting, now);
        if !claims.is_empty() {
            for delivery in deliveries::claim(&self.core, claims, LEASE).await? {
                let lane = self.lanes.lane(&delivery.source);
                lane.push(delivery);
                self.fill(&lane);
            }
        }
        Ok(next.map_or(LOOK, |due| (due - now).clamp(1, LOOK)))
    }

    /// Starts the senders that a lane has work for.
    fn fill(&mut self, lane: &Lane) {
        for sender in lane.senders() {
            let (core, timeout) = (self.core.clone(), self.settings.timeout);
            self.sending.spawn(send_all(core, timeout, sender, self.record.clone(), self.room.clone()));
        }
    }

    async fn finish(mut self, mut recorder: JoinSet<()>) {
        self.lanes.let_go();
        while self.sending.join_next().await.is_some() {}
        // The recorder ends when nobody is left who could have something for it.
        drop(self.record);
        while recorder.join_next().await.is_some() {}
    }
}

/// Sends what waits in a lane, one after the other.
async fn send_all(core: Core, timeout: Duration, mut sender: Sender, record: Record, room: Arc<Notify>) {
    while let Some(delivery) = sender.next(core.clock.now()) {
        let id = delivery.id.clone();
        match send::attempt(&core, delivery, timeout).await {
            Some(attempt) => {
                sender.lane.done(&attempt);
                record.take(sender.lane.clone(), attempt).await;
            }
            None => {
                sender.lane.recorded(&id);
                room.notify_one();
            }
        }
        if sender.lane.wants_more() {
            room.notify_one();
        }
    }
}
