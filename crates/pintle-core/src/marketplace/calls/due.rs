//! Calls that nobody waits for: what is due again, one at a time for each installation, whichever server runs it.

use super::{LEASE, run};
use crate::clock::Millis;
use crate::ids::DeliveryId;
use crate::{Core, Result};
use pintle_store::{Conn, params};
use std::collections::HashSet;

/// A call in a worker's hands, for as long as its tries may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub id: DeliveryId,
    /// The installation, which has no other under way.
    pub lane: String,
    /// When the lease of both ends.
    until: Millis,
}

/// Takes the oldest due call of each installation that has none under way, here (`busy`) or on another server; then [`run_claimed`] it.
/// A lease alone would not do here: where the clock is moved, it ends before the call does.
pub async fn claim(core: &Core, busy: &HashSet<String>) -> Result<Vec<Claimed>> {
    let now = core.clock.now();
    let until = now + LEASE;
    let sql = "SELECT DISTINCT d.source_id FROM deliveries d WHERE d.kind = 'partner' AND d.due_at <= $1
      AND NOT EXISTS (SELECT 1 FROM installations i WHERE i.id = d.source_id AND i.called_until > $1)";
    let lanes: Vec<(String,)> = core.db.read().await?.all(sql, &params![now]).await?;
    let lanes: Vec<String> =
        lanes.into_iter().map(|(lane,)| lane).filter(|lane| !busy.contains(lane)).collect();
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    core.db
        .write(async move |tx| {
            let mut claimed = Vec::new();
            for lane in &lanes {
                if let Some(id) = take(tx, lane, now, until).await? {
                    claimed.push(Claimed { id: DeliveryId::from(id), lane: lane.clone(), until });
                }
            }
            Ok(claimed)
        })
        .await
}

/// Runs what was claimed, and leaves the installation to whoever comes next. Where that fails, both are free when their leases end.
///
/// # Errors
/// As `run`.
pub async fn run_claimed(core: &Core, claimed: &Claimed) -> Result<()> {
    run(core, &claimed.id).await?;
    let Claimed { lane, until, .. } = claimed.clone();
    // Unless it has ended, and is somebody else's by now.
    let sql = "UPDATE installations SET called_until = NULL WHERE id = $1 AND called_until = $2";
    core.db.write(async move |tx| Ok(tx.execute(sql, &params![&lane, until]).await.map(drop)?)).await
}

/// An installation whose integration is gone has no row any more, and so no lease: its last call is only that it ends.
async fn take(tx: &Conn, lane: &str, now: Millis, until: Millis) -> Result<Option<String>> {
    let sql = "UPDATE deliveries SET due_at = $3 WHERE id =
        (SELECT id FROM deliveries WHERE kind = 'partner' AND source_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT 1)
      AND NOT EXISTS (SELECT 1 FROM installations WHERE id = $1 AND called_until > $2) RETURNING id";
    let taken: Option<(String,)> = tx.opt(sql, &params![lane, now, until]).await?;
    let Some((id,)) = taken else { return Ok(None) };
    let lease = "UPDATE installations SET called_until = $2 WHERE id = $1";
    tx.execute(lease, &params![lane, until]).await?;
    Ok(Some(id))
}
