//! Rate limits: requests per token and minute, counted by each process for itself.

use parking_lot::Mutex;
use pintle_core::clock::{MINUTE, Millis, SECOND};
use pintle_core::ids::TokenId;
use pintle_core::{Error, Kind, Result};
use serde_json::json;
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

    /// # Errors
    /// 429 where this request was one too many.
    pub fn granted(&self, now: Millis) -> Result<()> {
        if !self.exceeded {
            return Ok(());
        }
        let seconds = ((self.reset_ms - now + 999) / SECOND).clamp(1, 60) as u32;
        Err(self.refusal(seconds))
    }

    /// What a caller is told who should come back after so many seconds.
    pub fn refusal(&self, seconds: u32) -> Error {
        let limit = json!({
            "remaining": self.remaining, "reset": self.reset_seconds(), "resetMs": self.reset_ms, "total": self.limit,
        });
        let error = Error::new(Kind::RateLimited, "rate_limited", "Too many requests");
        error.with("limit", limit).retry_after(seconds)
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
