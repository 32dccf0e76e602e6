//! The way by which applications read: with a token of the edge config's own, at every request that they answer.
//!
//! Only a few numbers are asked of the database each time: which version is current. What that holds never changes, so it is parsed
//! once and kept (`cache.rs`).

use super::cache::Snapshot;
use super::not_found;
use crate::clock::Millis;
use crate::{Core, Error, Kind, Result, credential};
use pintle_store::params;
use std::sync::Arc;

/// What is current.
#[derive(Debug, Clone)]
pub struct Head {
    version: i64,
    pub digest: String,
    pub updated_at: Millis,
}

/// What a token reads.
///
/// # Errors
/// 404 for an edge config that is not there; 401 for a token that is not one of its.
pub async fn head(core: &Core, id: &str, token: Option<&str>) -> Result<Head> {
    let conn = core.db.read().await?;
    if let Some(token) = token {
        let sql = "SELECT c.version, c.digest, c.updated_at FROM edge_config_tokens t
          JOIN edge_configs c ON c.id = t.edge_config_id WHERE t.id = $1 AND t.edge_config_id = $2";
        let row: Option<(i64, String, Millis)> = conn.opt(sql, &params![credential::hash(token), id]).await?;
        if let Some((version, digest, updated_at)) = row {
            return Ok(Head { version, digest, updated_at });
        }
    }
    let sql = "SELECT id FROM edge_configs WHERE id = $1";
    let known: Option<(String,)> = conn.opt(sql, &params![id]).await?;
    match known {
        Some(_) => {
            Err(Error::new(Kind::Unauthorized, "unauthorized", "The token is none of this Edge Config"))
        }
        None => Err(not_found().coded("edge_config_not_found")),
    }
}

/// What it holds.
pub async fn snapshot(core: &Core, id: &str, head: &Head) -> Result<Arc<Snapshot>> {
    if let Some(kept) = core.edge_configs.get(id, head.version) {
        return Ok(kept);
    }
    let sql = "SELECT items FROM edge_config_versions WHERE edge_config_id = $1 AND version = $2";
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &params![id, head.version]).await?;
    // Deleted since its head was read.
    let (items,) = row.ok_or_else(|| not_found().coded("edge_config_not_found"))?;
    let snapshot = Arc::new(Snapshot::new(head.version, items)?);
    core.edge_configs.keep(id, snapshot.clone());
    Ok(snapshot)
}
