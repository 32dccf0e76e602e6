//! Looking at a database as a whole: for `pintle doctor`, and for tests that compare all of it.

use crate::{Conn, Db, Engine, FromValue, Result, Row};
use rusqlite::types::ValueRef;

impl Db {
    /// The names of the tables, sorted.
    pub async fn tables(&self) -> Result<Vec<String>> {
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            }
            Engine::Postgres => {
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
            }
        };
        let rows: Vec<(String,)> = self.read().await?.all(sql, &[]).await?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// Every row of a table as text, sorted: equal texts are equal rows, to the byte.
    pub async fn rows(&self, table: &str) -> Result<Vec<String>> {
        let conn = self.read().await?;
        let mut rows = match &conn {
            Conn::Sqlite(_) => conn.all(&format!("SELECT * FROM {table}"), &[]).await?,
            Conn::Postgres(_) => {
                let rows: Vec<(String,)> = conn.all(&format!("SELECT t::text FROM {table} t"), &[]).await?;
                rows.into_iter().map(|(text,)| Text(text)).collect()
            }
        };
        rows.sort();
        Ok(rows.into_iter().map(|Text(text)| text).collect())
    }

    /// Asks the engine for damage; an empty list is a sound database.
    pub async fn damage(&self) -> Result<Vec<String>> {
        if self.engine() == Engine::Postgres {
            return Ok(Vec::new());
        }
        let conn = self.read().await?;
        let rows: Vec<(String,)> = conn.all("PRAGMA integrity_check", &[]).await?;
        let mut damage: Vec<String> = rows.into_iter().map(|(row,)| row).filter(|row| row != "ok").collect();
        let orphans: Vec<(String, Option<i64>, String)> = conn.all("PRAGMA foreign_key_check", &[]).await?;
        damage.extend(orphans.into_iter().map(|(table, row, parent)| {
            format!("{table}: row {} refers to a missing row of {parent}", row.unwrap_or_default())
        }));
        Ok(damage)
    }

    /// The foreign keys that no index serves, as `table(column)`: there should be none.
    pub async fn unindexed_foreign_keys(&self) -> Result<Vec<String>> {
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT m.name || '(' || f.\"from\" || ')' FROM sqlite_master m, pragma_foreign_key_list(m.name) f
                 WHERE m.type = 'table' AND NOT EXISTS (
                   SELECT 1 FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i
                   WHERE i.seqno = 0 AND i.name = f.\"from\") ORDER BY 1"
            }
            Engine::Postgres => {
                "SELECT c.conrelid::regclass::text || '(' || a.attname || ')' FROM pg_constraint c
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                 WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND NOT EXISTS (
                   SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]) ORDER BY 1"
            }
        };
        let rows: Vec<(String,)> = self.read().await?.all(sql, &[]).await?;
        Ok(rows.into_iter().map(|(text,)| text).collect())
    }
}

/// A whole SQLite row as text, whatever its columns are.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Text(String);

impl crate::FromRow for Text {
    fn from_row(row: &Row<'_>) -> Result<Self> {
        let Row::Sqlite(sqlite) = row else { return Ok(Text(String::from_value(row, 0)?)) };
        let mut text = String::new();
        for index in 0..sqlite.as_ref().column_count() {
            text.push_str(&column(sqlite.get_ref(index)?));
            text.push('|');
        }
        Ok(Text(text))
    }
}

/// Text stays legible, so that a search finds an id in it; bytes are in hexadecimal, as PostgreSQL writes them.
fn column(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        other => format!("{other:?}"),
    }
}
