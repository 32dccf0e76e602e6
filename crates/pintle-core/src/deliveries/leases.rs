//! Who delivers what: leases. A worker that takes deliveries has them for a while; should nothing be heard of it, they are due again.
//! Each source is a lane, and is asked for apart, so that what waits in one hides no other.

use crate::clock::Millis;
use crate::ids::DeliveryId;
use crate::signature::{Algorithm, Signer};
use crate::{Core, Result};
use bytes::Bytes;
use pintle_store::{Conn, Engine, params};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;
use url::{ParseError, Url};

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
pub struct Claim {
    pub source: String,
    pub count: usize,
    /// Since when they are due: the worker has what was due before,
    pub from: Millis,
    /// and so many of what is due since then.
    pub past: usize,
    /// Whether it has one, or had it when the claim was made: what it has written down since may still be read as due.
    pub in_hand: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

/// A delivery in a worker's hands.
#[derive(Debug)]
pub struct Leased {
    pub id: DeliveryId,
    /// Whose lane it is in.
    pub source: String,
    pub address: Arc<Address>,
    pub body: Bytes,
    /// The tries that were made before.
    pub tries: i64,
    pub retry_until: Millis,
    pub due: Millis,
    /// When the lease runs out.
    pub until: Millis,
    /// What signs for its source, as long as these are the last news of the database.
    pub signer: Option<(u64, Arc<Signer>)>,
}

/// Where a delivery goes: as it is written, and what that says. Those of a lane share it.
#[derive(Debug)]
pub struct Address {
    text: String,
    pub url: Result<Url, ParseError>,
    algorithm: Algorithm,
}

/// What is read of a delivery to send it: its id, tries, end, time and contents.
type Row = (String, i64, Millis, Millis, String, Option<String>);

/// Takes what is due of some lanes, for so long.
///
/// An SQLite database has one process only: there the worker's own knowledge of what it has in hand is the lease, which ends with the
/// process, and nothing is written.
pub async fn claim(core: &Core, claims: Vec<Claim>, lease: Millis) -> Result<Vec<Leased>> {
    let now = core.clock.now();
    match core.db.engine() {
        Engine::Sqlite => take(core, &claims, now, now + lease).await,
        Engine::Postgres => put_off(core, claims, now, now + lease).await,
    }
}

/// Reads what is due and not in hand.
async fn take(core: &Core, claims: &[Claim], now: Millis, until: Millis) -> Result<Vec<Leased>> {
    let sql = "SELECT d.id, d.tries, d.retry_until, d.due_at, c.doc, c.body
      FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id
      WHERE d.kind = 'webhook' AND d.source_id = $1 AND d.due_at BETWEEN $2 AND $3 ORDER BY d.due_at LIMIT $4";
    let news = core.db.news();
    let conn = core.db.read().await?;
    let mut taken = Vec::new();
    for Claim { source, count, from, past, in_hand } in claims {
        let rows: Vec<Row> = conn.all(sql, &params![source, *from, now, (count + past) as i64]).await?;
        let fresh = rows.into_iter().filter(|(id, ..)| !in_hand(id));
        let fresh: Vec<Row> = fresh.take(*count).collect();
        let signer = match fresh.len() {
            // It asks for itself, and other lanes need not wait for that.
            0 | 1 => None,
            _ => news.zip(of_source(core, &conn, source).await?),
        };
        for row in fresh {
            let leased = Leased::new(source, row, until, taken.last());
            taken.push(Leased { signer: signer.clone(), ..leased });
        }
    }
    Ok(taken)
}

/// Puts off what is due until the lease ends.
async fn put_off(core: &Core, claims: Vec<Claim>, now: Millis, until: Millis) -> Result<Vec<Leased>> {
    let sql = "WITH due AS
        (SELECT id, due_at FROM deliveries
         WHERE kind = 'webhook' AND source_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3)
      UPDATE deliveries d SET due_at = $4 FROM due, delivery_contents c
      WHERE d.id = due.id AND c.delivery_id = d.id
      RETURNING d.id, d.tries, d.retry_until, due.due_at, c.doc, c.body";
    core.db
        .write(async move |tx| {
            let mut taken = Vec::new();
            for Claim { source, count, .. } in &claims {
                let mut rows: Vec<Row> = tx.all(sql, &params![source, now, *count as i64, until]).await?;
                // PostgreSQL returns them as it comes by them.
                rows.sort_by(|(a, _, _, a_due, ..), (b, _, _, b_due, ..)| (a_due, a).cmp(&(b_due, b)));
                for row in rows {
                    taken.push(Leased::new(source, row, until, taken.last()));
                }
            }
            Ok(taken)
        })
        .await
}

impl Leased {
    /// One that is often of the same lane as the one before.
    fn new(source: &str, row: Row, until: Millis, before: Option<&Self>) -> Self {
        let (id, tries, retry_until, due, doc, body) = row;
        let address = Address::of(&doc, before.map(|before| &before.address));
        let (id, source, body) = (DeliveryId::from(id), source.to_owned(), body.unwrap_or_default().into());
        Self { id, source, address, body, tries, retry_until, due, until, signer: None }
    }
}

impl Address {
    /// From a delivery's document; perhaps it is that of the one before.
    pub fn of(doc: &str, before: Option<&Arc<Self>>) -> Arc<Self> {
        #[derive(Deserialize)]
        struct Doc<'a> {
            #[serde(borrow)]
            url: Cow<'a, str>,
            #[serde(default)]
            signature: Algorithm,
        }
        // One that cannot be read must not hold up the others: without an address its tries fail, for all to see.
        let read = serde_json::from_str(doc).map(|Doc { url, signature }| (url, signature));
        let (text, algorithm) = read.unwrap_or_default();
        match before.filter(|before| before.text == text && before.algorithm == algorithm) {
            Some(same) => same.clone(),
            None => Arc::new(Self { url: Url::parse(&text), text: text.into_owned(), algorithm }),
        }
    }
}

