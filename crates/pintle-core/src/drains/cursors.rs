//! Where each drain stands in its owner's stream: one place for its log lines, one for its spans. Each is a lane of its own, which one
//! process works on at a time.

use super::{Drain, Status};
use crate::clock::{Millis, SECOND};
use crate::deliveries::{self, Delivery};
use crate::ids::{DeliveryId, DrainId, OwnerId};
use crate::logs::{self, Kind, Position};
use crate::{Core, Error, Result};
use pintle_store::{Conn, Engine, params};
use serde_json::Value as Json;

/// How long a process has a lane without being heard of.
pub const LEASE: Millis = 60 * SECOND;

/// A drain, and what of its owner's stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lane {
    pub drain: DrainId,
    pub kind: Kind,
}

/// Where a lane stands.
#[derive(Debug, Clone)]
pub struct Cursor {
    pub owner: OwnerId,
    /// Up to here everything was sent, or is a delivery's to send.
    pub position: Position,
    /// A piece that failed waits to be tried again, and nothing further is sent before it.
    pub held: bool,
}

impl Drain {
    /// What of the stream it gets: log lines by any way, spans by OTLP only.
    pub fn kinds(&self) -> Vec<Kind> {
        [Kind::Log, Kind::Trace].into_iter().filter(|kind| self.gets(*kind)).collect()
    }

    fn gets(&self, kind: Kind) -> bool {
        self.schemas.contains_key(kind.as_str()) && self.delivery.carries(kind)
    }
}

/// Lets a drain begin at what comes from now on, with each kind that it gets and did not get before.
pub(super) async fn begin(tx: &Conn, drain: &Drain) -> Result<()> {
    let kinds = drain.kinds();
    for kind in [Kind::Log, Kind::Trace] {
        if kinds.contains(&kind) {
            let head = logs::head(tx, &drain.owner_id).await?;
            let sql = "INSERT INTO drain_cursors (drain_id, kind, owner_id, position, leased_until)
              VALUES ($1, $2, $3, $4, 0) ON CONFLICT (drain_id, kind) DO NOTHING";
            tx.execute(sql, &params![&drain.id, kind.as_str(), &drain.owner_id, head]).await?;
        } else {
            forget(tx, &Lane { drain: drain.id.clone(), kind }).await?;
        }
    }
    Ok(())
}

/// Whether the drain of a delivery is there and gets the stream that it is a piece of.
pub(crate) async fn reads(tx: &Conn, delivery: &Delivery) -> Result<bool> {
    let stream = delivery.rest.get("stream").and_then(Json::as_str);
    let sql = "SELECT drain_id FROM drain_cursors WHERE drain_id = $1 AND kind = $2";
    Ok(tx.opt::<(String,)>(sql, &params![delivery.source(), stream]).await?.is_some())
}

/// Takes out a lane that its drain does not get, with what waits in it.
async fn forget(tx: &Conn, lane: &Lane) -> Result<()> {
    deliveries::cancel_of_stream(tx, &lane.drain, lane.kind.as_str()).await?;
    let sql = "DELETE FROM drain_cursors WHERE drain_id = $1 AND kind = $2";
    tx.execute(sql, &params![&lane.drain, lane.kind.as_str()]).await?;
    Ok(())
}

/// The same, where a worker finds out.
pub async fn end(core: &Core, lane: &Lane) -> Result<()> {
    let lane = lane.clone();
    core.db.write(async move |tx| forget(tx, &lane).await).await
}

/// Stored beside the document, where it can be asked for.
pub(super) async fn set_status(tx: &Conn, drain: &Drain) -> Result<()> {
    let sql = "UPDATE drains SET status = $2 WHERE id = $1";
    tx.execute(sql, &params![&drain.id, drain.status.name()]).await?;
    Ok(())
}

