//! One lane: piece after piece of the stream, until there is nothing to send or nothing may be sent.
//!
//! While a piece is on its way, the record of the one before it is written, and the next is made ready if there is a whole one. A piece
//! that fails stops this: nothing behind it is sent.

use super::next::{self, Found, Next};
use crate::exchange::{Exchange, Timing, Tried};
use crate::{Ending, Settings};
use http::HeaderMap;
use pintle_core::clock::{Millis, SECOND};
use pintle_core::deliveries::{Attempt, Pauses, RETRIED_FOR, State};
use pintle_core::drains::cursors::{self, Cursor, Lane};
use pintle_core::drains::parcel::{About, Message, Parcel};
use pintle_core::drains::pieces::{self, Due, Fresh, Piece};
use pintle_core::drains::ready::Ready;
use pintle_core::drains::send;
use pintle_core::ids::{DeliveryId, OwnerId, ProjectId};
use pintle_core::logs::Position;
use pintle_core::{Core, Error, Result, planted};
use pintle_egress::Failure;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What must be left of a lease for one more try.
const MARGIN: Millis = 40 * SECOND;
/// After a failure of our own.
const PAUSE: Duration = Duration::from_secs(5);

/// Works until there is nothing to do or it is to end, with each piece in one of the `hands` of this process.
pub(super) async fn work(
    core: Core,
    settings: Settings,
    worker: Arc<str>,
    lane: Lane,
    hands: Arc<Semaphore>,
    mut ending: Ending,
) {
    let mut worker = Worker {
        core,
        settings,
        name: worker,
        lane,
        hands: hands.clone(),
        until: 0,
        sent: 0,
        records: JoinSet::new(),
        ahead: JoinSet::new(),
    };
    loop {
        // It is never closed.
        let Ok(hand) = hands.acquire().await else { return };
        if ending.is_asked() {
            if let Err(error) = worker.recorded().await {
                tracing::error!(%error, drain = %worker.lane.drain, "what arrived could not be recorded");
            }
            return;
        }
        match worker.step().await {
            Ok(Step::More) => drop(hand),
            Ok(Step::Done) => return,
            Err(error) => {
                tracing::error!(%error, drain = %worker.lane.drain, "a drain stands still");
                drop(hand);
                return tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = ending.asked() => {}
                };
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
    hands: Arc<Semaphore>,
    /// The end of the lease.
    until: Millis,
    /// Up to here everything has arrived, though perhaps the last of it is not recorded yet.
    sent: Position,
    /// The record of what arrived last. Dropped with the worker, as everything of it.
    records: JoinSet<Result<()>>,
    /// What comes after a position, made while what is before it is on its way.
    ahead: JoinSet<(Position, Result<Option<Next>>)>,
}

impl Worker {
    async fn step(&mut self) -> Result<Step> {
        let (core, lane) = (&self.core, &self.lane);
        if self.until - core.clock.now() < MARGIN {
            let Some(until) = cursors::lease(core, lane, &self.name).await? else { return Ok(Step::Done) };
            self.until = until;
        }
        let Some(cursor) = cursors::read(core, lane, &self.name).await? else { return Ok(Step::Done) };
        match pieces::due(core, lane).await? {
            Some(due) => self.again(&cursor.owner, due).await,
            None if cursor.held => Ok(Step::Done),
            None => self.next(cursor).await,
        }
    }

    /// Sends what comes next in the stream.
    async fn next(&mut self, cursor: Cursor) -> Result<Step> {
        let at = cursor.position.max(self.sent);
        let next = self.after(&cursor.owner, at).await?;
        let Some(Next { to, more, ready, found }) = next else {
            self.recorded().await?;
            return Ok(Step::Done);
        };
        let fresh = |about: &About| self.fresh(&cursor.owner, &ready, (at + 1, to), about);
        let (fresh, parcel) = match found {
            Found::Piece(parcel) => (Fresh { url: parcel.address(), ..fresh(&parcel.about) }, Ok(*parcel)),
            Found::Broken(error) => {
                tracing::error!(%error, drain = %self.lane.drain, from = at + 1, to, "logs cannot be sent");
                (fresh(&About::default()), Err(error))
            }
            Found::Nothing => {
                self.recorded().await?;
                cursors::advance(&self.core, &self.lane, &self.name, at, to).await?;
                return Ok(Step::More);
            }
            Found::Lost => {
                let lost = fresh(&About::default());
                self.recorded().await?;
                tracing::warn!(drain = %self.lane.drain, from = at + 1, to, "logs were taken before they were sent");
                pieces::record_lost(&self.core, &self.lane, &self.name, lost).await?;
                return Ok(Step::More);
            }
        };
        if !ready.holds(&self.core).await? {
            return Ok(Step::More);
        }
        if more {
            self.make_ahead(cursor.owner, to);
        }
        self.send(fresh, parcel).await?;
        Ok(Step::More)
    }

    /// What comes after a position, made ahead or now.
    async fn after(&mut self, owner: &OwnerId, at: Position) -> Result<Option<Next>> {
        while let Some(made) = self.ahead.join_next().await {
            if let (after, Ok(Some(next))) = made.map_err(Error::internal)?
                && after == at
            {
                return Ok(Some(next));
            }
        }
        next::after(&self.core, &self.lane, owner, at).await
    }

    /// Makes what comes after a position, where a hand is free for it.
    fn make_ahead(&mut self, owner: OwnerId, at: Position) {
        let Ok(hand) = self.hands.clone().try_acquire_owned() else { return };
        let (core, lane) = (self.core.clone(), self.lane.clone());
        self.ahead.spawn(async move {
            let next = next::after(&core, &lane, &owner, at).await;
            drop(hand);
            (at, next)
        });
    }

    /// Sends a piece for the first time.
    async fn send(&mut self, fresh: Fresh, parcel: Result<Parcel>) -> Result<()> {
        let (core, lane, name) = (self.core.clone(), self.lane.clone(), self.name.clone());
        let Piece { from, to, .. } = fresh.piece;
        if planted::on("cursor-before-record") {
            self.recorded().await?;
            cursors::advance(&core, &lane, &name, from - 1, to).await?;
        }
        let now = core.clock.now();
        let delivery = DeliveryId::at(now, &core.entropy);
        let attempt = self.attempt(parcel, delivery, 0, now + RETRIED_FOR).await;
        self.recorded().await?;
        let arrived = attempt.state == State::Delivered;
        self.records.spawn(async move { pieces::record_first(&core, &lane, &name, fresh, attempt).await });
        if arrived {
            self.sent = to;
            return Ok(());
        }
        self.ahead = JoinSet::new();
        self.recorded().await
    }

    /// Waits until everything that was sent is recorded.
    async fn recorded(&mut self) -> Result<()> {
        while let Some(record) = self.records.join_next().await {
            record.map_err(Error::internal)??;
        }
        Ok(())
    }

    /// Sends a piece again.
    async fn again(&mut self, owner: &OwnerId, due: Due) -> Result<Step> {
        self.recorded().await?;
        let (core, lane) = (&self.core, &self.lane);
        let Some(ready) = next::drain(core, lane).await? else { return Ok(Step::Done) };
        let Piece { from, to, .. } = due.piece;
        let projects = ready.selection.projects_among(due.piece.projects.as_deref());
        // All of it, however much was sent at a time when it was made.
        let batches = next::batches(core, lane, owner, (from, to), projects, i64::MAX).await?;
        let kept = next::first_kept(core, owner).await?;
        let (parcel, ready) = next::pack(lane, batches, ready).await?;
        let parcel = match parcel {
            Ok(None) => {
                pieces::record_nothing(core, due.delivery, from < kept).await?;
                return Ok(Step::More);
            }
            Ok(Some(parcel)) => Ok(parcel),
            Err(error) => Err(error),
        };
        if !ready.holds(core).await? || !pieces::is_pending(core, &due.delivery).await? {
            return Ok(Step::More);
        }
        if from < kept {
            let lost = self.fresh(owner, &ready, (from, kept - 1), &About::default());
            tracing::warn!(drain = %lane.drain, from, to = kept - 1, "logs were taken before they arrived");
            pieces::record_shorter(core, lane, &due.delivery, lost).await?;
        }
        let attempt = self.attempt(parcel, due.delivery, due.tries, due.retry_until).await;
        pieces::record_again(core, attempt).await?;
        Ok(Step::More)
    }

    fn fresh(
        &self,
        owner: &OwnerId,
        ready: &Ready,
        (from, to): (Position, Position),
        about: &About,
    ) -> Fresh {
        Fresh {
            owner: owner.clone(),
            configuration: ready.drain.configuration_id.clone(),
            url: ready.drain.delivery.address().unwrap_or_default(),
            piece: Piece {
                stream: self.lane.kind.as_str().to_owned(),
                from,
                to,
                projects: ready.selection.projects().map(<[ProjectId]>::to_vec),
                lines: about.lines,
                bytes: about.bytes,
            },
        }
    }

    async fn attempt(
        &self,
        parcel: Result<Parcel>,
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
        let (sent, hidden, body, outcome) = match parcel {
            Ok(parcel) => {
                let sent = match &parcel.message {
                    Message::Http(request) => request.headers.clone(),
                    Message::Syslog(..) => HeaderMap::new(),
                };
                let (hidden, body) = (parcel.hidden.clone(), parcel.about.beginning.clone());
                (sent, hidden, Some(body), send(&self.core, parcel, self.settings.timeout).await)
            }
            Err(error) => (HeaderMap::new(), Vec::new(), None, Err(Failure::Broken(error.message))),
        };
        let exchange = Exchange { sent: &sent, hidden: &hidden, body, outcome };
        let attempt = exchange.attempt(&self.core, timing, tried);
        if attempt.state == State::Failed {
            tracing::warn!(drain = %self.lane.drain, delivery = %attempt.delivery, "a drain's delivery is given up");
        }
        attempt
    }
}
