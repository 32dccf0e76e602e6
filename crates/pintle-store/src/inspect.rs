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
                "SELECT table_name::text FROM information_schema.tables
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
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
        self.snapshot(async |conn| {
            let mut damage = conn.damaged_pages().await?;
            for key in conn.foreign_keys().await? {
                damage.extend(key.orphans(conn).await?.iter().map(ToString::to_string));
            }
            Ok(damage)
        })
        .await
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

impl Conn {
    /// What the engine finds broken in its own file. PostgreSQL has no such question.
    pub async fn damaged_pages(&self) -> Result<Vec<String>> {
        let Conn::Sqlite(_) = self else { return Ok(Vec::new()) };
        let rows: Vec<(String,)> = self.all("PRAGMA integrity_check", &[]).await?;
        Ok(rows.into_iter().map(|(row,)| row).filter(|row| row != "ok").collect())
    }

    /// Every foreign key that the schema declares. All have one column.
    pub async fn foreign_keys(&self) -> Result<Vec<ForeignKey>> {
        let sql = match self {
            Conn::Sqlite(_) => {
                "SELECT m.name, f.\"from\", f.\"table\", COALESCE(f.\"to\", 'id')
                 FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, 2"
            }
            Conn::Postgres(_) => {
                "SELECT t.relname::text, a.attname::text, p.relname::text, b.attname::text FROM pg_constraint c
                 JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class p ON p.oid = c.confrelid
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                 JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
                 WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace ORDER BY 1, 2"
            }
        };
        let rows: Vec<(String, String, String, String)> = self.all(sql, &[]).await?;
        let key =
            |(table, column, parent, parent_column)| ForeignKey { table, column, parent, parent_column };
        Ok(rows.into_iter().map(key).collect())
    }
}

/// `table.column` refers to `parent.parent_column`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub table: String,
    pub column: String,
    pub parent: String,
    pub parent_column: String,
}

/// Rows that refer to a parent which does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphans {
    pub key: ForeignKey,
    /// The value that no parent has.
    pub missing: String,
    pub count: i64,
}

impl ForeignKey {
    /// The rows whose parent is gone, by the parent that they name.
    pub async fn orphans(&self, conn: &Conn) -> Result<Vec<Orphans>> {
        let ForeignKey { table, column, parent, parent_column } = self;
        let sql = format!(
            "SELECT c.{column}, COUNT(*) FROM {table} c LEFT JOIN {parent} p ON p.{parent_column} = c.{column}
             WHERE c.{column} IS NOT NULL AND p.{parent_column} IS NULL GROUP BY c.{column} ORDER BY c.{column}"
        );
        let rows: Vec<(String, i64)> = conn.all(&sql, &[]).await?;
        Ok(rows.into_iter().map(|(missing, count)| Orphans { key: self.clone(), missing, count }).collect())
    }
}

impl std::fmt::Display for Orphans {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Orphans { key: ForeignKey { table, column, parent, .. }, missing, count } = self;
        write!(f, "{table}: {count} with {column} {missing}, which is not in {parent}")
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
