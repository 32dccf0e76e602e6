//! SQLite's log, which begins anew where nobody needs what is in it.

use pintle_store::{Conn, Db, Durability, Error, params};
use std::path::PathBuf;

/// More than the writer lets it have, by what one transaction adds.
const LIMIT: u64 = 33 << 20;
const TEXT: usize = 40_000;

struct Items {
    folder: tempfile::TempDir,
    db: Db,
}

impl Items {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::sqlite(&folder.path().join("test.db"), Durability::ProcessOnly).unwrap();
        let table = "CREATE TABLE items (id BIGINT PRIMARY KEY, text TEXT NOT NULL)";
        db.write(async move |tx| tx.execute(table, &[]).await).await.unwrap();
        Self { folder, db }
    }

    async fn insert(&self, id: i64) {
        let (insert, text) = ("INSERT INTO items (id, text) VALUES ($1, $2)", "x".repeat(TEXT));
        self.db.write(async move |tx| tx.execute(insert, &params![id, &text]).await).await.unwrap();
    }

    /// Bytes of the log.
    fn log(&self) -> u64 {
        std::fs::metadata(self.folder.path().join("test.db-wal")).unwrap().len()
    }

    /// The database, with all in it that was written, opened anew.
    async fn assert_whole(self, count: i64) {
        let path: PathBuf = self.folder.path().join("test.db");
        drop(self.db);
        let db = Db::sqlite(&path, Durability::ProcessOnly).unwrap();
        let conn = db.read().await.unwrap();
        let (items, bytes): (i64, i64) =
            conn.one("SELECT COUNT(*), SUM(LENGTH(text)) FROM items", &[]).await.unwrap();
        assert_eq!((items, bytes), (count, count * TEXT as i64));
        let (check,): (String,) = conn.one("PRAGMA integrity_check", &[]).await.unwrap();
        assert_eq!(check, "ok");
    }
}

async fn seen(conn: &Conn) -> Result<i64, Error> {
    conn.one("SELECT COUNT(*) FROM items", &[]).await.map(|(count,)| count)
}

#[tokio::test]
async fn the_log_is_used_again_although_somebody_always_reads() {
    let items = Items::new().await;
    for id in 0..3_000 {
        items.insert(id).await;
        let count = "SELECT COUNT(*) FROM items WHERE id = $1";
        let (count,): (i64,) = items.db.read().await.unwrap().one(count, &params![id]).await.unwrap();
        assert_eq!(count, 1, "an answered write is seen by the next read");
    }
    assert!(items.log() < LIMIT, "120 MB were written, and the log has {} bytes", items.log());
    items.assert_whole(3_000).await;
}

#[tokio::test]
async fn the_log_is_used_again_when_a_long_read_ends() {
    let items = Items::new().await;
    items.insert(0).await;
    let read = items.db.snapshot(async |conn| {
        let before = seen(conn).await?;
        for id in 1..1_500 {
            items.insert(id).await;
        }
        Ok::<_, Error>((before, seen(conn).await?))
    });
    assert_eq!(read.await.unwrap(), (1, 1), "a read sees one state for as long as it lasts");
    assert!(items.log() > LIMIT, "what somebody reads stays in the log, which has {} bytes", items.log());
    items.insert(1_500).await;
    let grown = items.log();
    for id in 1_501..3_000 {
        items.insert(id).await;
    }
    assert_eq!(items.log(), grown, "the log grew although nobody read it any more");
    items.assert_whole(3_000).await;
}
