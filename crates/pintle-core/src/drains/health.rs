//! Whether a drain's endpoint takes what it is sent: `errored` where more than 80 % of the tries of the last hour failed, or more than 50
//! (semantics.md 6.3). Pintle goes on trying, and never pauses a drain by itself.

use super::{Drain, Status, cursors};
use crate::clock::{HOUR, Millis};
use crate::deliveries::{Attempt, State};
use crate::ids::DrainId;
use crate::{Core, Result};
use pintle_store::{Conn, params};

/// More failures than this are too many, whatever arrived.
const FAILURES: i64 = 50;
/// As few tries say nothing about a share.
const TRIES: i64 = 5;

/// Judges a drain after a try.
pub(super) async fn after(tx: &Conn, attempt: &Attempt, now: Millis) -> Result<()> {
    match &attempt.drain {
        Some(drain) => judge(tx, drain, attempt.state != State::Delivered, now).await,
        None => Ok(()),
    }
}

/// Judges those that are errored, since failures grow old without anything being sent.
pub async fn review(core: &Core) -> Result<()> {
    let rows: Vec<(String,)> =
        core.db.read().await?.all("SELECT id FROM drains WHERE status = 'errored'", &[]).await?;
    let now = core.clock.now();
    for (id,) in rows {
        let drain = DrainId::from(id);
        core.db.write(async move |tx| judge(tx, &drain, false, now).await).await?;
    }
    Ok(())
}

/// A drain that works stays so until something fails; so most tries cost one look at its status.
async fn judge(tx: &Conn, id: &DrainId, failed: bool, now: Millis) -> Result<()> {
    let sql = "SELECT status, healthy_from FROM drains WHERE id = $1";
    let Some((status, from)) = tx.opt::<(String, Millis)>(sql, &params![id]).await? else { return Ok(()) };
    if status == "disabled" || (status == "enabled" && !failed) {
        return Ok(());
    }
    let since = from.max(now - HOUR);
    let sql = "SELECT COUNT(*), MIN(created_at) FROM delivery_tries
      WHERE drain_id = $1 AND failed = 1 AND created_at > $2";
    let (failures, first): (i64, Option<Millis>) = tx.one(sql, &params![id, since]).await?;
    let errored =
        failures > FAILURES || mostly(failures, arrived(tx, id, since, failures / 4 + TRIES).await?);
    if errored == (status == "errored") {
        return Ok(());
    }
    let (doc,): (String,) = tx.one("SELECT doc FROM drains WHERE id = $1", &params![id]).await?;
    let mut drain: Drain = serde_json::from_str(&doc)?;
    drain.status = if errored { Status::Errored } else { Status::Enabled };
    drain.first_error_timestamp = first.filter(|_| errored);
    let sql = "UPDATE drains SET doc = $2 WHERE id = $1";
    tx.execute(sql, &params![id, serde_json::to_string(&drain)?]).await?;
    cursors::set_status(tx, &drain).await
}

/// How many arrived, counted no further than to `enough`.
async fn arrived(tx: &Conn, id: &DrainId, since: Millis, enough: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM delivery_tries
      WHERE drain_id = $1 AND failed = 0 AND created_at > $2 LIMIT $3) t";
    let (count,) = tx.one(sql, &params![id, since, enough]).await?;
    Ok(count)
}

/// More than 80 % failed.
fn mostly(failures: i64, arrived: i64) -> bool {
    failures + arrived >= TRIES && failures > 4 * arrived
}

#[cfg(test)]
mod tests {
    use super::mostly;

    #[test]
    fn more_than_four_of_five_is_most_from_five_on() {
        let cases = [
            ((4, 0), false),
            ((5, 0), true),
            ((4, 1), false),
            ((5, 1), true),
            ((8, 2), false),
            ((9, 2), true),
            ((50, 13), false),
            ((0, 9), false),
        ];
        for ((failures, arrived), expected) in cases {
            assert_eq!(mostly(failures, arrived), expected, "{failures} failed, {arrived} arrived");
        }
    }
}
