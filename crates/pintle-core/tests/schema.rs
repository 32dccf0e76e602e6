//! The schema on both engines: every foreign key served by an index, every unique index named after its columns, and a start that
//! can happen anywhere at any time.

#![allow(clippy::unwrap_used, reason = "this is a test's own code")]

use pintle_core::clock::Clock;
use pintle_core::entropy::Entropy;
use pintle_core::vault::MasterKey;
use pintle_core::{Core, Result};
use pintle_store::{Db, Durability, Engine};
use pintle_testing::{on_each_engine, schema_of_its_own};

#[tokio::test]
async fn every_foreign_key_has_an_index() {
    on_each_engine(async |pintle| {
        assert_eq!(pintle.core.db.unindexed_foreign_keys().await.unwrap(), Vec::<String>::new());
    })
    .await;
}

/// The unique indexes with their table and columns.
const SQLITE_INDEXES: &str = "SELECT l.name, m.name,
    (SELECT group_concat(i.name, '_') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i)
  FROM sqlite_master m, pragma_index_list(m.name) l
  WHERE m.type = 'table' AND l.\"unique\" = 1 AND l.origin = 'c' ORDER BY 1";
const POSTGRES_INDEXES: &str = "SELECT i.relname::text, t.relname::text,
    (SELECT string_agg(a.attname, '_' ORDER BY k.n) FROM unnest(x.indkey) WITH ORDINALITY k (attnum, n)
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
  WHERE t.relnamespace = current_schema()::regnamespace AND x.indisunique AND NOT x.indisprimary ORDER BY 1";

#[tokio::test]
async fn every_unique_index_is_named_after_its_columns() {
    on_each_engine(async |pintle| {
        let sql = match pintle.engine() {
            Engine::Sqlite => SQLITE_INDEXES,
            Engine::Postgres => POSTGRES_INDEXES,
        };
        let indexes: Vec<(String, String, String)> =
            pintle.core.db.read().await.unwrap().all(sql, &[]).await.unwrap();
        assert!(indexes.len() > 5, "{indexes:?}");
        for (name, table, columns) in indexes {
            assert_eq!(name, format!("{table}_{columns}_key"));
            // PostgreSQL cuts longer names off.
            assert!(name.len() <= 63, "{name}");
        }
    })
    .await;
}

async fn start(db: &Db, seed: u64) -> Result<Core> {
    Core::open(
        db.clone(),
        &MasterKey([7; 32]),
        pintle_testing::given(Clock::default(), Entropy::seeded(seed), false),
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_start_at_once_on_an_empty_database_open_each_others_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pintle.db");
    let sqlite = async || Db::sqlite(&path, Durability::ProcessOnly).unwrap();
    start_many([sqlite().await, sqlite().await, sqlite().await]).await;
    if let Ok(server) = std::env::var("PINTLE_TEST_POSTGRES") {
        let url = schema_of_its_own(&server, u64::MAX).await;
        let postgres = async || Db::postgres(&url).await.unwrap();
        start_many([postgres().await, postgres().await, postgres().await]).await;
    }
}

async fn start_many(databases: [Db; 3]) {
    let starting = databases.into_iter().zip(1..);
    let starting: Vec<_> =
        starting.map(|(db, seed)| tokio::spawn(async move { start(&db, seed).await })).collect();
    let mut cores = Vec::new();
    for start in starting {
        cores.push(start.await.unwrap().unwrap());
    }
    for one in &cores {
        let sealed = one.vault.seal("id", b"secret", &one.entropy).unwrap();
        for other in &cores {
            assert_eq!(other.vault.open_text("id", &sealed).unwrap(), "secret");
        }
    }
}

#[tokio::test]
async fn a_second_start_changes_nothing_and_one_on_a_newer_database_is_refused() {
    on_each_engine(async |pintle| {
        let db = &pintle.core.db;
        let user = pintle.user("keeper").await;
        let before = db.rows("owners").await.unwrap();
        start(db, 99).await.unwrap();
        assert_eq!(db.rows("owners").await.unwrap(), before);
        user.get("/v2/user").await.ok(200);

        let newer = "INSERT INTO schema_migrations (version, name) VALUES (999, 'of the future')";
        db.write(async move |tx| tx.execute(newer, &[]).await).await.unwrap();
        let refused = start(db, 99).await.err().unwrap();
        assert!(refused.message.contains("version 999"), "{refused}");
        assert!(refused.message.contains("newer pintle"), "{refused}");
    })
    .await;
}
