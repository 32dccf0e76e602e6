//! Pintle's time. Handed in, so that a test owns it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Milliseconds since the Unix epoch, as everywhere on the wire.
pub type Millis = i64;

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// The system's clock, plus what it was moved forward by. Clones move together.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead: Arc<AtomicI64>,
}

impl Clock {
    pub fn now(&self) -> Millis {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        let system = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        system.as_millis() as Millis + self.ahead.load(Ordering::Relaxed)
    }

    /// Moves time forward; it never goes back.
    pub fn advance(&self, by: Millis) {
        self.ahead.fetch_add(by.max(0), Ordering::Relaxed);
    }
}
