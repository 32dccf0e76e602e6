//! Who delivers what: leases. A worker that takes deliveries has them for a while; should nothing be heard of it, they are due again.
//! Each source is a lane, and is asked for apart, so that what waits in one hides no other.

use crate::clock::Millis;
use crate::ids::DeliveryId;
use crate::{Core, Result};
use pintle_store::{Conn, Engine, params};
use serde::Deserialize;
use std::collections::HashSet;

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
    pub count: usize,
    /// What the worker has of it already.
    pub in_hand: HashSet<DeliveryId>,
}

/// A delivery in a worker's hands.
#[derive(Debug)]
pub struct Leased {
    pub id: DeliveryId,
    /// Whose lane it is in.
    pub source: String,
    pub url: String,
    pub body: String,
    /// The tries that were made before.
    pub tries: i64,
    pub retry_until: Millis,
    /// When the lease runs out.
    pub until: Millis,
}

/// What is read of a delivery to send it.
const TAKEN: &str = "id, source_id, doc, body, tries, retry_until";

const DUE: &str = "SELECT d.id FROM deliveries d
  WHERE d.kind = 'webhook' AND d.source_id = $1 AND d.due_at <= $2 ORDER BY d.due_at LIMIT $3";

type Row = (String, String, String, Option<String>, i64, Millis);

/// Takes what is due of some lanes, for so long.
///
/// An SQLite database has one process only: there the worker's own knowledge of what it has in hand is the lease, which ends with the
/// process, and nothing is written.
pub async fn claim(core: &Core, worker: &str, claims: Vec<Claim>, lease: Millis) -> Result<Vec<Leased>> {
    let now = core.clock.now();
    let rows = match core.db.engine() {
        Engine::Sqlite => take(&core.db.read().await?, &claims, now).await?,
        Engine::Postgres => lease_rows(core, worker, claims, now, now + lease).await?,
    };
    Ok(rows.into_iter().map(|row| leased(row, now + lease)).collect())
}

/// Reads what is due and not in hand.
async fn take(conn: &Conn, claims: &[Claim], now: Millis) -> Result<Vec<Row>> {
    let sql = format!("SELECT {TAKEN} FROM deliveries WHERE id = $1");
    let mut rows = Vec::new();
    for Claim { source, count, in_hand } in claims {
        let due: Vec<(String,)> =
            conn.all(DUE, &params![source, now, (count + in_hand.len()) as i64]).await?;
        let fresh = due.into_iter().map(|(id,)| DeliveryId::from(id)).filter(|id| !in_hand.contains(id));
        for id in fresh.take(*count) {
            rows.extend(conn.opt::<Row>(&sql, &params![id]).await?);
        }
    }
    Ok(rows)
}

/// Puts off what is due until the lease ends.
async fn lease_rows(
    core: &Core,
    worker: &str,
    claims: Vec<Claim>,
    now: Millis,
    until: Millis,
) -> Result<Vec<Row>> {
    let sql =
        format!("UPDATE deliveries SET due_at = $4, leased_by = $5 WHERE id IN ({DUE}) RETURNING {TAKEN}");
    let worker = worker.to_owned();
    core.db
        .write(async move |tx| {
            let mut rows = Vec::new();
            for Claim { source, count, .. } in &claims {
                let claim = params![source, now, *count as i64, until, &worker];
                rows.extend(tx.all::<Row>(&sql, &claim).await?);
            }
            Ok(rows)
        })
        .await
}

fn leased((id, source, doc, body, tries, retry_until): Row, until: Millis) -> Leased {
    #[derive(Deserialize)]
    struct Address {
        url: String,
    }
    // One that cannot be read must not hold up the others: without an address its tries fail, for all to see.
    let url = serde_json::from_str(&doc).map_or(String::new(), |Address { url }| url);
    let body = body.unwrap_or_default();
    Leased { id: DeliveryId::from(id), source, url, body, tries, retry_until, until }
}

const SECRET: &str = "SELECT COALESCE((SELECT i.client_secret FROM integrations i WHERE i.id = d.source_id),
    (SELECT w.secret FROM webhooks w WHERE w.id = d.source_id), d.secret)
  FROM deliveries d WHERE d.id = $1 AND d.state = 'pending'";

/// What signs a delivery: its source's secret as it is at this moment, so that a rotated one signs nothing more; or as it was, where
/// the source is gone. `None` where the delivery was canceled meanwhile.
pub async fn secret(core: &Core, leased: &Leased) -> Result<Option<String>> {
    let row: Option<(Option<Vec<u8>>,)> = core.db.read().await?.opt(SECRET, &params![&leased.id]).await?;
    row.map(|(sealed,)| core.vault.open_text(&leased.source, &sealed.unwrap_or_default())).transpose()
}