const OF_SOURCE: &str = "SELECT COALESCE((SELECT w.secret FROM webhooks w WHERE w.id = $1),
    (SELECT i.client_secret FROM integrations i WHERE i.id = $1))";

/// What signs for a source now; `None` where it is gone, or its secret does not open, which its tries tell.
async fn of_source(core: &Core, conn: &Conn, source: &str) -> Result<Option<Arc<Signer>>> {
    let (sealed,): (Option<Vec<u8>>,) = conn.one(OF_SOURCE, &params![source]).await?;
    Ok(sealed.and_then(|sealed| opened(core, Algorithm::Sha1, source, &sealed).ok()))
}

fn opened(core: &Core, algorithm: Algorithm, source: &str, sealed: &[u8]) -> Result<Arc<Signer>> {
    Ok(Arc::new(Signer::new(algorithm, &core.vault.open_text(source, sealed)?)?))
}

const SECRET: &str = "SELECT COALESCE((SELECT w.secret FROM webhooks w WHERE w.id = d.source_id),
    (SELECT i.client_secret FROM integrations i WHERE i.id = d.source_id),
    (SELECT c.secret FROM delivery_contents c WHERE c.delivery_id = d.id))
  FROM deliveries d WHERE d.id = $1 AND d.state = 'pending' AND d.retry_until = $2";

/// What signs a delivery: its source's secret as it is at this moment, so that a rotated one signs nothing more; or as it was, where
/// the source is gone. `None` where this order of it is void: it was canceled meanwhile, or ordered anew.
///
/// Where nothing was written since it was claimed but what became of tries, all that is as it was then, and nobody is asked.
pub async fn signer(core: &Core, leased: &Leased) -> Result<Option<Arc<Signer>>> {
    if let Some((news, signer)) = &leased.signer
        && signer.algorithm() == leased.address.algorithm
        && core.db.news() == Some(*news)
    {
        return Ok(Some(signer.clone()));
    }
    let order = params![&leased.id, leased.retry_until];
    let row: Option<(Option<Vec<u8>>,)> = core.db.read().await?.opt(SECRET, &order).await?;
    let algorithm = leased.address.algorithm;
    row.map(|(sealed,)| opened(core, algorithm, &leased.source, &sealed.unwrap_or_default())).transpose()
}
