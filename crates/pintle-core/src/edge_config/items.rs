//! The items of an edge config, all of them at once: at most half a megabyte.

use super::record::{self, EdgeConfig};
use crate::clock::Millis;
use crate::ids::EdgeConfigId;
use crate::{Core, Error, Result, Scope, credential, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bytes that the items may have as JSON: what the platform's largest plan has (documented).
pub(super) const MAX_SIZE: usize = 512 << 10;
const MAX_KEY: usize = 256;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub value: Json,
    pub details: Details,
}

/// What is kept of an item beside its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// By their keys, in the order of these: so the same items have the same digest, however they came about.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Items(pub BTreeMap<String, Item>);

/// Items as they are stored.
pub(super) struct Written {
    /// JSON: values by key.
    pub values: String,
    pub details: String,
    pub digest: String,
    pub count: i64,
}

impl Items {
    /// New ones; `field` is what they are called where they came from.
    ///
    /// # Errors
    /// 400 for a key that is none.
    pub fn new(field: &str, values: Map<String, Json>, now: Millis) -> Result<Self> {
        let item =
            |value| Item { value, details: Details { description: None, created_at: now, updated_at: now } };
        let mut items = BTreeMap::new();
        for (key, value) in values {
            check_key(field, &key)?;
            items.insert(key, item(value));
        }
        Ok(Self(items))
    }

    /// The current ones of an edge config.
    pub async fn load(conn: &Conn, config: &EdgeConfig) -> Result<Self> {
        let found = Self::of_version(conn, &config.id, config.version).await?;
        found.ok_or_else(|| Error::internal(format!("{} has no version {}", config.id, config.version)))
    }

    /// Those of one of its versions, where that is kept.
    pub async fn of_version(conn: &Conn, id: &EdgeConfigId, version: i64) -> Result<Option<Self>> {
        let sql = "SELECT created_at, items, details FROM edge_config_versions WHERE edge_config_id = $1 AND version = $2";
        let row: Option<(Millis, String, String)> = conn.opt(sql, &params![id, version]).await?;
        row.map(|(at, items, details)| Self::parse(at, &items, &details)).transpose()
    }

    /// `at` is when those came of which nothing is told.
    pub fn parse(at: Millis, values: &str, details: &str) -> Result<Self> {
        let values: BTreeMap<String, Json> = serde_json::from_str(values)?;
        let mut details: BTreeMap<String, Details> = serde_json::from_str(details)?;
        let items = values.into_iter().map(|(key, value)| {
            let untold = Details { description: None, created_at: at, updated_at: at };
            let details = details.remove(&key).unwrap_or(untold);
            (key, Item { value, details })
        });
        Ok(Self(items.collect()))
    }

    pub fn written(&self) -> Result<Written> {
        let values: BTreeMap<&String, &Json> = self.0.iter().map(|(key, item)| (key, &item.value)).collect();
        let details: BTreeMap<&String, &Details> =
            self.0.iter().map(|(key, item)| (key, &item.details)).collect();
        let values = serde_json::to_string(&values)?;
        if values.len() > MAX_SIZE {
            let text = format!("The items have {} bytes; an Edge Config may have {MAX_SIZE}", values.len());
            return Err(Error::bad_request(text).coded("edge_config_too_large"));
        }
        let digest = credential::hex(&Sha256::digest(values.as_bytes()));
        Ok(Written { digest, details: serde_json::to_string(&details)?, count: self.0.len() as i64, values })
    }

    /// The values as one JSON object.
    pub fn values(&self) -> Map<String, Json> {
        self.0.iter().map(|(key, item)| (key.clone(), item.value.clone())).collect()
    }
}

/// # Errors
/// 400 for a key that is none; `field` names it.
pub(super) fn check_key(field: &str, key: &str) -> Result<()> {
    validate::word(field, key)?;
    validate::at_most(field, key, MAX_KEY)
}

/// An item on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    key: String,
    value: Json,
    #[serde(flatten)]
    details: Details,
    edge_config_id: EdgeConfigId,
}

fn shown(config: &EdgeConfig, (key, Item { value, details }): (String, Item)) -> Shown {
    Shown { key, value, details, edge_config_id: config.id.clone() }
}

/// getEdgeConfigItems, by their keys.
///
/// # Errors
/// 404 for another owner's edge config.
pub async fn items(core: &Core, scope: &Scope, id: &str) -> Result<Vec<Shown>> {
    let conn = core.db.read().await?;
    let config = record::load(&conn, scope, id).await?;
    let items = Items::load(&conn, &config).await?;
    Ok(items.0.into_iter().map(|item| shown(&config, item)).collect())
}

/// getEdgeConfigItem.
///
/// # Errors
/// 404 for an item that is not there, and for another owner's edge config.
pub async fn item(core: &Core, scope: &Scope, id: &str, key: &str) -> Result<Shown> {
    let conn = core.db.read().await?;
    let config = record::load(&conn, scope, id).await?;
    let mut items = Items::load(&conn, &config).await?;
    let item = items.0.remove_entry(key).ok_or_else(|| Error::not_found("Edge Config item"))?;
    Ok(shown(&config, item))
}
