//! Receipts: what was removed, when, by whom and why. Never a secret.

use super::seen::Reader;
use super::{Attached, Reason};
use crate::clock::Millis;
use crate::configurations::Configuration;
use crate::ids::{ConfigurationId, IntegrationId, OwnerId};
use crate::marketplace::installations::closing;
use crate::page::{self, Page, Pagination};
use crate::scope::Principal;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// What a removal removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub configuration_id: ConfigurationId,
    pub integration_id: IntegrationId,
    pub slug: String,
    pub owner_id: OwnerId,
    pub removed_at: Millis,
    pub removed_by: Actor,
    pub reason: Reason,
    pub removed: Attached,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Actor {
    User { id: String, username: String },
    Installation { id: ConfigurationId },
    System,
}

impl Actor {
    pub(crate) fn of(scope: &Scope) -> Self {
        match &scope.principal {
            Principal::User { id, username } => {
                Actor::User { id: id.to_string(), username: username.clone() }
            }
            Principal::Installation(i) => Actor::Installation { id: i.configuration.clone() },
            Principal::Closing { configuration, .. } => Actor::Installation { id: configuration.clone() },
            Principal::System => Actor::System,
        }
    }
}

impl Receipt {
    pub(super) fn new(
        scope: &Scope,
        configuration: &Configuration,
        reason: Reason,
        removed: Attached,
        now: Millis,
    ) -> Self {
        Self {
            configuration_id: configuration.id.clone(),
            integration_id: configuration.integration_id.clone(),
            slug: configuration.slug.clone(),
            owner_id: configuration.owner_id.clone(),
            removed_at: now,
            removed_by: Actor::of(scope),
            reason,
            removed,
        }
    }

    pub(super) async fn write(&self, tx: &Conn) -> Result<()> {
        let sql =
            "INSERT INTO removals (configuration_id, owner_id, created_at, doc) VALUES ($1, $2, $3, $4)";
        let doc = serde_json::to_string(self)?;
        let row = params![&self.configuration_id, &self.owner_id, self.removed_at, doc];
        tx.execute(sql, &row).await?;
        Ok(())
    }
}

/// Receipts that the owner `$1` may read: its own, and for a personal account also those of the teams that its user deleted.
const READABLE: &str =
    "owner_id IN (SELECT CAST($1 AS TEXT) UNION ALL SELECT id FROM deletions WHERE reader_id = $1)";

/// The receipts of the scope's owner, newest first; what the caller could not list itself is counted. An installation's token ended with
/// its configuration, so it finds none of its own, and those of others are not its business.
pub async fn receipts(core: &Core, scope: &Scope, page: Page) -> Result<(Vec<Box<RawValue>>, Pagination)> {
    let sql = format!("SELECT created_at, doc FROM removals WHERE {READABLE} AND CAST($2 AS TEXT) IS NULL");
    let conn = core.db.read().await?;
    let params = params![scope.owner(), scope.configuration()];
    let (rows, pagination) = page::read(&conn, &sql, "created_at", &params, page).await?;
    let reader = Reader::of(&conn, scope).await?;
    let mut receipts = Vec::with_capacity(rows.len());
    for row in rows {
        receipts.push(RawValue::from_string(shown(&conn, &reader, row.doc).await?)?);
    }
    Ok((receipts, pagination))
}

/// One receipt, by the id of the configuration that was removed.
///
/// # Errors
/// 404 where the scope's owner has none of it.
pub async fn receipt(core: &Core, scope: &Scope, id: &str) -> Result<String> {
    let sql = format!(
        "SELECT doc FROM removals WHERE {READABLE} AND CAST($2 AS TEXT) IS NULL AND configuration_id = $3"
    );
    let params = params![scope.owner(), scope.configuration(), id];
    let conn = core.db.read().await?;
    let row: Option<(String,)> = conn.opt(&sql, &params).await?;
    let (doc,) = row.ok_or_else(|| Error::not_found("Removal"))?;
    shown(&conn, &Reader::of(&conn, scope).await?, doc).await
}

/// One receipt, whosever it is, as it stands in the database: for an operator.
pub async fn stored(conn: &Conn, id: &str) -> Result<Option<String>> {
    let sql = "SELECT doc FROM removals WHERE configuration_id = $1";
    let row: Option<(String,)> = conn.opt(sql, &params![id]).await?;
    match row {
        Some((doc,)) => with_closing(conn, doc).await.map(Some),
        None => Ok(None),
    }
}

async fn shown(conn: &Conn, reader: &Reader<'_>, doc: String) -> Result<String> {
    if reader.sees_all() {
        return with_closing(conn, doc).await;
    }
    let mut receipt: Receipt = serde_json::from_str(&doc)?;
    receipt.removed = reader.shown(receipt.removed);
    with_closing(conn, serde_json::to_string(&receipt)?).await
}

/// A receipt does not change; what its partner has to say since stands beside it, as `closing`.
async fn with_closing(conn: &Conn, doc: String) -> Result<String> {
    let mut receipt: Json = serde_json::from_str(&doc)?;
    let id = ConfigurationId::from(receipt["configurationId"].as_str().unwrap_or_default());
    match closing::shown(conn, &id).await? {
        Some(closing) => {
            receipt["closing"] = closing;
            Ok(receipt.to_string())
        }
        None => Ok(doc),
    }
}
