//! The embedded engine: one writing thread, a few reading connections.

mod anchor;
mod checkpoint;
mod writer;

use crate::db::AsStoreError;
use crate::{Conn, Error, Result};
use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Statements kept prepared on each connection: more than Pintle has.
const STATEMENTS: usize = 512;

/// Memory that the writing connection may use to keep pages, in KiB, negated as SQLite wants it. A group of writes whose pages do not
/// fit is written twice.
const WRITING_CACHE: i64 = -16 * 1024;

/// What an answered write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Loss of power: every group of writes is on disk before it is answered.
    Full,
    /// The end of the process only. For proofs that make thousands of databases; never for a server.
    ProcessOnly,
}

impl Durability {
    /// As SQLite calls it.
    fn synchronous(self) -> &'static str {
        match self {
            Durability::Full => "FULL",
            Durability::ProcessOnly => "OFF",
        }
    }
}

/// SQLite's own default, but for writing and creating.
const READ_ONLY: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_URI).union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

pub struct Sqlite {
    path: PathBuf,
    writer: writer::Writer,
    readers: Vec<Arc<Mutex<Connection>>>,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, durability: Durability) -> Result<Self> {
        let mut writing = connect(path, OpenFlags::default())?;
        // The first that reads the file.
        writing
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(|error| Error::Fault(format!("{}: {error}", path.display())))?;
        writing.pragma_update(None, "synchronous", durability.synchronous())?;
        writing.pragma_update(None, "foreign_keys", "ON")?;
        writing.pragma_update(None, "cache_size", WRITING_CACHE)?;
        let moved = path.to_owned();
        checkpoint::follow(&mut writing, move || {
            let moving = connect(&moved, OpenFlags::default())?;
            moving.pragma_update(None, "synchronous", durability.synchronous())?;
            Ok(moving)
        })?;
        let readers = std::thread::available_parallelism().map_or(2, |n| n.get()) + 2;
        let readers = (0..readers)
            .map(|_| {
                let conn = connect(path, OpenFlags::default())?;
                conn.pragma_update(None, "query_only", "ON")?;
                Ok(Arc::new(Mutex::new(conn)))
            })
            .collect::<Result<_>>()?;
        let anchor = anchor::Anchor::new(connect(path, READ_ONLY)?);
        Ok(Self { path: path.to_owned(), writer: writer::Writer::start(writing, Some(anchor))?, readers })
    }

    /// For looking only: the file must exist, is never changed, and may belong to a running server.
    pub(crate) fn open_read_only(path: &Path) -> Result<Self> {
        let writer = writer::Writer::start(connect(path, READ_ONLY)?, None)?;
        let readers = vec![Arc::new(Mutex::new(connect(path, READ_ONLY)?))];
        Ok(Self { path: path.to_owned(), writer, readers })
    }

    /// A connection of its own, in a transaction that sees one state of the database for as long as it lives.
    pub(crate) fn snapshot(&self) -> Result<Conn> {
        let conn = connect(&self.path, READ_ONLY)?;
        conn.execute_batch("BEGIN")?;
        Ok(Conn::Sqlite(Arc::new(Mutex::new(conn))))
    }

    /// The reading connection of the calling thread; threads share one only where there are more threads than connections.
    pub(crate) fn reader(&self) -> Arc<Mutex<Connection>> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static MINE: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed)));
        self.readers[MINE.get() % self.readers.len()].clone()
    }

    pub(crate) fn news(&self) -> u64 {
        self.writer.news()
    }

    pub(crate) async fn write<T, E, F>(&self, work: F, news: bool) -> std::result::Result<T, E>
    where
        F: AsyncFn(&Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + AsStoreError + Send + 'static,
    {
        self.writer.submit(work, news).await
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, flags)
        .map_err(|error| Error::Fault(format!("cannot open {}: {error}", path.display())))?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans must not depend on the values bound, or SQLite prepares a cached statement anew for each.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}
