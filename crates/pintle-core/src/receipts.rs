//! Every receipt, for an operator, who asks the database itself: whoever could read one over the API may be gone.

use crate::clock::Millis;
use crate::configurations::removal::{self, Actor};
use crate::deletions::Whose;
use crate::ids::OwnerId;
use crate::{Error, Result};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// What a list says of each: what a deletion's receipt and a removal's have in common.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    #[serde(alias = "configurationId")]
    pub id: String,
    /// `None` where it was an installation.
    #[serde(rename = "type")]
    pub whose: Option<Whose>,
    pub slug: String,
    /// Who had the installation.
    pub owner_id: Option<OwnerId>,
    #[serde(alias = "removedAt")]
    pub deleted_at: Millis,
    #[serde(alias = "removedBy")]
    pub deleted_by: Actor,
}

/// All of them, newest first. The documents, which may be large, are read one at a time.
pub async fn entries(conn: &Conn) -> Result<Vec<Entry>> {
    let sql =
        "SELECT id, created_at FROM deletions UNION ALL SELECT configuration_id, created_at FROM removals
      ORDER BY 2 DESC, 1 DESC";
    let ids: Vec<(String, Millis)> = conn.all(sql, &[]).await?;
    let mut entries = Vec::with_capacity(ids.len());
    for (id, _) in ids {
        let doc = stored(conn, &id).await?.ok_or_else(|| Error::not_found("Receipt"))?;
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
