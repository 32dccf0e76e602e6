//! Writing: the one way by which the items of an edge config change.

use super::items::{Items, Written};
use super::record::EdgeConfig;
use super::schema;
use crate::clock::{DAY, Millis};
use crate::events::{self, Event};
use crate::ids::UserId;
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use serde_json::{Value as Json, json};

/// How long a backup is kept: what the platform's largest plan has (documented).
const RETENTION: Millis = 365 * DAY;
/// How many are kept.
const KEPT: i64 = 1_000;

/// Puts other items in the place of those that it has, and tells of those that differ. Where none does, nothing happens.
///
/// # Errors
/// 400 for items that are too large or do not fit the schema.
pub(super) async fn replace(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    config: EdgeConfig,
    [before, after]: [&Items; 2],
    now: Millis,
) -> Result<EdgeConfig> {
    let changed = difference(before, after);
    if changed.is_empty() {
        return Ok(config);
    }
    let written = after.written()?;
    if let Some(definition) = &config.schema {
        schema::require(definition, after)?;
    }
    let config = store(tx, scope, config, &written, now).await?;
    let text = format!("updated the items of edge config {}", config.slug);
    let event = Event::new("edge-config-items-updated", text, config.audit());
    let payload = json!({ "edgeConfig": config.summary(), "items": changed });
    let event = event.hook(scope, "edge-config.items.updated", payload);
    events::record(tx, core, scope, now, event).await?;
    Ok(config)
}

/// What happened to each key, in their order. The value is never told.
fn difference(before: &Items, after: &Items) -> Vec<Json> {
    let told = |operation: &str, key: &String| json!({ "operation": operation, "key": key });
    let came_or_changed = after.0.iter().filter_map(|(key, item)| match before.0.get(key) {
        None => Some(("create", key)),
        Some(old) if old.value != item.value || old.details.description != item.details.description => {
            Some(("update", key))
        }
        Some(_) => None,
    });
    let gone = before.0.keys().filter(|key| !after.0.contains_key(*key)).map(|key| ("delete", key));
    let mut all: Vec<_> = came_or_changed.chain(gone).collect();
    all.sort_by_key(|(_, key)| *key);
    all.into_iter().map(|(operation, key)| told(operation, key)).collect()
}

/// Writes the next version, under the record's name.
pub(super) async fn store(
    tx: &Conn,
    scope: &Scope,
    config: EdgeConfig,
    written: &Written,
    now: Millis,
) -> Result<EdgeConfig> {
    let config = EdgeConfig {
        version: config.version + 1,
        updated_at: now,
        digest: written.digest.clone(),
        size_in_bytes: written.values.len() as i64,
        item_count: written.count,
        ..config
    };
    // First: so, of two writers at once, one starts again.
    let sql = "UPDATE edge_configs SET version = $2, updated_at = $3, digest = $4, slug = $5 WHERE id = $1";
    tx.execute(sql, &params![&config.id, config.version, now, &config.digest, &config.slug]).await?;
    add_version(tx, &config, written, scope.user()).await?;
    // The one that was just replaced is kept, however old: whoever wants it back begins there.
    let old = "DELETE FROM edge_config_versions
      WHERE edge_config_id = $1 AND version < $2 AND (created_at < $3 OR version <= $2 - CAST($4 AS BIGINT))";
    tx.execute(old, &params![&config.id, config.version - 1, now - RETENTION, KEPT - 1]).await?;
    Ok(config)
}

/// The row of the record's version.
pub(super) async fn add_version(
    tx: &Conn,
    config: &EdgeConfig,
    written: &Written,
    writer: Option<&UserId>,
) -> Result<()> {
    let sql = "INSERT INTO edge_config_versions
        (edge_config_id, version, created_at, user_id, slug, digest, size_bytes, item_count, items, details)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let row = params![
        &config.id,
        config.version,
        config.updated_at,
        writer,
        &config.slug,
        &config.digest,
        written.values.len() as i64,
        written.count,
        &written.values,
        &written.details
    ];
    tx.execute(sql, &row).await?;
    Ok(())
}
