//! SQLite's log, which the readers' anchor must not keep from being used again.

use pintle_store::{Db, Durability, params};

#[tokio::test]
async fn the_log_is_used_again_although_somebody_always_reads() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&folder.path().join("test.db"), Durability::ProcessOnly).unwrap();
    let table = "CREATE TABLE items (id BIGINT PRIMARY KEY, text TEXT NOT NULL)";
    db.write(async move |tx| tx.execute(table, &[]).await).await.unwrap();
    let text = "x".repeat(20_000);
    for id in 0..2_000 {
        let (insert, text) = ("INSERT INTO items (id, text) VALUES ($1, $2)", text.clone());
        db.write(async move |tx| tx.execute(insert, &params![id, &text]).await).await.unwrap();
        let count = "SELECT COUNT(*) FROM items WHERE id = $1";
        let (count,): (i64,) = db.read().await.unwrap().one(count, &params![id]).await.unwrap();
        assert_eq!(count, 1, "an answered write is seen by the next read");
    }
    let log = std::fs::metadata(folder.path().join("test.db-wal")).unwrap().len();
    assert!(log < 24 << 20, "40 MB were written, and the log has {log} bytes");
}
