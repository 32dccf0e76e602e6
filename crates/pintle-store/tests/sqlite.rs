//! What the embedded engine promises beyond its answers.
#![allow(clippy::unwrap_used, reason = "a test's own code")]

use pintle_store::{Db, Durability, Error, params};

async fn open(folder: &tempfile::TempDir) -> Db {
    let db = Db::sqlite(&folder.path().join("test.db"), Durability::ProcessOnly).unwrap();
    let sql = "CREATE TABLE items (id BIGINT PRIMARY KEY, text TEXT NOT NULL)";
    db.write(async move |tx| tx.execute(sql, &[]).await.map(drop)).await.unwrap();
    db
}

async fn insert(db: &Db, id: i64, text: String) -> Result<(), Error> {
    let sql = "INSERT INTO items (id, text) VALUES ($1, $2)";
    db.write(async move |tx| tx.execute(sql, &params![id, &text]).await.map(drop)).await
}

#[tokio::test]
async fn the_log_is_used_again_although_somebody_always_reads() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder).await;
    for id in 0..2_000 {
        insert(&db, id, "x".repeat(20_000)).await.unwrap();
        let (count,): (i64,) = db
            .read()
            .await
            .unwrap()
            .one("SELECT COUNT(*) FROM items WHERE id = $1", &params![id])
            .await
            .unwrap();
        assert_eq!(count, 1, "an answered write is seen by the next read");
    }
    let log = std::fs::metadata(folder.path().join("test.db-wal")).unwrap().len();
    assert!(log < 24 << 20, "40 MB were written, and the log has {log} bytes");
}

#[tokio::test]
async fn a_failed_transaction_leaves_its_group_alone() {
    let folder = tempfile::tempdir().unwrap();
    let db = open(&folder).await;
    insert(&db, 1, "first".into()).await.unwrap();
    let (again, other) = tokio::join!(insert(&db, 1, "again".into()), insert(&db, 2, "other".into()));
    assert!(matches!(again, Err(Error::Unique(_))), "{again:?}");
    other.unwrap();
    let rows: Vec<(String,)> =
        db.read().await.unwrap().all("SELECT text FROM items ORDER BY id", &[]).await.unwrap();
    assert_eq!(rows, [("first".to_owned(),), ("other".to_owned(),)]);
}
