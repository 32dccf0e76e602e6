//! Pintle's time. Handed in, so that a test owns it.

use crate::{Core, Error, Result, meta};
use pintle_store::Conn;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::watch;

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

/// A moment as ISO 8601 has it, in UTC and always with three digits of milliseconds: what [`parse`] reads.
pub fn text(at: Millis) -> String {
    let Ok(moment) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000) else {
        return at.to_string();
    };
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second, milli) = moment.to_hms_milli();
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z", u8::from(month))
}

/// A length of time as people write it: a whole number and `ms`, `s`, `m`, `h` or `d`, such as `90s` or `30d`.
pub fn length(text: &str) -> Option<Millis> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    };
    number.parse::<Millis>().ok()?.checked_mul(unit)
}

/// The system's clock, plus what it was moved forward by. Clones move together.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ahead: AtomicI64,
    moved: watch::Sender<()>,
}

impl Default for Inner {
    fn default() -> Self {
        Self { ahead: AtomicI64::new(0), moved: watch::Sender::new(()) }
    }
}

impl Clock {
    pub fn now(&self) -> Millis {
        self.unmoved() + self.ahead()
    }

    /// The system's time: for what people wait for who do not grow older when the clock is moved.
    pub fn unmoved(&self) -> Millis {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        let system = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        system.as_millis() as Millis
    }

    /// By how much it was moved forward.
    pub fn ahead(&self) -> Millis {
        self.0.ahead.load(Ordering::Relaxed)
    }

    /// Moves time forward; it never goes back.
    pub fn advance(&self, by: Millis) {
        self.0.ahead.fetch_add(by.max(0), Ordering::Relaxed);
        self.0.moved.send_replace(());
    }

    /// Moves time so far ahead of the system's, unless it is that far already.
    fn advance_to(&self, ahead: Millis) {
        self.0.ahead.fetch_max(ahead, Ordering::Relaxed);
        self.0.moved.send_replace(());
    }

    /// Hears every move from now on: who waits for a time must look again.
    pub fn moves(&self) -> watch::Receiver<()> {
        self.0.moved.subscribe()
    }

    /// Waits until it is that late, which a move may bring about at once.
    pub async fn until(&self, at: Millis) {
        let mut moves = self.moves();
        loop {
            let left = at - self.now();
            if left <= 0 {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left.unsigned_abs())) => {}
                _ = moves.changed() => {}
            }
        }
    }
}

/// How far Pintle's time may go: the last millisecond of the year 9999.
const LAST: Millis = 253_402_300_799_999;
/// Its key in `meta`: how many milliseconds ahead of the system's it is.
pub(crate) const META: &str = "clock";

/// A move that a developer asks for.
#[derive(Debug, Clone, Copy)]
pub enum Move {
    By(Millis),
    To(Millis),
}

/// Moves Pintle's time forward for good: a restart keeps it (see [`restore`]).
///
/// # Errors
/// 400 for a move back, or further than the year 9999.
pub async fn advance(core: &Core, wanted: Move) -> Result<()> {
    let now = core.clock.now();
    let by = match wanted {
        Move::By(by) => by,
        Move::To(at) => at.saturating_sub(now),
    };
    if by < 0 {
        return Err(Error::bad_request("Time only moves forward"));
    }
    if by > LAST - now {
        return Err(Error::bad_request("Time ends with the year 9999"));
    }
    let inner = core.clone();
    let ahead = core.db.write(async move |tx| {
        // Another process may have moved it further.
        let ahead = kept(tx).await?.max(inner.clock.ahead()) + by;
        meta::put(tx, META, ahead.to_string().into_bytes()).await?;
        Ok::<_, Error>(ahead)
    });
    core.clock.advance_to(ahead.await?);
    Ok(())
}

/// Moves time as far ahead as it was when the last process ended.
///
/// # Errors
/// Where the database does not answer.
pub async fn restore(core: &Core) -> Result<()> {
    core.clock.advance_to(left_ahead(core).await?);
    Ok(())
}

/// How far ahead of the system's time earlier processes left it.
///
/// # Errors
/// Where the database does not answer.
pub async fn left_ahead(core: &Core) -> Result<Millis> {
    kept(&core.db.read().await?).await
}

async fn kept(conn: &Conn) -> Result<Millis> {
    let kept = meta::get(conn, META).await?;
    Ok(kept.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok()).unwrap_or(0))
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
        assert_eq!(text(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
    }

    #[test]
    fn a_length_is_a_number_and_a_unit() {
        let cases = [
            ("250ms", Some(250)),
            ("90s", Some(90_000)),
            ("15m", Some(900_000)),
            ("24h", Some(DAY)),
            ("30d", Some(30 * DAY)),
            ("0d", Some(0)),
            ("24", None),
            ("h", None),
            ("-1h", None),
            ("1w", None),
            ("1.5h", None),
            ("9223372036854775807d", None),
            ("", None),
        ];
        for (text, millis) in cases {
            assert_eq!(length(text), millis, "{text}");
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_time_notices_that_it_was_moved() {
        let clock = Clock::default();
        let (waiting, at) = (clock.clone(), clock.now() + DAY);
        let waits = tokio::spawn(async move { waiting.until(at).await });
        tokio::task::yield_now().await;
        clock.advance(HOUR);
        assert!(tokio::time::timeout(Duration::from_millis(50), clock.until(at)).await.is_err());
        clock.advance(DAY);
        tokio::time::timeout(Duration::from_secs(5), waits).await.unwrap().unwrap();
    }
}
