//! Connections that wait for the next request. One holds an address that was judged when it was dialled, and keeps it.

use crate::target::Target;
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// How long a connection waits: less than the five seconds after which Node and Apache close theirs, so that a request seldom meets
/// a connection that its server is just closing.
const WAIT: Duration = Duration::from_secs(4);
/// Connections that wait for one target.
const PER_TARGET: usize = 64;
/// Connections that wait in all.
const IN_ALL: usize = 1024;

/// A connection that speaks HTTP. Dropping it closes it, whatever is under way.
pub struct Connection {
    pub sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Connection {
    pub fn new(sender: SendRequest<Full<Bytes>>, driver: AbortHandle) -> Self {
        Self { sender, driver }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

#[derive(Default)]
pub struct Pool(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    /// The longest waiting first.
    lanes: HashMap<Target, VecDeque<(Instant, Connection)>>,
    count: usize,
    /// Somebody closes what waited too long.
    swept: bool,
}

impl Pool {
    /// A connection to the target that is still open.
    pub fn take(&self, target: &Target) -> Option<Connection> {
        let mut waiting = self.0.lock();
        let lane = waiting.lanes.get_mut(target)?;
        let mut seen = 0;
        let mut found = None;
        while let Some((since, connection)) = lane.pop_back() {
            seen += 1;
            if since.elapsed() < WAIT && connection.sender.is_ready() {
                found = Some(connection);
                break;
            }
        }
        if lane.is_empty() {
            waiting.lanes.remove(target);
        }
        waiting.count -= seen;
        found
    }

    /// Keeps a connection for the next request to the same target.
    pub fn put(&self, target: Target, connection: Connection) {
        let mut waiting = self.0.lock();
        if waiting.count >= IN_ALL {
            return;
        }
        let lane = waiting.lanes.entry(target).or_default();
        lane.push_back((Instant::now(), connection));
        let oldest = if lane.len() > PER_TARGET { lane.pop_front() } else { None };
        waiting.count += usize::from(oldest.is_none());
        if !std::mem::replace(&mut waiting.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.0)));
        }
    }
}

/// Closes connections that waited too long, until none is left.
async fn sweep(pool: Weak<Mutex<Waiting>>) {
    loop {
        tokio::time::sleep(WAIT / 4).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut waiting = pool.lock();
        waiting.lanes.retain(|_, lane| {
            lane.retain(|(since, connection)| since.elapsed() < WAIT && !connection.sender.is_closed());
            !lane.is_empty()
        });
        waiting.count = waiting.lanes.values().map(VecDeque::len).sum();
        waiting.swept = waiting.count > 0;
        if !waiting.swept {
            return;
        }
    }
}
