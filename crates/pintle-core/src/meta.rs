//! What Pintle keeps for itself, by a name each.

use crate::Result;
use pintle_store::{Conn, params};

pub async fn get(conn: &Conn, key: &str) -> Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> = conn.opt("SELECT value FROM meta WHERE key = $1", &params![key]).await?;
    Ok(row.map(|(value,)| value))
}

pub async fn put(tx: &Conn, key: &str, value: Vec<u8>) -> Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    tx.execute(sql, &params![key, value]).await?;
    Ok(())
}
