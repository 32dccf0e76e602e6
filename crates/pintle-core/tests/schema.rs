//! The schema on both engines: every foreign key served by an index, every unique index named after its columns, and a start that
//! can happen anywhere at any time.

#![allow(clippy::unwrap_used, reason = "this is a test's own code")]

use pintle_core::clock::Clock;
use pintle_core::deletions::{KINDS, PARTS};
use pintle_core::entropy::Entropy;
use pintle_core::ids::OwnerId;
use pintle_core::migrations::MIGRATIONS;
use pintle_core::vault::MasterKey;
use pintle_core::{Core, Result, Scope, edge_config};
use pintle_store::{Db, Durability, Engine};
use pintle_testing::{on_each_engine, schema_of_its_own};

#[tokio::test]
async fn every_foreign_key_has_an_index() {
    on_each_engine(async |pintle| {
        assert_eq!(pintle.core.db.unindexed_foreign_keys().await.unwrap(), Vec::<String>::new());
    })
    .await;
}

/// Whatever refers to an owner, directly or through others, goes with it. The receipt of a deletion must name it, or know it as a part of
/// something that it names.
#[tokio::test]
async fn the_receipt_of_a_deletion_knows_every_kind_of_things() {
    on_each_engine(async |pintle| {
        let conn = pintle.core.db.read().await.unwrap();
        let keys = conn.foreign_keys().await.unwrap();
        let mut owned = vec!["owners".to_owned()];
        loop {
            let next = keys.iter().find(|key| owned.contains(&key.parent) && !owned.contains(&key.table));
            let Some(key) = next else { break };
            owned.push(key.table.clone());
        }
        let known =
            |table: &String| KINDS.iter().any(|kind| kind.table == table) || PARTS.contains(&table.as_str());
        owned.sort();
        let unknown: Vec<String> = owned.into_iter().filter(|table| !known(table)).collect();
        assert_eq!(unknown, Vec::<String>::new(), "add them to KINDS or PARTS of deletions/owned.rs");
        assert!(KINDS.iter().all(|kind| !PARTS.contains(&kind.table)));
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

/// What the second released schema has of deliveries.
const RELEASED: [&str; 3] = [
    "INSERT INTO deliveries (id, owner_id, kind, source_id, state, due_at, leased_by, retry_until, tries, created_at, secret, body, doc)
     VALUES ('dlv_1', 'team_1', 'webhook', 'hook_1', 'pending', 7, 'relay_1', 9, 0, 5, NULL, 'body 1', 'doc 1')",
    "INSERT INTO deliveries (id, owner_id, kind, source_id, state, retry_until, tries, created_at, secret, body, doc)
     VALUES ('dlv_2', 'team_1', 'drain', 'drn_1', 'delivered', 9, 1, 6, NULL, NULL, 'doc 2')",
    "INSERT INTO delivery_tries (delivery_id, number, failed, created_at, doc) VALUES ('dlv_2', 1, 0, 6, 'try')",
];

#[tokio::test]
async fn a_released_database_keeps_its_deliveries() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_deliveries(Db::sqlite(&folder.path().join("pintle.db"), Durability::ProcessOnly).unwrap())
        .await;
    if let Ok(server) = std::env::var("PINTLE_TEST_POSTGRES") {
        let url = schema_of_its_own(&server, u64::MAX - 1).await;
        keeps_its_deliveries(Db::postgres(&url).await.unwrap()).await;
    }
}

async fn keeps_its_deliveries(db: Db) {
    db.migrate(&MIGRATIONS[..2]).await.unwrap();
    for sql in RELEASED {
        db.write(async move |tx| tx.execute(sql, &[]).await).await.unwrap();
    }
    let core = start(&db, 1).await.unwrap();
    let conn = core.db.read().await.unwrap();
    let sql = "SELECT d.id, d.state, d.due_at, d.tries, c.body, c.doc
      FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id ORDER BY d.id";
    type Row = (String, String, Option<i64>, i64, Option<String>, String);
    let text = str::to_owned;
    let kept: Vec<Row> = conn.all(sql, &[]).await.unwrap();
    let first = (text("dlv_1"), text("pending"), Some(7), 0, Some(text("body 1")), text("doc 1"));
    assert_eq!(kept, [first, (text("dlv_2"), text("delivered"), None, 1, None, text("doc 2"))]);
    let delete = "DELETE FROM deliveries WHERE id = 'dlv_2'";
    db.write(async move |tx| tx.execute(delete, &[]).await).await.unwrap();
    for table in ["delivery_contents", "delivery_tries"] {
        assert!(!db.rows(table).await.unwrap().iter().any(|row| row.contains("dlv_2")), "{table}");
    }
}

/// What the fourth released schema has of edge configs.
const PUSHED: [&str; 2] = [
    "INSERT INTO owners (id, kind, slug, search, created_at, doc) VALUES ('team_1', 'team', 'acme', 'acme', 1, '{}')",
    r#"INSERT INTO edge_configs (id, owner_id, created_at, updated_at, version, digest, items)
     VALUES ('ecfg_1', 'team_1', 2, 3, 7, 'd', '{"dark":{"é":1},"light":null}')"#,
];

#[tokio::test]
async fn a_released_database_keeps_its_edge_configs() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_edge_configs(Db::sqlite(&folder.path().join("pintle.db"), Durability::ProcessOnly).unwrap())
        .await;
    if let Ok(server) = std::env::var("PINTLE_TEST_POSTGRES") {
        let url = schema_of_its_own(&server, u64::MAX - 2).await;
        keeps_its_edge_configs(Db::postgres(&url).await.unwrap()).await;
    }
}

async fn keeps_its_edge_configs(db: Db) {
    db.migrate(&MIGRATIONS[..4]).await.unwrap();
    for sql in PUSHED {
        db.write(async move |tx| tx.execute(sql, &[]).await).await.unwrap();
    }
    let core = start(&db, 1).await.unwrap();
    let scope = Scope::system(OwnerId::from("team_1"), false);
    let kept = edge_config::get(&core, &scope, "ecfg_1").await.unwrap();
    let size = r#"{"dark":{"é":1},"light":null}"#.len() as i64;
    assert_eq!(
        (kept.item_count, kept.size_in_bytes, kept.updated_at, kept.digest.as_str()),
        (2, size, 3, "d")
    );
    let items = serde_json::to_value(edge_config::items(&core, &scope, "ecfg_1").await.unwrap()).unwrap();
    assert_eq!(
        (&items[0]["value"]["é"], &items[0]["createdAt"], &items[1]["key"]),
        (&1.into(), &3.into(), &"light".into())
    );
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
