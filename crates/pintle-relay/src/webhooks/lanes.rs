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
    /// All that is queued, under way, or not yet recorded.
    in_hand: HashSet<DeliveryId>,
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
        let claim = |waiting: &Waiting| {
            let lane = self.lane(&waiting.source);
            let count = lane.room();
            (count > 0).then(|| Claim { source: waiting.source.clone(), count, in_hand: lane.in_hand() })
        };
        waiting.iter().filter(|lane| lane.due <= now).filter_map(claim).collect()
    }
}

impl Lane {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner {
            queue: VecDeque::new(),
            under_way: 0,
            limit: FIRST,
            in_hand: HashSet::new(),
        })))
    }

    fn is_idle(&self, waited_for: bool) -> bool {
        let lane = self.0.lock();
        lane.in_hand.is_empty() && lane.under_way == 0 && (lane.limit >= FIRST || !waited_for)
    }

    /// How many more it can take: as many wait as are under way, so that none is idle while the next are leased, and as many again
    /// wait to be recorded. Not a few at a time: each claim looks past what is in hand.
    fn room(&self) -> usize {
        let lane = self.0.lock();
        let ahead = (2 * lane.limit).saturating_sub(lane.queue.len() + lane.under_way);
        let room = ahead.min((4 * lane.limit).saturating_sub(lane.in_hand.len()));
        if room < lane.limit.div_ceil(2) && !lane.in_hand.is_empty() { 0 } else { room }
    }

    fn in_hand(&self) -> HashSet<DeliveryId> {
        self.0.lock().in_hand.clone()
    }

    /// What became of it is written down.
    pub(super) fn recorded(&self, delivery: &DeliveryId) {
        self.0.lock().in_hand.remove(delivery);
    }

    pub(super) fn wants_more(&self) -> bool {
        let lane = self.0.lock();
        lane.queue.len() <= lane.limit / 2
    }

    pub(super) fn push(&self, delivery: Leased) {
        let mut lane = self.0.lock();
        lane.in_hand.insert(delivery.id.clone());
        lane.queue.push_back(delivery);
    }

    /// How many more senders it can have; they count as under way from now on.
    pub(super) fn free(&self) -> usize {
        let mut lane = self.0.lock();
        let free = lane.limit.saturating_sub(lane.under_way).min(lane.queue.len());
        lane.under_way += free;
        free
    }

    /// The next to send; `None` ends the sender. What has waited so long that its lease could end under way is left to the next.
    pub(super) fn next(&self, now: Millis) -> Option<Leased> {
        let mut lane = self.0.lock();
        while lane.under_way <= lane.limit
            && let Some(leased) = lane.queue.pop_front()
        {
            if leased.until - MARGIN > now {
                return Some(leased);
            }
            lane.in_hand.remove(&leased.id);
        }
        lane.under_way -= 1;
        None
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
