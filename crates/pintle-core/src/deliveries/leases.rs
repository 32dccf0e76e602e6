//! Who delivers what: leases. A worker that takes deliveries puts off when they are due, in one transaction; should nothing be heard of
//! it, they are due again. Each source is a lane, and is asked for apart, so that what waits in one hides no other.

use super::Delivery;
use crate::clock::Millis;
use crate::{Core, Result};
use pintle_store::{Conn, Engine, params};

/// A source with deliveries that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub source: String,
    /// When the first of them is due.
    pub due: Millis,
}

/// Jumps along the index from source to source, so it costs as many steps as there are lanes, however much waits in each.
const LANES: &str = "WITH RECURSIVE lane (source_id) AS (
    SELECT MIN(source_id) FROM deliveries WHERE kind = 'webhook' AND due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT MIN(d.source_id) FROM deliveries d
            WHERE d.kind = 'webhook' AND d.due_at IS NOT NULL AND d.source_id > lane.source_id)
    FROM lane WHERE lane.source_id IS NOT NULL
  )
  SELECT source_id, (SELECT MIN(d.due_at) FROM deliveries d
                     WHERE d.kind = 'webhook' AND d.due_at IS NOT NULL AND d.source_id = lane.source_id)
  FROM lane WHERE source_id IS NOT NULL";

/// The lanes of webhooks.
pub async fn lanes(conn: &Conn) -> Result<Vec<Lane>> {
    let rows: Vec<(String, Millis)> = conn.all(LANES, &[]).await?;
    Ok(rows.into_iter().map(|(source, due)| Lane { source, due }).collect())
}

/// So many of the due deliveries of a source.
#[derive(Debug, Clone)]
pub struct Claim {
    pub source: String,
    pub count: i64,
}

/// A delivery in a worker's hands.
#[derive(Debug)]
pub struct Leased {
    pub delivery: Delivery,
    pub body: String,
    /// What signs it: the source's secret as it is now, or as it was where the source is gone.
    pub secret: String,
    /// The tries that were made before.
    pub tries: i64,
    pub retry_until: Millis,
    /// When the lease runs out.
    pub until: Millis,
}

const CLAIM: &str = "UPDATE deliveries SET due_at = $3, leased_by = $4
  WHERE id IN (SELECT d.id FROM deliveries d
               WHERE d.kind = 'webhook' AND d.source_id = $1 AND d.due_at <= $2 ORDER BY d.due_at LIMIT $5)
  RETURNING doc, body, tries, retry_until,
    COALESCE((SELECT i.client_secret FROM integrations i WHERE i.id = deliveries.source_id),
             (SELECT w.secret FROM webhooks w WHERE w.id = deliveries.source_id), secret)";

type Row = (String, Option<String>, i64, Millis, Option<Vec<u8>>);

/// Takes what is due of some lanes, for so long.
pub async fn claim(core: &Core, worker: &str, claims: Vec<Claim>, lease: Millis) -> Result<Vec<Leased>> {
    let now = core.clock.now();
    let until = now + lease;
    let worker = worker.to_owned();
    let rows = core
        .db
        .write(async move |tx| {
            let mut rows: Vec<Row> = Vec::new();
            for Claim { source, count } in &claims {
                rows.extend(tx.all::<Row>(CLAIM, &params![source, now, until, &worker, *count]).await?);
            }
            Ok::<_, crate::Error>(rows)
        })
        .await?;
    rows.into_iter().map(|row| leased(core, row, until)).collect()
}

fn leased(core: &Core, (doc, body, tries, retry_until, secret): Row, until: Millis) -> Result<Leased> {
    let delivery: Delivery = serde_json::from_str(&doc)?;
    let secret = core.vault.open_text(delivery.source(), &secret.unwrap_or_default())?;
    Ok(Leased { delivery, body: body.unwrap_or_default(), secret, tries, retry_until, until })
}

/// Ends the leases of earlier processes on a database that only one can use at a time: what they had in hand is due now. On
/// PostgreSQL others may be at work, so their leases run out by themselves.
pub async fn release(core: &Core) -> Result<()> {
    if core.db.engine() != Engine::Sqlite {
        return Ok(());
    }
    let now = core.clock.now();
    core.db
        .write(async move |tx| {
            let sql = "UPDATE deliveries SET due_at = $1, leased_by = NULL WHERE due_at IS NOT NULL AND leased_by IS NOT NULL";
            tx.execute(sql, &params![now]).await.map(drop)?;
            Ok(())
        })
        .await
}
