//! Every receipt, for an operator, who asks the database itself: whoever could read one over the API may be gone.

use crate::Result;
use crate::clock::Millis;
use crate::configurations::removal::{self, Actor};
use crate::deletions::Whose;
use crate::ids::{ConfigurationId, OwnerId};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// What a list says of each.
#[derive(Debug, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Entry {
    Deletion {
        id: OwnerId,
        #[serde(rename = "type")]
        whose: Whose,
        slug: String,
        deleted_at: Millis,
        deleted_by: Actor,
    },
    Removal {
        configuration_id: ConfigurationId,
        slug: String,
        owner_id: OwnerId,
        removed_at: Millis,
        removed_by: Actor,
    },
}

/// All of them, newest first. The documents, which may be large, are read one at a time.
pub async fn entries(conn: &Conn) -> Result<Vec<Entry>> {
    let sql = "SELECT id, created_at FROM deletions
      UNION ALL SELECT configuration_id, created_at FROM removals ORDER BY created_at DESC, id DESC";
    let ids: Vec<(String, Millis)> = conn.all(sql, &[]).await?;
    let sql = "SELECT doc FROM deletions WHERE id = $1
      UNION ALL SELECT doc FROM removals WHERE configuration_id = $1";
    let mut entries = Vec::with_capacity(ids.len());
    for (id, _) in ids {
        let (doc,): (String,) = conn.one(sql, &params![id]).await?;
        entries.push(serde_json::from_str(&doc)?);
    }
    Ok(entries)
}

/// One of them, by the id of the team, the user or the installation.
pub async fn stored(conn: &Conn, id: &str) -> Result<Option<String>> {
    match conn.opt("SELECT doc FROM deletions WHERE id = $1", &params![id]).await? {
        Some((doc,)) => Ok(Some(doc)),
        None => removal::stored(conn, id).await,
    }
}