/// Lanes with something to do: new batches, unless a piece that failed waits; or a delivery that is due. Not those of paused drains
/// and disabled installations, and not those that another process has.
///
/// It begins at streams and at deliveries, for most drains have nothing to do: SQLite takes cross joins in the order in which they stand.
const WAITING: &str = r#"WITH waiting (drain_id, kind) AS (
    SELECT c.drain_id, c.kind FROM log_streams s CROSS JOIN drain_cursors c
      LEFT JOIN deliveries h ON h.id = c.held_by AND h.state = 'pending'
    WHERE c.owner_id = s.owner_id AND c.position < s.head AND h.id IS NULL
    UNION
    SELECT c.drain_id, c.kind FROM deliveries p CROSS JOIN delivery_contents t CROSS JOIN drain_cursors c
    WHERE p.kind = 'drain' AND p.due_at <= $1 AND t.delivery_id = p.id AND c.drain_id = p.source_id
      AND t.doc LIKE '%"stream":"' || c.kind || '"%'
  )
  SELECT w.drain_id, w.kind FROM waiting w CROSS JOIN drain_cursors c CROSS JOIN drains d
    LEFT JOIN configurations f ON f.id = d.configuration_id
  WHERE c.drain_id = w.drain_id AND c.kind = w.kind AND d.id = w.drain_id
    AND d.status <> 'disabled' AND f.disabled_at IS NULL
    AND (c.leased_by IS NULL OR c.leased_by = $2 OR c.leased_until < $1)"#;

pub async fn waiting(core: &Core, worker: &str) -> Result<Vec<Lane>> {
    let params = params![core.clock.now(), worker];
    let rows: Vec<(String, String)> = core.db.read().await?.all(WAITING, &params).await?;
    rows.into_iter()
        .map(|(drain, kind)| Ok(Lane { drain: DrainId::from(drain), kind: Kind::parse(&kind)? }))
        .collect()
}

/// Takes a lane, or keeps it; answers until when. `None` where it is gone or another process has it.
pub async fn lease(core: &Core, lane: &Lane, worker: &str) -> Result<Option<Millis>> {
    let now = core.clock.now();
    let until = now + LEASE;
    let (lane, worker) = (lane.clone(), worker.to_owned());
    let leased = core.db.write(async move |tx| {
        let sql = "UPDATE drain_cursors SET leased_by = $3, leased_until = $4
          WHERE drain_id = $1 AND kind = $2 AND (leased_by IS NULL OR leased_by = $3 OR leased_until < $5)";
        Ok::<_, Error>(
            tx.execute(sql, &params![&lane.drain, lane.kind.as_str(), &worker, until, now]).await? == 1,
        )
    });
    Ok(leased.await?.then_some(until))
}

/// Where a lane stands that the worker has; `None` where it has it no more.
pub async fn read(core: &Core, lane: &Lane, worker: &str) -> Result<Option<Cursor>> {
    let sql = "SELECT c.owner_id, c.position, h.id FROM drain_cursors c
        LEFT JOIN deliveries h ON h.id = c.held_by AND h.state = 'pending'
      WHERE c.drain_id = $1 AND c.kind = $2 AND c.leased_by = $3";
    let params = params![&lane.drain, lane.kind.as_str(), worker];
    let row: Option<(String, Position, Option<String>)> = core.db.read().await?.opt(sql, &params).await?;
    Ok(row.map(|(owner, position, held_by)| Cursor {
        owner: OwnerId::from(owner),
        position,
        held: held_by.is_some(),
    }))
}

/// Ends the leases of earlier processes on a database that only one can use at a time; on PostgreSQL they run out by themselves.
pub async fn release(core: &Core) -> Result<()> {
    if core.db.engine() != Engine::Sqlite {
        return Ok(());
    }
    let sql = "UPDATE drain_cursors SET leased_by = NULL WHERE leased_by IS NOT NULL";
    core.db.write(async move |tx| Ok(tx.execute(sql, &[]).await.map(drop)?)).await
}

/// Moves on over what nothing has to be sent of. `false` where the lane is not the worker's any more.
pub async fn advance(core: &Core, lane: &Lane, worker: &str, from: Position, to: Position) -> Result<bool> {
    let (lane, worker) = (lane.clone(), worker.to_owned());
    core.db.write(async move |tx| move_on(tx, &lane, &worker, from, to, None).await).await
}

pub(super) async fn move_on(
    tx: &Conn,
    lane: &Lane,
    worker: &str,
    from: Position,
    to: Position,
    held_by: Option<&DeliveryId>,
) -> Result<bool> {
    let sql = "UPDATE drain_cursors SET position = $5, held_by = $6
      WHERE drain_id = $1 AND kind = $2 AND leased_by = $3 AND position = $4";
    let params = params![&lane.drain, lane.kind.as_str(), worker, from, to, held_by];
    Ok(tx.execute(sql, &params).await? == 1)
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Enabled => "enabled",
            Status::Disabled => "disabled",
            Status::Errored => "errored",
        }
    }
}
