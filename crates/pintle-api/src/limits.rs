//! Rate limits: requests per token and minute, counted by each process for itself.

use parking_lot::Mutex;
use pintle_core::clock::{MINUTE, Millis, SECOND};
use pintle_core::ids::TokenId;
use std::collections::HashMap;

/// More tokens than this in one minute, and those of earlier minutes are forgotten.
const SWEEP_AT: usize = 10_000;

#[derive(Default)]
pub struct Limits(Mutex<HashMap<TokenId, Window>>);

struct Window {
    minute: i64,
    used: i64,
}

/// What the `X-RateLimit-*` headers say.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub limit: i64,
    pub remaining: i64,
    pub reset_ms: Millis,
    pub exceeded: bool,
}

impl Allowance {
    pub fn reset_seconds(&self) -> i64 {
        self.reset_ms / SECOND
    }
}

impl Limits {
    /// Counts one request of a token that may make `limit` a minute.
    pub fn count(&self, token: &TokenId, limit: i64, now: Millis) -> Allowance {
        let minute = now / MINUTE;
        let mut windows = self.0.lock();
        if windows.len() > SWEEP_AT {
            windows.retain(|_, window| window.minute == minute);
        }
        let used = match windows.get_mut(token) {
            Some(window) => {
                if window.minute != minute {
                    *window = Window { minute, used: 0 };
                }
                window.used += 1;
                window.used
            }
            None => {
                windows.insert(token.clone(), Window { minute, used: 1 });
                1
            }
        };
        let reset_ms = (minute + 1) * MINUTE;
        Allowance { limit, remaining: (limit - used).max(0), reset_ms, exceeded: used > limit }
    }
}
