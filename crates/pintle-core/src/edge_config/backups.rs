//! Backups: the versions that an edge config had.

use super::items::{Details, Items};
use super::record::{self, EdgeConfig};
use super::write;
use crate::clock::{self, Millis};
use crate::users::User;
use crate::{Core, Error, Result, Scope};
use pintle_store::params;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
pub struct Backups {
    backups: Vec<Entry>,
    pagination: More,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    last_modified: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

/// Where the list goes on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct More {
    has_next: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    /// In ISO 8601, unlike other times.
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items_count: Option<i64>,
    items_bytes: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    id: String,
    last_modified: Millis,
    backup: Content,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Writer>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    digest: String,
    items: BTreeMap<String, Kept>,
    slug: String,
    updated_at: Millis,
}

#[derive(Debug, Serialize)]
struct Kept {
    value: Json,
    #[serde(flatten)]
    details: Details,
}

#[derive(Debug, Serialize)]
struct Writer {
    id: String,
    username: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
}

/// A version without its items: version, when, by whom, bytes, items.
type Row = (i64, Millis, Option<String>, i64, Option<i64>);

fn metadata((_, at, user, bytes, count): Row) -> Metadata {
    Metadata { updated_at: clock::text(at), updated_by: user, items_count: count, items_bytes: bytes }
}

/// getEdgeConfigBackups, newest first, the current version included. `next` is the id of the last one that is known.
///
/// # Errors
/// 400 for a `next` that is none; 404 for another owner's edge config.
pub async fn backups(
    core: &Core,
    scope: &Scope,
    id: &str,
    next: Option<&str>,
    limit: Option<i64>,
    with_metadata: bool,
) -> Result<Backups> {
    let limit = limit.unwrap_or(20);
    crate::validate::within("limit", limit as f64, 0.0, 50.0)?;
    let below = match next {
        Some(text) => text.parse().map_err(|_| Error::invalid("`next` is not a page of these backups."))?,
        None => i64::MAX,
    };
    let conn = core.db.read().await?;
    let config = record::load(&conn, scope, id).await?;
    let sql = "SELECT version, created_at, user_id, size_bytes, item_count FROM edge_config_versions
      WHERE edge_config_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
    let mut rows: Vec<Row> = conn.all(sql, &params![&config.id, below, limit + 1]).await?;
    let has_next = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    // A page of none leads to where it began.
    let next = has_next.then(|| rows.last().map_or(below, |row| row.0).to_string());
    let entry = |row: Row| Entry {
        id: row.0.to_string(),
        last_modified: row.1,
        metadata: with_metadata.then(|| metadata(row)),
    };
    Ok(Backups { backups: rows.into_iter().map(entry).collect(), pagination: More { has_next, next } })
}

fn backup_not_found() -> Error {
    Error::not_found("Edge Config backup")
}

/// The same without the version, with the name and digest that it had, and the document of whoever wrote it.
type Found = (Millis, Option<String>, i64, Option<i64>, String, String, Option<String>);

/// getEdgeConfigBackup, with its writer where that still exists.
///
/// # Errors
/// 404 for one that is not kept, and for another owner's edge config.
pub async fn backup(core: &Core, scope: &Scope, id: &str, backup: &str) -> Result<Backup> {
    let version: i64 = backup.parse().map_err(|_| backup_not_found())?;
    let conn = core.db.read().await?;
    let config = record::load(&conn, scope, id).await?;
    let sql = "SELECT v.created_at, v.user_id, v.size_bytes, v.item_count, v.slug, v.digest, u.doc
      FROM edge_config_versions v LEFT JOIN owners u ON u.id = v.user_id AND u.kind = 'user'
      WHERE v.edge_config_id = $1 AND v.version = $2";
    let found: Option<Found> = conn.opt(sql, &params![&config.id, version]).await?;
    let (at, writer, bytes, count, slug, digest, user) = found.ok_or_else(backup_not_found)?;
    let items = Items::of_version(&conn, &config.id, version).await?.ok_or_else(backup_not_found)?;
    let items =
        items.0.into_iter().map(|(key, item)| (key, Kept { value: item.value, details: item.details }));
    let user = user.map(|doc| serde_json::from_str::<User>(&doc)).transpose()?;
    Ok(Backup {
        id: version.to_string(),
        last_modified: at,
        backup: Content { digest, items: items.collect(), slug, updated_at: at },
        metadata: metadata((version, at, writer, bytes, count)),
        user: user.map(|user| Writer {
            id: user.id.to_string(),
            username: user.username,
            email: user.email,
            name: user.name,
            avatar: user.avatar,
        }),
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    status: &'static str,
    digest: String,
    previous_digest: String,
    restored_from: String,
}

/// Writes the items of a backup again. The name stays, and the schema must fit.
///
/// # Errors
/// As [`backup`]; 400 where its items do not fit the schema that there is today; 403 for a partner's.
pub async fn restore(core: &Core, scope: &Scope, id: &str, backup: &str) -> Result<Restored> {
    let version: i64 = backup.parse().map_err(|_| backup_not_found())?;
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = record::load(tx, &scope, &id).await?;
            config.require_own()?;
            let after = Items::of_version(tx, &config.id, version).await?.ok_or_else(backup_not_found)?;
            let before = Items::load(tx, &config).await?;
            let previous_digest = config.digest.clone();
            let EdgeConfig { digest, .. } =
                write::replace(tx, &core, &scope, config, [&before, &after], now).await?;
            Ok(Restored { status: "ok", digest, previous_digest, restored_from: version.to_string() })
        })
        .await
}
