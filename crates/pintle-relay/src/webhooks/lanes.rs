//! Lanes: what waits for each source in this process, and how much of it may be under way at once.
//!
//! A source that answers earns more at a time; one that does not is tried one by one. So a target that hangs holds a connection or
//! two, not hundreds, and nobody else's.

use parking_lot::Mutex;
use pintle_core::clock::{Millis, SECOND};
use pintle_core::deliveries::{Attempt, Claim, Lane as Waiting, Leased, State};
use pintle_core::ids::DeliveryId;
use pintle_core::planted;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// How many may be under way to a source that nothing is known of.
const FIRST: usize = 4;
/// And to one that answers.
const MOST: usize = 64;
/// What is left of a lease must be enough for one more try.
const MARGIN: Millis = 40 * SECOND;

#[derive(Default)]
pub(super) struct Lanes(HashMap<String, Lane>);

/// Cheap to clone; clones are the same lane.
#[derive(Clone)]
pub(super) struct Lane(Arc<Mutex<Inner>>);

struct Inner {
    queue: VecDeque<Leased>,
    under_way: usize,
    limit: usize,
    /// All that is queued, under way, or not yet recorded; and since when it is due.
    in_hand: HashMap<DeliveryId, Millis>,
    /// What was recorded since the last claim.
    recorded: HashSet<DeliveryId>,
    /// How far the lane was claimed.
    claimed: Millis,
}

impl Inner {
    /// How many more it can take: four times as many wait as are under way, so that none is idle while the next are claimed, and many
    /// more wait to be recorded, which may take a disk's while. Not a few at a time: a claim looks at all lanes.
    fn room(&self) -> usize {
        let ahead = (5 * self.limit).saturating_sub(self.queue.len() + self.under_way);
        let room = ahead.min((32 * self.limit).saturating_sub(self.in_hand.len()));
        if room < 2 * self.limit && !self.in_hand.is_empty() { 0 } else { room }
    }
}

impl Lanes {
    pub(super) fn lane(&mut self, source: &str) -> Lane {
        let source = if planted::on("one-lane-for-all") { "all" } else { source };
        self.0.entry(source.to_owned()).or_insert_with(Lane::new).clone()
    }

    /// What to lease of the lanes that have something due, as far as they have room. A lane with nothing in hand is forgotten, unless it
    /// is known to fail and something waits in it.
    pub(super) fn claims(&mut self, waiting: &[Waiting], now: Millis) -> Vec<Claim> {
        let sources: HashSet<&str> = waiting.iter().map(|lane| lane.source.as_str()).collect();
        self.0.retain(|source, lane| !lane.is_idle(sources.contains(source.as_str())));
        let claim = |waiting: &Waiting| self.lane(&waiting.source).claim(waiting);
        waiting.iter().filter(|lane| lane.due <= now).filter_map(claim).collect()
    }

    pub(super) fn all(&self) -> Vec<Lane> {
        self.0.values().cloned().collect()
    }

    /// Lets go of what no sender has yet, so that each ends after what it sends.
    pub(super) fn let_go(&self) {
        self.0.values().for_each(|lane| lane.0.lock().queue.clear());
    }
}

