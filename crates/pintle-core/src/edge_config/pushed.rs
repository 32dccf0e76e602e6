//! What a partner pushes for its resource (semantics.md 4.4): an edge config of the resource's owner, which the partner writes.

use super::items::Items;
use super::record::{self, Conditions, Draft, SELECT};
use super::{EdgeConfig, write};
use crate::clock::Millis;
use crate::ids::{OwnerId, ResourceId};
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// What its partner sees of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pushed {
    pub items: Map<String, Json>,
    pub updated_at: Millis,
    pub digest: String,
}

async fn find(conn: &Conn, resource: &str) -> Result<Option<EdgeConfig>> {
    Ok(conn.opt(&format!("{SELECT} WHERE c.resource_id = $1"), &params![resource]).await?)
}

/// The edge config of a resource; an empty one since `since` where nothing was pushed.
pub(crate) async fn pushed(conn: &Conn, resource: &str, since: Millis) -> Result<Pushed> {
    match find(conn, resource).await? {
        Some(config) => shown(&config, &Items::load(conn, &config).await?),
        None => {
            let digest = Items::default().written()?.digest;
            Ok(Pushed { items: Map::new(), updated_at: since, digest })
        }
    }
}

fn shown(config: &EdgeConfig, items: &Items) -> Result<Pushed> {
    Ok(Pushed { items: items.values(), updated_at: config.updated_at, digest: config.digest.clone() })
}

/// Puts these items in the place of a resource's.
///
/// # Errors
/// 412 where it is not, or is, what the conditions name; 400 for a key that is none or items that are too large.
pub(crate) async fn push(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    resource: &str,
    values: &Map<String, Json>,
    conditions: &Conditions,
    now: Millis,
) -> Result<Pushed> {
    let mut after = Items::new("data", values.clone(), now)?;
    let before = find(tx, resource).await?;
    let digest = match &before {
        Some(config) => config.digest.clone(),
        None => Items::default().written()?.digest,
    };
    conditions.require(&digest)?;
    let Some(config) = before else {
        let configuration = Some(scope.partner()?);
        let draft = Draft { slug: "experimentation", configuration, resource: Some(resource) };
        return shown(&record::insert(tx, core, scope, draft, &after.written()?, now).await?, &after);
    };
    let before = Items::load(tx, &config).await?;
    for (key, item) in &mut after.0 {
        if let Some(old) = before.0.get(key) {
            item.details.created_at = old.details.created_at;
            if old.value == item.value {
                item.details.updated_at = old.details.updated_at;
            }
        }
    }
    let config = write::replace(tx, core, scope, config, [&before, &after], now).await?;
    shown(&config, &after)
}

/// What is pushed of a resource that changed hands is its new owner's, for whom the earlier one's tokens are good no more.
pub(crate) async fn changed_hands(tx: &Conn, resource: &ResourceId, to: &OwnerId, now: Millis) -> Result<()> {
    let tokens = "DELETE FROM edge_config_tokens
      WHERE edge_config_id IN (SELECT id FROM edge_configs WHERE resource_id = $1 AND owner_id <> $2)";
    tx.execute(tokens, &params![resource, to]).await?;
    let sql = "UPDATE edge_configs SET moved_from = owner_id, moved_at = $3, owner_id = $2,
        configuration_id = (SELECT r.configuration_id FROM resources r WHERE r.id = $1)
      WHERE resource_id = $1 AND owner_id <> $2";
    tx.execute(sql, &params![resource, to, now]).await?;
    Ok(())
}
