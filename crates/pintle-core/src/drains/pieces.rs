//! Pieces of the stream on their way to a drain: each is a delivery, with its range beside it.

use super::cursors::{self, Lane};
use super::health;
use crate::clock::Millis;
use crate::deliveries::{self, Attempt, Delivery, Exchange, State, Try};
use crate::ids::{ConfigurationId, DeliveryId, DrainId, OwnerId, ProjectId};
use crate::logs::Position;
use crate::{Core, Result};
use pintle_store::params;
use serde::{Deserialize, Serialize};

/// What a delivery of a drain says beside what every delivery says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// `log` or `trace`.
    pub stream: String,
    /// The first and the last position, both included.
    pub from: Position,
    pub to: Position,
    /// The projects that it was taken of, `None` for all: a selection that is widened later makes no piece larger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<ProjectId>>,
    /// How many lines or spans of it were taken when it was first sent.
    pub lines: usize,
    /// How many bytes those were, before they were compressed.
    pub bytes: usize,
}

/// A piece that was not sent before.
#[derive(Debug, Clone)]
pub struct Fresh {
    pub owner: OwnerId,
    pub configuration: Option<ConfigurationId>,
    pub url: String,
    pub piece: Piece,
}

/// A piece that is due.
#[derive(Debug, Clone)]
pub struct Due {
    pub delivery: DeliveryId,
    pub piece: Piece,
    /// The tries that were made before.
    pub tries: i64,
    pub retry_until: Millis,
}

impl Fresh {
    fn delivery(&self, id: &DeliveryId, drain: &DrainId, now: Millis) -> Result<Delivery> {
        let rest = serde_json::to_value(&self.piece)?;
        Ok(Delivery {
            id: id.clone(),
            owner_id: self.owner.clone(),
            kind: deliveries::Kind::Drain,
            url: self.url.clone(),
            event_id: None,
            event_type: None,
            webhook_id: None,
            integration_id: None,
            drain_id: Some(drain.clone()),
            listener_id: None,
            configuration_id: self.configuration.clone(),
            created_at: now,
            rest: rest.as_object().cloned().unwrap_or_default(),
        })
    }
}

/// The delivery of a lane that has been due longest.
pub async fn due(core: &Core, lane: &Lane) -> Result<Option<Due>> {
    let sql = "SELECT d.id, c.doc, d.tries, d.retry_until
      FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id
      WHERE d.kind = 'drain' AND d.source_id = $1 AND d.due_at <= $2 AND c.doc LIKE '%\"stream\":\"' || $3 || '\"%'
      ORDER BY d.due_at LIMIT 1";
    let params = params![&lane.drain, core.clock.now(), lane.kind.as_str()];
    let row: Option<(String, String, i64, Millis)> = core.db.read().await?.opt(sql, &params).await?;
    row.map(|(id, doc, tries, retry_until)| {
        let piece = serde_json::from_str(&doc)?;
        Ok(Due { delivery: DeliveryId::from(id), piece, tries, retry_until })
    })
    .transpose()
}

/// Whether a delivery still waits to be sent.
pub async fn is_pending(core: &Core, id: &DeliveryId) -> Result<bool> {
    let sql = "SELECT id FROM deliveries WHERE id = $1 AND state = 'pending'";
    Ok(core.db.read().await?.opt::<(String,)>(sql, &params![id]).await?.is_some())
}

