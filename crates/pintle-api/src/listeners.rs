//! Beyond the contract: shells that listen for events, `pintle listen`.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::body::Bytes;
use axum::http::HeaderValue;
use futures_util::{Stream, stream};
use pintle_core::clock::Millis;
use pintle_core::deliveries::listeners::{self, Handed, Listener};
use pintle_core::ids::DeliveryId;
use pintle_core::{Core, Result, Scope};
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

routes! {
    "createListener": Post "/pintle/v1/listeners", Listen => create;
    "deleteListener": Delete "/pintle/v1/listeners/{id}", Listen => delete;
    "streamListener": Get "/pintle/v1/listeners/{id}/stream", Listen => hear;
    "reportDelivery": Post "/pintle/v1/listeners/{id}/results", Listen => report;
}

/// Between two looks for what another process has written, which rings no bell here.
const LOOK: Duration = Duration::from_secs(1);
/// After so much silence an empty line says that the server is there.
const BEAT: Duration = Duration::from_secs(10);
/// How often it is noted that the listener is there.
const RENEWAL: Duration = Duration::from_secs(60);
/// How long a stream is open. Whoever follows it comes back.
const OPEN: Duration = Duration::from_secs(300);

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&listeners::create(&call.core, &scope, call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    listeners::delete(&call.core, &scope, call.param("id")).await?;
    Ok(Reply::nothing())
}

async fn report(call: Call, scope: Scope) -> Result<Reply> {
    let listener = listeners::get(&call.core, &scope, call.param("id")).await?;
    listeners::report(&call.core, &listener, call.json()?).await?;
    Ok(Reply::nothing())
}

/// One line for each delivery: those that wait, and with `follow` those that come in the next minutes.
async fn hear(call: Call, scope: Scope) -> Result<Reply> {
    let listener = listeners::get(&call.core, &scope, call.param("id")).await?;
    let follow = call.query.boolean("follow")?.unwrap_or(false);
    let hearing = Hearing::new(call.core, listener, follow);
    Ok(Reply::stream(HeaderValue::from_static("application/x-ndjson"), hearing.lines()))
}

/// One connection of a listener.
struct Hearing {
    core: Core,
    listener: Listener,
    follow: bool,
    /// What was handed out here and is not reported on yet, with the time since which it waits.
    handed: HashSet<(DeliveryId, Millis)>,
    rings: watch::Receiver<()>,
    beat: Instant,
    renewal: Instant,
    end: Instant,
}

impl Hearing {
    fn new(core: Core, listener: Listener, follow: bool) -> Self {
        let (rings, now) = (core.bell.listen(), Instant::now());
        let (handed, end) = (HashSet::new(), now + OPEN);
        Self { core, listener, follow, handed, rings, beat: now, renewal: now, end }
    }

    fn lines(self) -> impl Stream<Item = Bytes> + Send {
        stream::unfold(self, async |mut hearing| {
            let next = hearing.next().await.unwrap_or_else(|error| {
                tracing::debug!(%error, "a listener's stream ends");
                None
            });
            next.map(|piece| (piece, hearing))
        })
    }

    /// What comes next, waited for; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            self.rings.mark_unchanged();
            let fresh = self.fresh().await?;
            let now = Instant::now();
            if now >= self.renewal {
                self.renewal = now + RENEWAL;
                listeners::renew(&self.core, &self.listener).await?;
            }
            if !fresh.is_empty() {
                self.beat = now + BEAT;
                return lines(&fresh).map(Some);
            }
            if !self.follow || now >= self.end {
                return Ok(None);
            }
            if now >= self.beat {
                self.beat = now + BEAT;
                return Ok(Some(Bytes::from_static(b"\n")));
            }
            drop(timeout(LOOK, self.rings.changed()).await);
        }
    }

    /// What waits and was not handed out here before.
    async fn fresh(&mut self) -> Result<Vec<Handed>> {
        let mut waiting = listeners::waiting(&self.core, &self.listener).await?;
        let key = |handed: &Handed| (handed.id.clone(), handed.due);
        let all = waiting.iter().map(key).collect();
        waiting.retain(|handed| !self.handed.contains(&key(handed)));
        self.handed = all;
        Ok(waiting)
    }
}

fn lines(handed: &[Handed]) -> Result<Bytes> {
    let mut lines = Vec::new();
    for one in handed {
        serde_json::to_writer(&mut lines, one)?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}
