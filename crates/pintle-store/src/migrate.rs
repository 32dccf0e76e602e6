//! The schema, one text for both engines, brought up to date at start.

use crate::{Db, Engine, Error, Result, params};

/// One step of the schema's history. Its number is its place in the list, counted from 1; a released step never changes.
pub struct Migration {
    pub name: &'static str,
    pub sql: &'static str,
}

/// A number of our own among PostgreSQL's advisory locks ("pintle" in ASCII).
const LOCK: i64 = 0x7069_6e74_6c65;

pub(crate) async fn run(db: &Db, migrations: &'static [Migration]) -> Result<i64> {
    let postgres = db.engine() == Engine::Postgres;
    let program = migrations.len() as i64;
    // A transaction of its own: on PostgreSQL, `CREATE TABLE IF NOT EXISTS` itself can race.
    db.write(async move |tx| {
        if postgres {
            tx.execute("SELECT pg_advisory_xact_lock($1)", &params![LOCK]).await?;
        }
        tx.batch(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL)",
        )
        .await
    })
    .await?;
    db.write(async move |tx| {
        if postgres {
            // Not the advisory lock: taking that reads, and what a serializable transaction sees is what was there when it first
            // read. So one that waited would not see what was done meanwhile.
            tx.batch("LOCK TABLE schema_migrations IN EXCLUSIVE MODE").await?;
        }
        let (database,): (i64,) =
            tx.one("SELECT COALESCE(MAX(version), 0) FROM schema_migrations", &[]).await?;
        if database > program {
            return Err(Error::Newer { database, program });
        }
        for (version, migration) in (1..).zip(migrations).skip(database as usize) {
            tx.batch(migration.sql).await?;
            let row = params![version, migration.name];
            tx.execute("INSERT INTO schema_migrations (version, name) VALUES ($1, $2)", &row).await?;
        }
        Ok(program)
    })
    .await
}