impl Lane {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner {
            queue: VecDeque::new(),
            under_way: 0,
            limit: FIRST,
            in_hand: HashMap::new(),
            recorded: HashSet::new(),
            claimed: 0,
        })))
    }

    fn is_idle(&self, waited_for: bool) -> bool {
        let lane = self.0.lock();
        lane.in_hand.is_empty() && lane.under_way == 0 && (lane.limit >= FIRST || !waited_for)
    }

    /// What to take more, if there is room for it. What is claimed lies behind what is in hand, unless something came in before: then it
    /// is the first that waits, sooner or later, and all is looked through.
    fn claim(&self, waiting: &Waiting) -> Option<Claim> {
        let mut lane = self.0.lock();
        let count = lane.room();
        if count == 0 {
            return None;
        }
        let before = lane.in_hand.values().min().is_none_or(|first| waiting.due < *first);
        let from = if before { Millis::MIN } else { lane.claimed };
        let past = lane.in_hand.values().filter(|due| **due >= from).count();
        lane.recorded.clear();
        let this = self.clone();
        let in_hand = Box::new(move |delivery: &str| this.had(delivery));
        Some(Claim { source: waiting.source.clone(), count, from, past, in_hand })
    }

    /// Whether a delivery is in hand, or was at the last claim.
    fn had(&self, delivery: &str) -> bool {
        let lane = self.0.lock();
        lane.in_hand.contains_key(delivery) || lane.recorded.contains(delivery)
    }

    /// What became of it is written down.
    pub(super) fn recorded(&self, delivery: &DeliveryId) {
        let mut lane = self.0.lock();
        if let Some((delivery, _)) = lane.in_hand.remove_entry(delivery) {
            lane.recorded.insert(delivery);
        }
    }

    pub(super) fn wants_more(&self) -> bool {
        self.0.lock().room() > 0
    }

    pub(super) fn push(&self, delivery: Leased) {
        let mut lane = self.0.lock();
        lane.in_hand.insert(delivery.id.clone(), delivery.due);
        lane.claimed = delivery.due;
        lane.queue.push_back(delivery);
    }

    /// As many more senders as it can have; they count as under way from now on.
    pub(super) fn senders(&self) -> impl Iterator<Item = Sender> {
        let mut lane = self.0.lock();
        let free = lane.limit.saturating_sub(lane.under_way).min(lane.queue.len());
        lane.under_way += free;
        (0..free).map(|_| Sender { lane: self.clone(), sending: None, ended: false })
    }

    /// Learns from a try: one that failed without an answer leaves one at a time, one that arrived allows twice as many.
    pub(super) fn done(&self, attempt: &Attempt) {
        let mut lane = self.0.lock();
        lane.limit = match (attempt.state, attempt.status) {
            (State::Delivered, _) => (2 * lane.limit).min(MOST),
            (_, Some(_)) => lane.limit,
            (_, None) => 1,
        };
    }
}

/// A place among those that send for a lane, and what is being sent there. Should its task fail, the lane gets both back.
pub(super) struct Sender {
    pub(super) lane: Lane,
    sending: Option<DeliveryId>,
    ended: bool,
}

impl Sender {
    /// The next to send; `None` ends the sender. What has waited so long that its lease could end under way is left to the next.
    pub(super) fn next(&mut self, now: Millis) -> Option<Leased> {
        let mut lane = self.lane.0.lock();
        self.sending = None;
        while lane.under_way <= lane.limit
            && let Some(leased) = lane.queue.pop_front()
        {
            if leased.until - MARGIN > now {
                self.sending = Some(leased.id.clone());
                return Some(leased);
            }
            lane.in_hand.remove(&leased.id);
        }
        lane.under_way -= 1;
        self.ended = true;
        None
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.ended {
            let mut lane = self.lane.0.lock();
            lane.under_way -= 1;
            if let Some(id) = &self.sending {
                lane.in_hand.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_core::deliveries::Address;

    fn leased(id: &str) -> Leased {
        Leased {
            id: DeliveryId::from(id),
            source: String::new(),
            address: Address::of(r#"{"url":"https://example.com"}"#, None),
            body: String::new().into(),
            tries: 0,
            retry_until: 0,
            due: 0,
            until: Millis::MAX,
            signer: None,
        }
    }

    #[test]
    fn what_is_recorded_while_a_claim_reads_is_in_hand_until_the_next() {
        let lane = Lane::new();
        let waiting = Waiting { source: "hook".into(), due: 0 };
        lane.push(leased("a"));
        lane.recorded(&DeliveryId::from("a"));
        let claim = lane.claim(&waiting).unwrap();
        assert!(!(claim.in_hand)("a"), "what the claim reads is newer");
        lane.push(leased("b"));
        lane.recorded(&DeliveryId::from("b"));
        assert!((claim.in_hand)("b"), "what the claim reads may be older");
        let claim = lane.claim(&waiting).unwrap();
        assert!(!(claim.in_hand)("b"));
    }

    #[test]
    fn what_a_sender_had_that_failed_is_given_back_and_nothing_else() {
        let lane = Lane::new();
        lane.push(leased("a"));
        lane.push(leased("b"));
        let mut senders: Vec<Sender> = lane.senders().collect();
        for (sender, id) in senders.iter_mut().zip(["a", "b"]) {
            assert_eq!(sender.next(0).unwrap().id.as_str(), id);
        }
        assert_eq!(lane.senders().count(), 0);
        drop(senders.remove(0));
        assert_eq!(lane.0.lock().in_hand, HashMap::from([(DeliveryId::from("b"), 0)]));
        lane.push(leased("a"));
        lane.push(leased("c"));
        assert_eq!(lane.senders().count(), 2, "beside the other one");
        assert!(senders[0].next(0).is_some());
    }
}
