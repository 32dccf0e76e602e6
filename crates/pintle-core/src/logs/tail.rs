//! Reading a stream to its head, and on from there as it grows.

use super::read::{Wanted, head, read_after};
use super::{Batch, Position};
use crate::ids::OwnerId;
use crate::{Core, Result};
use pintle_store::Conn;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Bytes that one reading brings, about.
const READING: i64 = 1 << 20;
/// Between two looks for what another process has written, which rings no bell here.
const LOOK: Duration = Duration::from_secs(1);

/// A reader with its place in a stream.
pub struct Tail {
    core: Core,
    owner: OwnerId,
    wanted: Wanted,
    at: Position,
    rings: watch::Receiver<()>,
    follow: Follow,
}

/// When a reader that has read everything is done.
#[derive(Debug, Clone, Copy)]
pub enum Follow {
    /// At once.
    No,
    /// Then.
    Until(Instant),
    /// Never.
    Always,
}

impl Tail {
    /// Reads the wanted batches after a position.
    pub fn new(core: &Core, owner: OwnerId, wanted: Wanted, after: Position, follow: Follow) -> Self {
        let rings = core.bell.listen();
        Self { core: core.clone(), owner, wanted, at: after, rings, follow }
    }

    /// The next batches; where there are none yet, those of the next second, if any. `None` at the end.
    ///
    /// # Errors
    /// Where the stream cannot be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Batch>>> {
        let found = self.look().await?;
        let now = Instant::now();
        let until = match self.follow {
            _ if !found.is_empty() => return Ok(Some(found)),
            Follow::No => return Ok(None),
            Follow::Until(end) if now >= end => return Ok(None),
            Follow::Until(end) => end.min(now + LOOK),
            Follow::Always => now + LOOK,
        };
        drop(timeout_at(until, self.rings.changed()).await);
        self.look().await.map(Some)
    }

    async fn look(&mut self) -> Result<Vec<Batch>> {
        self.rings.mark_unchanged();
        let conn = self.core.db.read().await?;
        let head = head(&conn, &self.owner).await?;
        let found = read_after(&conn, &self.owner, self.at, &self.wanted, READING).await?;
        // Up to the head nothing was wanted where nothing is found.
        self.at = found.last().map_or(self.at.max(head), |last| last.position);
        Ok(found)
    }
}

/// Where to begin to read the last so many lines: the position to read after, and how many lines there are too many.
pub async fn last_lines(
    conn: &Conn,
    owner: &OwnerId,
    wanted: &Wanted,
    lines: i64,
) -> Result<(Position, i64)> {
    let mut rest = lines;
    let mut after = head(conn, owner).await?;
    while rest > 0 {
        let select = wanted.newest_first("position, lines", owner, after);
        let rows: Vec<(Position, i64)> = conn.all(&select.sql, &select.params).await?;
        if rows.is_empty() {
            break;
        }
        for (position, count) in rows {
            if rest <= 0 {
                break;
            }
            rest -= count;
            after = position - 1;
        }
    }
    Ok((after, (-rest).max(0)))
}
