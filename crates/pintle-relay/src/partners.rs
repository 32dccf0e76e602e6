//! Calls to partners that nobody waits for: what a request left undone, one at a time for each installation.

use crate::Ending;
use pintle_core::marketplace::calls;
use pintle_core::{Core, Result};
use std::time::Duration;
use tokio::task::JoinSet;

/// How often to look for what has become due.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks, however often the bell rings.
const PAUSE: Duration = Duration::from_millis(10);

/// Runs them until it is to end; then lets those that are under way end.
pub(crate) async fn run(core: Core, mut ending: Ending) {
    let (mut bell, mut moves) = (core.bell.listen(), core.clock.moves());
    let mut running = JoinSet::new();
    loop {
        let pause = tokio::time::sleep(PAUSE);
        if let Err(error) = begin(&core, &mut running).await {
            tracing::error!(%error, "calls to partners could not be looked for");
        }
        pause.await;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = bell.changed() => {}
            _ = moves.changed() => {}
            Some(_) = running.join_next() => {}
            () = ending.asked() => break,
        }
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

/// Begins what is due.
async fn begin(core: &Core, running: &mut JoinSet<()>) -> Result<()> {
    for claimed in calls::claim(core).await? {
        let core = core.clone();
        running.spawn(async move {
            // It is due again when its lease ends.
            if let Err(error) = calls::run_claimed(&core, &claimed).await {
                tracing::error!(%error, call = %claimed.id, "a call to a partner could not be run");
            }
        });
    }
    Ok(())
}
