//! Calls that nobody waits for: what is due again, one at a time for each installation on this server. Another one may run the next.

use super::LEASE;
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
}

/// Takes the oldest due call of each installation that is not busy.
pub async fn claim(core: &Core, busy: &HashSet<String>) -> Result<Vec<Claimed>> {
    let now = core.clock.now();
    let lanes: Vec<(String,)> = core
        .db
        .read()
        .await?
        .all(
            "SELECT DISTINCT source_id FROM deliveries WHERE kind = 'partner' AND due_at <= $1",
            &params![now],
        )
        .await?;
    let lanes: Vec<String> =
        lanes.into_iter().map(|(lane,)| lane).filter(|lane| !busy.contains(lane)).collect();
    if lanes.is_empty() {
        return Ok(Vec::new());
    }
    core.db
        .write(async move |tx| {
            let mut claimed = Vec::new();
            for lane in &lanes {
                let taken = take(tx, lane, now).await?;
                claimed.extend(taken.map(|id| Claimed { id: DeliveryId::from(id), lane: lane.clone() }));
            }
            Ok(claimed)
        })
        .await
}

async fn take(tx: &Conn, lane: &str, now: i64) -> Result<Option<String>> {
    let sql = "UPDATE deliveries SET due_at = $3 WHERE id =
        (SELECT id FROM deliveries WHERE kind = 'partner' AND source_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT 1)
      RETURNING id";
    Ok(tx.opt::<(String,)>(sql, &params![lane, now, now + LEASE]).await?.map(|(id,)| id))
}