/// Writes down the first try of a piece, and moves on: what failed is the delivery's to send from now on, and holds the lane. Where the
/// lane is gone or another's meanwhile, a piece that failed is left to whoever has it.
pub async fn record_first(
    core: &Core,
    lane: &Lane,
    worker: &str,
    fresh: Fresh,
    attempt: Attempt,
) -> Result<()> {
    let now = core.clock.now();
    let (lane, worker) = (lane.clone(), worker.to_owned());
    core.db
        .write(async move |tx| {
            let mut attempt = Attempt { order: None, ..attempt.clone() };
            let Piece { from, to, .. } = fresh.piece;
            let held_by = (attempt.state == State::Pending).then_some(&attempt.delivery);
            let moved = cursors::move_on(tx, &lane, &worker, from - 1, to, held_by).await?;
            if !moved && attempt.state == State::Pending {
                (attempt.state, attempt.due) = (State::Canceled, None);
            }
            fresh.delivery(&attempt.delivery, &lane.drain, now)?.insert(tx, None, None).await?;
            deliveries::record(tx, &attempt).await?;
            health::after(tx, &attempt, now).await
        })
        .await
}

/// Writes down a further try.
pub async fn record_again(core: &Core, attempt: Attempt) -> Result<()> {
    let now = core.clock.now();
    core.db
        .write(async move |tx| {
            deliveries::record(tx, &attempt).await?;
            health::after(tx, &attempt, now).await
        })
        .await
}

/// Writes down what the limits of the logs took before it could be sent, as a delivery that failed, and moves on behind it.
pub async fn record_lost(core: &Core, lane: &Lane, worker: &str, lost: Fresh) -> Result<()> {
    let now = core.clock.now();
    let id = DeliveryId::at(now, &core.entropy);
    let (lane, worker) = (lane.clone(), worker.to_owned());
    core.db
        .write(async move |tx| {
            let Piece { from, to, .. } = lost.piece;
            if cursors::move_on(tx, &lane, &worker, from - 1, to, None).await? {
                lost.delivery(&id, &lane.drain, now)?.insert(tx, None, None).await?;
                deliveries::record(tx, &unsent(id.clone(), State::Failed, TAKEN, now)).await?;
            }
            Ok(())
        })
        .await
}

/// Writes down that the limits of the logs took the beginning of a piece before it arrived: that is a delivery of its own, which failed,
/// and the piece begins behind it from now on.
pub async fn record_shorter(core: &Core, lane: &Lane, id: &DeliveryId, lost: Fresh) -> Result<()> {
    let now = core.clock.now();
    let gone = DeliveryId::at(now, &core.entropy);
    let (lane, id) = (lane.clone(), id.clone());
    core.db
        .write(async move |tx| {
            let sql = "SELECT doc FROM delivery_contents WHERE delivery_id = $1";
            let Some((doc,)) = tx.opt::<(String,)>(sql, &params![&id]).await? else { return Ok(()) };
            let mut rest: Delivery = serde_json::from_str(&doc)?;
            rest.rest.insert("from".to_owned(), (lost.piece.to + 1).into());
            let sql = "UPDATE delivery_contents SET doc = $2 WHERE delivery_id = $1";
            tx.execute(sql, &params![&id, serde_json::to_string(&rest)?]).await?;
            lost.delivery(&gone, &lane.drain, now)?.insert(tx, None, None).await?;
            deliveries::record(tx, &unsent(gone.clone(), State::Failed, TAKEN, now)).await
        })
        .await
}

/// Ends a delivery of which nothing is left to send.
pub async fn record_nothing(core: &Core, id: DeliveryId, taken: bool) -> Result<()> {
    let now = core.clock.now();
    let (state, why) =
        if taken { (State::Failed, TAKEN) } else { (State::Canceled, "nothing of it is selected any more") };
    core.db.write(async move |tx| deliveries::record(tx, &unsent(id.clone(), state, why, now)).await).await
}

const TAKEN: &str = "the limits of the logs took it before it was sent";

/// What stands for a try where none was made. It does not count for the drain's health.
fn unsent(delivery: DeliveryId, state: State, why: &str, at: Millis) -> Attempt {
    let made = Try {
        at,
        duration_ms: 0,
        status: None,
        error: Some(why.to_owned()),
        request: Exchange::default(),
        response: None,
    };
    Attempt::new(delivery, None, &made, state, None)
}
