//! How long logs are kept, and how many of them.

use super::Position;
use crate::clock::{DAY, Millis};
use crate::ids::OwnerId;
use crate::{Core, Result};
use pintle_store::{Conn, params};

/// Batches that one transaction takes at most.
const STEP: i64 = 256;

/// What an operator decided.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Milliseconds for which a batch is kept.
    pub age: Millis,
    /// Bytes that one owner's packed batches may have together.
    pub bytes: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { age: 3 * DAY, bytes: 1 << 30 }
    }
}

/// Takes the oldest batches of a stream that weighs more than it may, and a little more of them, so that not every batch that comes
/// pushes one out.
pub(super) async fn shorten(tx: &Conn, owner: &OwnerId, bytes: i64, keep: i64) -> Result<()> {
    let mut excess = bytes - keep;
    if excess <= 0 {
        return Ok(());
    }
    excess += keep / 64;
    while excess > 0 {
        let freed = take(tx, owner, |freed, _| freed < excess).await?;
        if freed == 0 {
            break;
        }
        excess -= freed;
    }
    Ok(())
}

/// Takes what is older than it may be, of every owner; answers how many bytes that were.
pub async fn sweep(core: &Core) -> Result<i64> {
    let oldest = core.clock.now() - core.retention.age;
    let sql = "SELECT DISTINCT owner_id FROM log_batches WHERE created_at < $1";
    let owners: Vec<(String,)> = core.db.read().await?.all(sql, &params![oldest]).await?;
    let mut total = 0;
    for (owner,) in owners {
        let owner = OwnerId::from(owner);
        loop {
            let owner = owner.clone();
            let step = async move |tx: &Conn| take(tx, &owner, |_, at| at < oldest).await;
            let freed = core.db.write(step).await?;
            total += freed;
            if freed == 0 {
                break;
            }
        }
    }
    Ok(total)
}

/// Takes batches from the old end of a stream while `wanted` says so, given the bytes that were freed and when the next one was
/// appended; answers the bytes. At most `STEP` batches.
async fn take(tx: &Conn, owner: &OwnerId, wanted: impl Fn(i64, Millis) -> bool) -> Result<i64> {
    let sql = format!(
        "SELECT position, created_at, bytes FROM log_batches WHERE owner_id = $1 ORDER BY position LIMIT {STEP}"
    );
    let mut freed = 0;
    let mut last = None;
    for (position, at, bytes) in tx.all::<(Position, Millis, i64)>(&sql, &params![owner]).await? {
        if !wanted(freed, at) {
            break;
        }
        freed += bytes;
        last = Some(position);
    }
    let Some(last) = last else { return Ok(0) };
    tx.execute("DELETE FROM log_batches WHERE owner_id = $1 AND position <= $2", &params![owner, last])
        .await?;
    let sql = "UPDATE log_streams SET tail = $2, bytes = bytes - $3 WHERE owner_id = $1";
    tx.execute(sql, &params![owner, last + 1, freed]).await?;
    Ok(freed)
}
