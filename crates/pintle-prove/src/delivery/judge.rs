//! Holds what arrived against what was answered.

use super::load::{Event, Load};
use super::receivers::Received;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A subscription: who signs, and for what.
struct Lane {
    secret: String,
    events: HashSet<&'static str>,
}

pub struct Judge {
    received: Arc<Mutex<Vec<Received>>>,
    lanes: HashMap<usize, Lane>,
}

/// What was proven.
pub struct Tally {
    pub events: usize,
    pub arrived: usize,
    pub duplicates: usize,
    pub unanswered: usize,
}

impl Judge {
    pub fn new(received: Arc<Mutex<Vec<Received>>>) -> Self {
        Self { received, lanes: HashMap::new() }
    }

    pub fn subscribe(&mut self, lane: usize, secret: &str, events: &[&'static str]) {
        self.lanes.insert(lane, Lane { secret: secret.to_owned(), events: events.iter().copied().collect() });
    }

    /// Every answered event arrived at each of its subscribers; nothing arrived that nobody asked for; every signature is right, over
    /// the bytes that came; the same event has the same bytes each time.
    pub fn judge(&self, load: &Load) -> Tally {
        let received = self.received.lock();
        let mut arrived: HashMap<(usize, Event), (usize, u64)> = HashMap::new();
        for one in received.iter() {
            let lane = &self.lanes[&one.lane];
            let signature = pintle_core::signature::sign(&lane.secret, &one.body).expect("a signature");
            assert_eq!(one.signature, signature, "a signature that is not over what came at {}", one.lane);
            let event = one.event(&lane.events);
            assert!(load.asked.contains(&event), "{event:?} was never asked for");
            let (count, bytes) = arrived.entry((one.lane, event)).or_insert((0, one.digest()));
            assert_eq!(*bytes, one.digest(), "other bytes the second time");
            *count += 1;
        }
        let mut missing = Vec::new();
        for (number, lane) in &self.lanes {
            for event in load.answered.iter().filter(|(name, _)| lane.events.contains(name)) {
                if !arrived.contains_key(&(*number, event.clone())) {
                    missing.push(format!("{event:?} at {number}"));
                }
            }
        }
        missing.sort();
        assert!(
            missing.is_empty(),
            "{} deliveries are missing: {}",
            missing.len(),
            missing[..missing.len().min(5)].join(", ")
        );
        let answered = |(_, event): &&(usize, Event)| load.answered.contains(event);
        Tally {
            events: load.answered.len(),
            arrived: arrived.keys().filter(answered).count(),
            duplicates: arrived.values().map(|(count, _)| count - 1).sum(),
            unanswered: arrived.len() - arrived.keys().filter(answered).count(),
        }
    }
}
