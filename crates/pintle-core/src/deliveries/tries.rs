//! Tries: what was sent, what came, and what follows from it.

use super::{Headers, State};
use crate::clock::{HOUR, MINUTE, Millis, SECOND};
use crate::entropy::Entropy;
use crate::ids::{DeliveryId, DrainId};
use crate::{Core, Result, outbound};
use pintle_egress::Response;
use pintle_store::{Conn, params};
use serde::Serialize;

/// How much of a body is kept with a try, in bytes.
pub const BODY_KEPT: usize = 4 * 1024;

/// One try, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Try<'a> {
    pub at: Millis,
    pub duration_ms: Millis,
    /// The answer's status; absent where no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub request: Exchange<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Exchange<'a>>,
}

/// One side of a try.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Exchange<'a> {
    #[serde(skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers<'a>,
    /// Its beginning. A webhook's request has none here: it is the delivery's own body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// The beginning of a body as text.
pub fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(BODY_KEPT)]).into_owned()
}

/// A try and what it makes of its delivery.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub delivery: DeliveryId,
    /// The order that it was made for, by its `retry_until`: a redelivery meanwhile is another one, with tries of its own. `None`
    /// settles whichever order stands.
    pub order: Option<Millis>,
    /// For the drain's health.
    pub drain: Option<DrainId>,
    pub at: Millis,
    /// The answer's status, where one came.
    pub status: Option<u16>,
    /// The try, as it is stored.
    pub doc: String,
    pub state: State,
    /// When it is tried again, while it is pending.
    pub due: Option<Millis>,
}

impl Attempt {
    pub fn new(
        delivery: DeliveryId,
        drain: Option<DrainId>,
        made: &Try<'_>,
        state: State,
        due: Option<Millis>,
    ) -> Self {
        // Texts and numbers can always be written down.
        let mut doc = Vec::with_capacity(1024);
        let written = serde_json::to_writer(&mut doc, made).ok().and_then(|()| String::from_utf8(doc).ok());
        let doc = written.unwrap_or_else(|| "null".to_owned());
        Self { delivery, order: None, drain, at: made.at, status: made.status, doc, state, due }
    }
}

const OUTCOME: &str = "UPDATE deliveries SET tries = tries + 1,
    due_at = CASE WHEN state = 'pending' AND retry_until = COALESCE($4, retry_until) THEN CAST($3 AS BIGINT) ELSE due_at END,
    state = CASE WHEN state = 'pending' AND retry_until = COALESCE($4, retry_until) THEN $2 ELSE state END
  WHERE id = $1";

/// One row of values: for a statement that could add several, SQLite keeps each page as it was before.
const TRY: &str = "INSERT INTO delivery_tries (delivery_id, number, drain_id, failed, created_at, doc)
  VALUES ($1, (SELECT tries FROM deliveries WHERE id = $1), $2, $3, $4, $5)";

/// Records a try, and its outcome where that is still asked for: a delivery that was canceled meanwhile stays so, one that is to be sent
/// again stays due, and one that is gone is left alone.
pub async fn record(tx: &Conn, attempt: &Attempt) -> Result<()> {
    let Attempt { delivery, order, drain, at, doc, state, due, .. } = attempt;
    if tx.execute(OUTCOME, &params![delivery, state.as_str(), *due, *order]).await? == 1 {
        tx.execute(TRY, &params![delivery, drain.as_ref(), *state != State::Delivered, *at, doc]).await?;
    }
    Ok(())
}

/// How long to wait between tries.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    /// After the first failure.
    pub first: Millis,
    pub longest: Millis,
}

impl Pauses {
    pub const OF_WEBHOOKS: Self = Self { first: 5 * SECOND, longest: HOUR };
    /// What waits for a drain holds what comes behind it.
    pub const OF_DRAINS: Self = Self { first: SECOND, longest: 5 * MINUTE };
    /// Somebody may wait for what a partner was asked to do.
    pub const OF_PARTNERS: Self = Self { first: 5 * SECOND, longest: HOUR };

    /// When the next try is, now that one more failed than `before`, with this answer or none; `None` where the time for tries is `over`.
    /// The last one is made at that very time.
    pub fn next(self, core: &Core, before: i64, answer: Option<&Response>, over: Millis) -> Option<Millis> {
        let now = core.clock.now();
        let asked = answer.and_then(|response| outbound::retry_after(response, now));
        within(now, self.after(before + 1, asked, &core.entropy), over)
    }

    /// The pause after so many failures: twice as long each time, half of it left to chance, so that those who failed together do not
    /// come back together. A receiver that says when to come again is heard, within a second and the longest pause.
    fn after(self, failures: i64, retry_after: Option<Millis>, entropy: &Entropy) -> Millis {
        if let Some(asked) = retry_after {
            return asked.clamp(SECOND, self.longest);
        }
        let doublings = failures.clamp(1, 16) - 1;
        let pause = (self.first << doublings).min(self.longest);
        let chance = Millis::from(u16::from_le_bytes(entropy.bytes())) * pause / 2 / Millis::from(u16::MAX);
        pause / 2 + chance
    }
}

/// When a pause ends that begins now: at the latest when the time is `over`, and `None` where it is over now.
fn within(now: Millis, pause: Millis, over: Millis) -> Option<Millis> {
    (now < over).then(|| over.min(now + pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_are_never_equal_for_all() {
        let (pauses, entropy) = (Pauses::OF_WEBHOOKS, Entropy::seeded(1));
        for (failures, low, high) in [(1, 2_500, 5_000), (2, 5_000, 10_000), (20, HOUR / 2, HOUR)] {
            let pauses: Vec<Millis> = (0..50).map(|_| pauses.after(failures, None, &entropy)).collect();
            assert!(pauses.iter().all(|pause| (low..=high).contains(pause)), "{failures}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
        assert_eq!(pauses.after(1, Some(0), &entropy), SECOND);
        assert_eq!(pauses.after(1, Some(90 * SECOND), &entropy), 90 * SECOND);
        assert_eq!(pauses.after(1, Some(48 * HOUR), &entropy), HOUR);
    }

    #[test]
    fn the_last_try_is_made_when_the_time_is_over() {
        let next = |now| within(now, MINUTE, HOUR);
        assert_eq!(next(0), Some(MINUTE));
        assert_eq!(next(HOUR - SECOND), Some(HOUR));
        assert_eq!((next(HOUR), next(2 * HOUR)), (None, None));
    }
}
