//! What became of a try: whether it arrived, when the next one is, and what is kept of it to be looked at.

use http::{HeaderMap, header};
use pintle_core::Core;
use pintle_core::clock::Millis;
use pintle_core::deliveries::{self, Attempt, Headers, Pauses, State, Try};
use pintle_core::ids::{DeliveryId, DrainId};
use pintle_egress::{Failure, Response};
use std::time::Instant;

/// When a try began, and how long it took.
pub(crate) struct Timing {
    at: Millis,
    began: Instant,
}

impl Timing {
    pub(crate) fn start(core: &Core) -> Self {
        Self { at: core.clock.now(), began: Instant::now() }
    }
}

/// A delivery that was tried.
pub(crate) struct Tried {
    pub delivery: DeliveryId,
    pub drain: Option<DrainId>,
    /// The tries before.
    pub tries: i64,
    /// When it is given up.
    pub retry_until: Millis,
    pub pauses: Pauses,
}

/// What was sent, and what came.
pub(crate) struct Exchange<'a> {
    pub sent: &'a HeaderMap,
    /// Headers whose values are not shown.
    pub hidden: &'a [String],
    /// The beginning of the body, where the delivery does not keep it.
    pub body: Option<String>,
    /// `None` where the protocol knows no answer, and the connection took everything.
    pub outcome: Result<Option<Response>, Failure>,
}

impl Exchange<'_> {
    /// Any 2xx is success (semantics.md 5.3). Everything else is tried again, until the time for it is up.
    pub(crate) fn attempt(self, core: &Core, timing: Timing, tried: Tried) -> Attempt {
        let status = self.response().map(|response| response.status);
        let (state, due) = match (&self.outcome, status) {
            (Ok(None), _) | (_, Some(200..=299)) => (State::Delivered, None),
            _ => {
                let due = tried.pauses.next(core, tried.tries, self.response(), tried.retry_until);
                (if due.is_some() { State::Pending } else { State::Failed }, due)
            }
        };
        let made = Try {
            at: timing.at,
            duration_ms: timing.began.elapsed().as_millis() as Millis,
            status,
            error: self.outcome.as_ref().err().map(ToString::to_string),
            request: deliveries::Exchange {
                headers: Headers::shown(self.sent, self.hidden),
                body: self.body.clone(),
            },
            response: self.response().map(|response| deliveries::Exchange {
                headers: Headers::shown(&response.headers, &[header::SET_COOKIE.as_str()]),
                body: Some(deliveries::beginning(&response.body)),
            }),
        };
        let attempt = Attempt::new(tried.delivery, tried.drain, &made, state, due);
        Attempt { order: Some(tried.retry_until), ..attempt }
    }

    fn response(&self) -> Option<&Response> {
        self.outcome.as_ref().ok()?.as_ref()
    }
}
