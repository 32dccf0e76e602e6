//! The one way to the database.

use crate::migrate::{self, Migration};
use crate::postgres::Postgres;
use crate::{Conn, Durability, Error, Result, Sqlite};
use std::path::Path;
use std::sync::Arc;

/// Which engine a database runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database. Cheap to clone.
#[derive(Clone)]
pub enum Db {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Db {
    /// Opens an SQLite database file, creating it where it does not exist.
    pub fn sqlite(path: &Path, durability: Durability) -> Result<Db> {
        Ok(Db::Sqlite(Arc::new(Sqlite::open(path, durability)?)))
    }

    /// Opens an SQLite database file for looking at it: it must exist, and writes fail. A server may be using it.
    pub fn sqlite_read_only(path: &Path) -> Result<Db> {
        Ok(Db::Sqlite(Arc::new(Sqlite::open_read_only(path)?)))
    }

    /// Connects to PostgreSQL; `url` is `postgres://user@host/database` or a key-value string.
    pub async fn postgres(url: &str) -> Result<Db> {
        Ok(Db::Postgres(Arc::new(Postgres::connect(url).await?)))
    }

    pub fn engine(&self) -> Engine {
        match self {
            Db::Sqlite(_) => Engine::Sqlite,
            Db::Postgres(_) => Engine::Postgres,
        }
    }

    /// A connection for reading. Each statement sees what was committed before it.
    pub async fn read(&self) -> Result<Conn> {
        match self {
            Db::Sqlite(db) => Ok(Conn::Sqlite(db.reader())),
            Db::Postgres(db) => db.reader().await,
        }
    }

    /// Runs `work` as one transaction. It is committed and on disk when this answers `Ok`; an `Err` leaves no trace.
    ///
    /// `work` may run more than once (see the crate's introduction), and awaits nothing but the connection it is given.
    pub async fn write<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: AsyncFn(&Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + AsStoreError + Send + 'static,
    {
        match self {
            Db::Sqlite(db) => db.write(work, true).await,
            Db::Postgres(db) => db.write(work).await,
        }
    }

    /// The same for what changes nothing that others go by: it is no news.
    pub async fn write_aside<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: AsyncFn(&Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + AsStoreError + Send + 'static,
    {
        match self {
            Db::Sqlite(db) => db.write(work, false).await,
            Db::Postgres(db) => db.write(work).await,
        }
    }

    /// A number that is another one as soon as a write was answered, but for those aside. Where it is still what it was before
    /// something was read, that is as it was read. `None` where other processes write too.
    pub fn news(&self) -> Option<u64> {
        match self {
            Db::Sqlite(db) => Some(db.news()),
            Db::Postgres(_) => None,
        }
    }

    /// Runs `look` on one state of the database, however many statements it reads and whatever is written meanwhile.
    pub async fn snapshot<T, E: From<Error>>(
        &self,
        look: impl AsyncFnOnce(&Conn) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        match self {
            Db::Sqlite(db) => look(&db.snapshot()?).await,
            Db::Postgres(db) => {
                let conn = db.reader().await?;
                conn.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
                let seen = look(&conn).await;
                conn.batch("ROLLBACK").await?;
                seen
            }
        }
    }

    /// Keeps the other processes on this database out of what is named, until the answer is dropped or this process ends; waits for
    /// the one that is in it. An SQLite database has one process only (`FolderLock`).
    pub async fn exclusive(&self, name: &str) -> Result<Exclusive> {
        match self {
            Db::Sqlite(_) => Ok(Exclusive(None)),
            Db::Postgres(db) => Ok(Exclusive(Some(db.exclusive(name).await?))),
        }
    }

    /// Brings the schema up to date, under a lock; answers the version it has now.
    pub async fn migrate(&self, migrations: &'static [Migration]) -> Result<i64> {
        migrate::run(self, migrations).await
    }
}

/// What `Db::exclusive` answers.
pub struct Exclusive(Option<deadpool_postgres::Object>);

impl Drop for Exclusive {
    /// Ends the connection that holds the lock, instead of giving it back to the pool.
    fn drop(&mut self) {
        self.0.take().map(deadpool_postgres::Object::take);
    }
}

/// Lets the store see, inside a caller's error, that the transaction only lost a race.
pub trait AsStoreError {
    fn as_store_error(&self) -> Option<&Error>;
}

impl AsStoreError for Error {
    fn as_store_error(&self) -> Option<&Error> {
        Some(self)
    }
}
