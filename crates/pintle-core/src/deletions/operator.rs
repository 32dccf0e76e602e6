//! Receipts for an operator, who asks the database itself: a user that is deleted can read its own no more.

use super::Whose;
use crate::clock::Millis;
use crate::configurations::removal::Actor;
use crate::ids::OwnerId;
use crate::{Error, Result};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// What a list of deletions says of each.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub id: OwnerId,
    #[serde(rename = "type")]
    pub whose: Whose,
    pub slug: String,
    pub deleted_at: Millis,
    pub deleted_by: Actor,
}

/// Every team and user that was deleted, newest first. The documents, which may be large, are read one at a time.
pub async fn entries(conn: &Conn) -> Result<Vec<Entry>> {
    let ids: Vec<(String,)> =
        conn.all("SELECT id FROM deletions ORDER BY created_at DESC, id DESC", &[]).await?;
    let mut entries = Vec::with_capacity(ids.len());
    for (id,) in ids {
        let doc = stored(conn, &id).await?.ok_or_else(|| Error::not_found("Deletion"))?;
        entries.push(serde_json::from_str(&doc)?);
    }
    Ok(entries)
}

/// One receipt, by the id of the team or the user, as it stands in the database.
pub async fn stored(conn: &Conn, id: &str) -> Result<Option<String>> {
    let row: Option<(String,)> = conn.opt("SELECT doc FROM deletions WHERE id = $1", &params![id]).await?;
    Ok(row.map(|(doc,)| doc))
}
