//! Pintle's time. Handed in, so that a test owns it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since the Unix epoch, as everywhere on the wire.
pub type Millis = i64;

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// A stamp that a client wrote as text: milliseconds, or a date and perhaps time as ISO 8601 has them. Without a time it is the
/// day's first moment in UTC.
pub fn parse(text: &str) -> Option<Millis> {
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number as Millis);
    }
    let moment = OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339));
    Some((moment.ok()?.unix_timestamp_nanos() / 1_000_000) as Millis)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_clients_write_it() {
        let cases = [
            ("1700000000000", Some(1_700_000_000_000)),
            ("1700000000000.5", Some(1_700_000_000_000)),
            ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
            ("2023-11-14T22:13:20.123Z", Some(1_700_000_000_123)),
            ("2023-11-15T00:13:20+02:00", Some(1_700_000_000_000)),
            ("2023-11-14", Some(1_699_920_000_000)),
            ("yesterday", None),
            ("2023-13-01", None),
            ("NaN", None),
            ("", None),
        ];
        for (text, stamp) in cases {
            assert_eq!(parse(text), stamp, "{text}");
        }
    }
}
