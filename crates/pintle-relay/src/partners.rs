//! Calls to partners that nobody waits for: what a request left undone, one at a time for each installation.

use crate::Ending;
use pintle_core::marketplace::calls;
use pintle_core::{Core, Result};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};

/// How often to look for what has become due.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks, however often the bell rings.
const PAUSE: Duration = Duration::from_millis(10);

/// Runs them until it is to end; then lets those that are under way end.
pub(crate) async fn run(core: Core, mut ending: Ending) {
    let (mut bell, mut moves) = (core.bell.listen(), core.clock.moves());
    let mut conductor = Conductor { core, running: JoinSet::new(), busy: HashMap::new() };
    loop {
        let pause = tokio::time::sleep(PAUSE);
        if let Err(error) = conductor.round().await {
            tracing::error!(%error, "calls to partners could not be looked for");
        }
        pause.await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = bell.changed() => {}
            _ = moves.changed() => {}
            Some(ended) = conductor.running.join_next_with_id() => conductor.ended(ended),
            () = ending.asked() => break,
        }
    }
    while conductor.running.join_next().await.is_some() {}
}

struct Conductor {
    core: Core,
    running: JoinSet<()>,
    /// The installations that have a call under way.
    busy: HashMap<Id, String>,
}

impl Conductor {
    async fn round(&mut self) -> Result<()> {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.ended(ended);
        }
        let busy: HashSet<String> = self.busy.values().cloned().collect();
        for claimed in calls::claim(&self.core, &busy).await? {
            let (core, lane) = (self.core.clone(), claimed.lane.clone());
            let task = self.running.spawn(async move {
                // It is due again when its lease ends.
                if let Err(error) = calls::run_claimed(&core, &claimed).await {
                    tracing::error!(%error, call = %claimed.id, "a call to a partner could not be run");
                }
            });
            self.busy.insert(task.id(), lane);
        }
        Ok(())
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.busy.remove(&id);
    }
}
