//! The schema's history is applied once, by whoever comes first.

use crate::databases::on_each_engine;
use pintle_store::{Error, Migration};

const FIRST: Migration =
    Migration { name: "first", sql: "CREATE TABLE one (id TEXT PRIMARY KEY); CREATE TABLE two (id TEXT)" };
const SECOND: Migration = Migration { name: "second", sql: "ALTER TABLE two ADD COLUMN name TEXT" };
const BROKEN: Migration =
    Migration { name: "broken", sql: "CREATE TABLE three (id TEXT); CREATE TABLE one (id TEXT)" };

static OLD: [Migration; 1] = [FIRST];
static NEW: [Migration; 2] = [FIRST, SECOND];
static WRONG: [Migration; 2] = [FIRST, BROKEN];

#[tokio::test]
async fn steps_are_applied_once_and_in_order() {
    on_each_engine(async |place| {
        let db = place.open().await;
        assert_eq!(db.migrate(&OLD).await, Ok(1));
        assert_eq!(db.migrate(&OLD).await, Ok(1));
        assert_eq!(place.open().await.migrate(&NEW).await, Ok(2));
        assert_eq!(db.migrate(&NEW).await, Ok(2));
        assert_eq!(db.tables().await.unwrap(), ["one", "schema_migrations", "two"]);
        let two: Vec<(Option<String>,)> =
            db.read().await.unwrap().all("SELECT name FROM two", &[]).await.unwrap();
        assert_eq!(two, []);
    })
    .await;
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    on_each_engine(async |place| {
        let db = place.open().await;
        db.migrate(&NEW).await.unwrap();
        assert_eq!(db.migrate(&OLD).await, Err(Error::Newer { database: 2, program: 1 }));
    })
    .await;
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing() {
    on_each_engine(async |place| {
        let db = place.open().await;
        db.migrate(&OLD).await.unwrap();
        db.migrate(&WRONG).await.unwrap_err();
        assert_eq!(db.tables().await.unwrap(), ["one", "schema_migrations", "two"]);
        assert_eq!(db.migrate(&NEW).await, Ok(2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_start_at_once_apply_each_step_once() {
    on_each_engine(async |place| {
        let mut starting = Vec::new();
        for _ in 0..6 {
            let db = place.open().await;
            starting.push(tokio::spawn(async move { db.migrate(&NEW).await }));
        }
        for start in starting {
            assert_eq!(start.await.unwrap(), Ok(2));
        }
    })
    .await;
}
