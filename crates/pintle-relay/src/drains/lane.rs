//! One lane: piece after piece of the stream, until there is nothing to send or nothing may be sent.

use crate::Settings;
use crate::exchange::{Exchange, Timing, Tried};
use http::HeaderMap;
use pintle_core::clock::{Millis, SECOND};
use pintle_core::deliveries::{Attempt, Pauses, RETRIED_FOR, State};
use pintle_core::drains::cursors::{self, Cursor, Lane};
use pintle_core::drains::parcel::{self, About, Message, Parcel};
use pintle_core::drains::pieces::{self, Due, Fresh, Piece};
use pintle_core::drains::ready::{self, Ready};
use pintle_core::drains::send;
use pintle_core::ids::{DeliveryId, ProjectId};
use pintle_core::logs::{self, Batch, Position, Wanted};
use pintle_core::{Core, Error, Result, planted};
use pintle_egress::Failure;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How much of the stream is sent at a time, in bytes as they were taken in; a batch that has more goes alone.
const PIECE: i64 = 2 << 20;
/// What must be left of a lease for one more try.
const MARGIN: Millis = 40 * SECOND;
/// After a failure of our own.
const PAUSE: Duration = Duration::from_secs(5);

/// Works until there is nothing to do, with each piece in one of the `hands` of this process.
pub(super) async fn work(
    core: Core,
    settings: Settings,
    worker: Arc<str>,
    lane: Lane,
    hands: Arc<Semaphore>,
) {
    let mut worker = Worker { core, settings, name: worker, lane, until: 0 };
    loop {
        // It is never closed.
        let Ok(hand) = hands.acquire().await else { return };
        match worker.step().await {
            Ok(Step::More) => drop(hand),
            Ok(Step::Done) => return,
            Err(error) => {
                tracing::error!(%error, drain = %worker.lane.drain, "a drain stands still");
                drop(hand);
                return tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    More,
    /// There is nothing to do now.
    Done,
}

struct Worker {
    core: Core,
    settings: Settings,
    /// This process, in its leases.
    name: Arc<str>,
    lane: Lane,
    /// The end of the lease.
    until: Millis,
}

impl Worker {
    async fn step(&mut self) -> Result<Step> {
        let (core, lane) = (&self.core, &self.lane);
        if self.until - core.clock.now() < MARGIN {
            let Some(until) = cursors::lease(core, lane, &self.name).await? else { return Ok(Step::Done) };
            self.until = until;
        }
        let Some(cursor) = cursors::read(core, lane, &self.name).await? else { return Ok(Step::Done) };
        let Some(ready) = ready::load(core, &lane.drain).await? else { return Ok(Step::Done) };
        if !ready.drain.kinds().contains(&lane.kind) {
            cursors::end(core, lane).await?;
            return Ok(Step::Done);
        }
        match pieces::due(core, lane).await? {
            Some(due) => self.again(cursor, ready, due).await,
            None if cursor.held => Ok(Step::Done),
            None => self.next(cursor, ready).await,
        }
    }

    /// Sends what comes next in the stream.
    async fn next(&self, cursor: Cursor, ready: Ready) -> Result<Step> {
        let conn = self.core.db.read().await?;
        let head = logs::head(&conn, &cursor.owner).await?;
        drop(conn);
        let from = cursor.position + 1;
        let projects = ready.selection.projects().map(<[ProjectId]>::to_vec);
        let batches = self.batches(&cursor, from, head, projects, PIECE).await?;
        // Asked after reading: what the limits take meanwhile must not go unnoticed.
        let kept = self.first_kept(&cursor).await?;
        if from < kept {
            let lost = self.fresh(&cursor, &ready, from..=kept - 1, &About::default());
            tracing::warn!(drain = %self.lane.drain, from, to = kept - 1, "logs were taken before they were sent");
            pieces::record_lost(&self.core, &self.lane, &self.name, lost).await?;
            return Ok(Step::More);
        }
        let Some(to) = batches.last().map(|batch| batch.position) else {
            if head > cursor.position {
                cursors::advance(&self.core, &self.lane, &self.name, cursor.position, head).await?;
            }
            return Ok(Step::Done);
        };
        let (parcel, ready) = self.pack(batches, ready).await?;
        let about = match &parcel {
            Ok(None) => {
                cursors::advance(&self.core, &self.lane, &self.name, cursor.position, to).await?;
                return Ok(Step::More);
            }
            Ok(Some(parcel)) => parcel.about.clone(),
            Err(_) => About::default(),
        };
        if !ready.holds(&self.core).await? {
            return Ok(Step::More);
        }
        let mut fresh = self.fresh(&cursor, &ready, from..=to, &about);
        if let Ok(Some(parcel)) = &parcel {
            fresh.url = parcel.address();
        }
        if planted::on("cursor-before-record") {
            cursors::advance(&self.core, &self.lane, &self.name, cursor.position, to).await?;
        }
        let now = self.core.clock.now();
        let delivery = DeliveryId::at(now, &self.core.entropy);
        let attempt = self.attempt(parcel, delivery, 0, now + RETRIED_FOR).await;
        pieces::record_first(&self.core, &self.lane, &self.name, fresh, attempt).await?;
        Ok(Step::More)
    }

    /// Sends a piece again.
    async fn again(&self, cursor: Cursor, ready: Ready, due: Due) -> Result<Step> {
        let Piece { from, to, .. } = due.piece;
        let projects = ready.selection.projects_among(due.piece.projects.as_deref());
        // All of it, however much was sent at a time when it was made.
        let batches = self.batches(&cursor, from, to, projects, i64::MAX).await?;
        let (parcel, ready) = self.pack(batches, ready).await?;
        if let Ok(None) = parcel {
            let kept = self.first_kept(&cursor).await?;
            pieces::record_nothing(&self.core, due.delivery, from < kept).await?;
            return Ok(Step::More);
        }
        if !ready.holds(&self.core).await? || !pieces::is_pending(&self.core, &due.delivery).await? {
            return Ok(Step::More);
        }
        let attempt = self.attempt(parcel, due.delivery, due.tries, due.retry_until).await;
        pieces::record_again(&self.core, attempt).await?;
        Ok(Step::More)
    }

    async fn batches(
        &self,
        cursor: &Cursor,
        from: Position,
        to: Position,
        projects: Option<Vec<ProjectId>>,
        max_bytes: i64,
    ) -> Result<Vec<Batch>> {
        let conn = self.core.db.read().await?;
        let wanted = Wanted { kind: self.lane.kind, projects };
        logs::range(&conn, &cursor.owner, from, to, &wanted, max_bytes).await
    }

    async fn first_kept(&self, cursor: &Cursor) -> Result<Position> {
        logs::first_kept(&self.core.db.read().await?, &cursor.owner).await
    }

    fn fresh(
        &self,
        cursor: &Cursor,
        ready: &Ready,
        range: std::ops::RangeInclusive<Position>,
        about: &About,
    ) -> Fresh {
        Fresh {
            owner: cursor.owner.clone(),
            configuration: ready.drain.configuration_id.clone(),
            url: ready.drain.delivery.address().unwrap_or_default(),
            piece: Piece {
                stream: self.lane.kind.as_str().to_owned(),
                from: *range.start(),
                to: *range.end(),
                projects: ready.selection.projects().map(<[ProjectId]>::to_vec),
                lines: about.lines,
                bytes: about.bytes,
            },
        }
    }

    /// Packing takes the time of a processor, so not where others wait for theirs.
    async fn pack(&self, batches: Vec<Batch>, ready: Ready) -> Result<(Result<Option<Parcel>>, Ready)> {
        let kind = self.lane.kind;
        let work = move || (parcel::pack(&ready.drain.delivery, kind, &batches, &ready.selection), ready);
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }

    async fn attempt(
        &self,
        parcel: Result<Option<Parcel>>,
        delivery: DeliveryId,
        tries: i64,
        retry_until: Millis,
    ) -> Attempt {
        let timing = Timing::start(&self.core);
        let tried = Tried {
            delivery,
            drain: Some(self.lane.drain.clone()),
            tries,
            retry_until,
            pauses: Pauses::OF_DRAINS,
        };
        let unsent = |why: String| (HeaderMap::new(), Vec::new(), None, Err(Failure::Broken(why)));
        let (sent, hidden, body, outcome) = match parcel {
            Ok(Some(parcel)) => {
                let sent = match &parcel.message {
                    Message::Http(request) => request.headers.clone(),
                    Message::Syslog(..) => HeaderMap::new(),
                };
                let (hidden, body) = (parcel.hidden.clone(), parcel.about.beginning.clone());
                (sent, hidden, Some(body), send(&self.core, parcel, self.settings.timeout).await)
            }
            Ok(None) => unsent("there is nothing to send".to_owned()),
            Err(error) => unsent(error.message),
        };
        let exchange = Exchange { sent: &sent, hidden: &hidden, body, outcome };
        let attempt = exchange.attempt(&self.core, timing, tried);
        if attempt.state == State::Failed {
            tracing::warn!(drain = %self.lane.drain, delivery = %attempt.delivery, "a drain's delivery is given up");
        }
        attempt
    }
}
