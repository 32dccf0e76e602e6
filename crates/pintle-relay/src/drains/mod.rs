//! Drains on their way. Each lane, a drain's log lines or its spans, is a task of its own while there is something to send: so an
//! endpoint that hangs holds up nobody else's. What a lane has in memory is one piece of the stream, and only so many lanes have one at
//! a time.

mod lane;
mod next;

use crate::{Ending, Settings};
use pintle_core::clock::{MINUTE, Millis};
use pintle_core::drains::cursors::{self, Lane};
use pintle_core::drains::health;
use pintle_core::{Core, Result};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};

/// How often to look for what other processes left, and for what has become due.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks, however often the bell rings.
const PAUSE: Duration = Duration::from_millis(10);
/// How often drains that are errored are judged anew.
const REVIEW: Millis = MINUTE;
/// Pieces in memory at a time, of about two megabytes each. Lanes wait for each other only where more endpoints than this hang at once;
/// those rest longer after each failure.
const HANDS: usize = 256;

/// Delivers until it is to end; then lets the pieces that are under way end and be recorded.
pub(crate) async fn run(core: Core, settings: Settings, mut ending: Ending) {
    let (mut bell, mut moves) = (core.bell.listen(), core.clock.moves());
    let worker = format!("relay_{}", core.entropy.base62(12)).into();
    let hands = Arc::new(Semaphore::new(HANDS));
    let (lanes, busy) = (JoinSet::new(), HashMap::new());
    let mut conductor = Conductor { core, settings, worker, hands, ending: ending.clone(), lanes, busy };
    let mut reviewed = conductor.core.clock.now();
    loop {
        let pause = tokio::time::sleep(PAUSE);
        if let Err(error) = conductor.round().await {
            tracing::error!(%error, "drains could not be looked at");
        }
        let now = conductor.core.clock.now();
        if now > reviewed + REVIEW {
            reviewed = now;
            if let Err(error) = health::review(&conductor.core).await {
                tracing::error!(%error, "drains could not be judged");
            }
        }
        pause.await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = bell.changed() => {}
            _ = moves.changed() => {}
            Some(ended) = conductor.lanes.join_next_with_id() => conductor.ended(ended),
            () = ending.asked() => break,
        }
    }
    while conductor.lanes.join_next().await.is_some() {}
}

struct Conductor {
    core: Core,
    settings: Settings,
    /// This process, in its leases.
    worker: Arc<str>,
    hands: Arc<Semaphore>,
    ending: Ending,
    lanes: JoinSet<()>,
    busy: HashMap<Id, Lane>,
}

impl Conductor {
    /// Sets to work each lane that has something to do.
    async fn round(&mut self) -> Result<()> {
        while let Some(ended) = self.lanes.try_join_next_with_id() {
            self.ended(ended);
        }
        for lane in cursors::waiting(&self.core, &self.worker).await? {
            if !self.busy.values().any(|busy| *busy == lane) {
                let (core, worker, hands) = (self.core.clone(), self.worker.clone(), self.hands.clone());
                let ending = self.ending.clone();
                let work = lane::work(core, self.settings, worker, lane.clone(), hands, ending);
                self.busy.insert(self.lanes.spawn(work).id(), lane);
            }
        }
        Ok(())
    }

    fn ended(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.busy.remove(&id);
    }
}
