//! Moving pages from the log to their places, beside the writing and not in its way.

use crate::Result;
use rusqlite::Connection;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Pages in the log before they are moved: 16 MiB. A page that changes often moves only once for all of them.
const LONG: i32 = 4096;
/// Pages at which the writer waits for them to be moved.
const TOO_LONG: i32 = 2 * LONG;

/// Opens a connection that moves pages.
type Connect = dyn Fn() -> Result<Connection> + Send + Sync;

/// Moves the pages of a database.
///
/// SQLite has the writer do it, in the first commit after which the log is long: everybody who writes waits then, for as long as a
/// hundred commits take. Here a thread moves them while the writer goes on. What the writer adds meanwhile is little, and that it
/// moves itself, so that the log is empty for a moment and can begin anew.
struct Checkpoint {
    connect: Arc<Connect>,
    mover: Mover,
}

/// The thread that moves what is in a log since it became long.
enum Mover {
    NotNeeded,
    AtWork(JoinHandle<()>),
    Done,
}

/// Does it for all that a connection commits, in place of SQLite.
pub(super) fn follow(
    writing: &mut Connection,
    connect: impl Fn() -> Result<Connection> + Send + Sync + 'static,
) -> Result<()> {
    let mut checkpoint = Checkpoint { connect: Arc::new(connect), mover: Mover::NotNeeded };
    let committed = move |log: &mut Wal, pages| {
        checkpoint.committed(log, pages);
        Ok(())
    };
    Ok(writing.wal_hook(Some(committed))?)
}

impl Checkpoint {
    fn committed(&mut self, log: &mut Wal, pages: i32) {
        self.mover = match std::mem::replace(&mut self.mover, Mover::Done) {
            _ if pages < LONG => Mover::NotNeeded,
            Mover::NotNeeded => self.start(),
            Mover::AtWork(thread) if pages < TOO_LONG && !thread.is_finished() => Mover::AtWork(thread),
            Mover::AtWork(thread) => {
                drop(thread.join());
                Mover::Done
            }
            Mover::Done => Mover::Done,
        };
        if matches!(self.mover, Mover::Done) {
            // A reader may still need what is in the log. Then this is tried again after the next commit.
            drop(log.checkpoint());
        }
    }

    /// Where there is no thread for it, the writer does all of it.
    fn start(&self) -> Mover {
        let connect = self.connect.clone();
        let work = move || {
            // The second time is for what was written during the first. Where it fails, the writer does all of it.
            if let Ok(conn) = connect() {
                let _ = (0..2).try_for_each(|_| move_pages(&conn));
            }
        };
        let thread = thread::Builder::new().name("pintle-checkpoint".into()).spawn(work);
        thread.map_or(Mover::Done, Mover::AtWork)
    }
}

fn move_pages(conn: &Connection) -> rusqlite::Result<()> {
    conn.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE).map(drop)
}

impl Drop for Checkpoint {
    /// Whoever closes the database finds nobody at work on it.
    fn drop(&mut self) {
        if let Mover::AtWork(thread) = std::mem::replace(&mut self.mover, Mover::Done) {
            drop(thread.join());
        }
    }
}
