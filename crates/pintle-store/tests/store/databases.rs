//! An empty database for every test.

use pintle_store::{Db, Durability, Engine};
use std::sync::atomic::{AtomicU64, Ordering};

/// A database that can be opened more than once.
pub enum Place {
    Sqlite(tempfile::TempDir),
    Postgres(String),
}

impl Place {
    pub async fn open(&self) -> Db {
        match self {
            Place::Sqlite(folder) => {
                Db::sqlite(&folder.path().join("test.db"), Durability::ProcessOnly).unwrap()
            }
            Place::Postgres(url) => Db::postgres(url).await.unwrap(),
        }
    }

    /// Opens it with this table.
    pub async fn with(&self, table: &'static str) -> Db {
        let db = self.open().await;
        db.write(async move |tx| tx.execute(table, &[]).await).await.unwrap();
        db
    }

    async fn postgres(server: &str) -> Place {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let schema = format!("s{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE SCHEMA {schema}");
        let admin = Db::postgres(server).await.unwrap();
        admin.write(async move |tx| tx.execute(&create, &[]).await).await.unwrap();
        let joiner = if server.contains('?') { '&' } else { '?' };
        Place::Postgres(format!("{server}{joiner}options=-c%20search_path%3D{schema}"))
    }
}

pub async fn on_each_engine(test: impl AsyncFn(&Place)) {
    test(&Place::Sqlite(tempfile::tempdir().unwrap())).await;
    match std::env::var("PINTLE_TEST_POSTGRES") {
        Ok(server) => test(&Place::postgres(&server).await).await,
        Err(_) => {
            eprintln!("skipped on PostgreSQL: PINTLE_TEST_POSTGRES is not set (cargo xtask test sets it)")
        }
    }
}

pub fn is_sqlite(db: &Db) -> bool {
    db.engine() == Engine::Sqlite
}

/// The numbers in the column `n` of `things`, sorted.
pub async fn numbers(db: &Db) -> Vec<i64> {
    let rows: Vec<(i64,)> =
        db.read().await.unwrap().all("SELECT n FROM things ORDER BY n", &[]).await.unwrap();
    rows.into_iter().map(|(n,)| n).collect()
}

pub const THINGS: &str = "CREATE TABLE things (n BIGINT PRIMARY KEY)";
