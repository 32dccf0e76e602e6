//! What a configuration attached: what a removal would take, and what it took.

use crate::ids::ConfigurationId;
use crate::{Result, deliveries};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a configuration attached. Never a secret or a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    pub webhooks: Vec<Item>,
    pub drains: Vec<Item>,
    pub environment_variables: Vec<Item>,
    /// Of projects; their names are what their maker noted of them.
    #[serde(default)]
    pub protection_bypasses: Vec<Item>,
    /// What the partner provided.
    #[serde(default)]
    pub resources: Vec<Item>,
    /// The resources in projects.
    #[serde(default)]
    pub connections: Vec<Item>,
    #[serde(default)]
    pub edge_configs: Vec<Item>,
    /// What reads them, and other edge configs.
    #[serde(default)]
    pub edge_config_tokens: Vec<Item>,
    /// The projects it was given, where it was not given all.
    pub projects: Vec<String>,
    pub tokens: i64,
    pub codes: i64,
    /// How many of a list its reader may not see, by the list's name: see `seen`. Never stored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden: BTreeMap<String, usize>,
}

/// One thing, by its id and what a person knows it by: a webhook's URL, a drain's name, a variable's key, a
/// resource's or an edge config's name, a bypass's note, a token's label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
}

const WEBHOOKS: &str =
    "SELECT id, doc, CAST(NULL AS TEXT) FROM webhooks WHERE configuration_id = $1 ORDER BY id";
const DRAINS: &str = "SELECT id, doc, CAST(NULL AS TEXT) FROM drains WHERE configuration_id = $1 ORDER BY id";
const VARIABLES: &str = "SELECT id, doc, project_id FROM envs WHERE configuration_id = $1 ORDER BY id";
const BYPASSES: &str =
    "SELECT id, doc, project_id FROM protection_bypasses WHERE configuration_id = $1 ORDER BY id";
const RESOURCES: &str =
    "SELECT id, doc, CAST(NULL AS TEXT) FROM resources WHERE configuration_id = $1 ORDER BY id";
const CONNECTIONS: &str = "SELECT c.id, r.doc, c.project_id FROM resource_connections c
  JOIN resources r ON r.id = c.resource_id WHERE c.configuration_id = $1 ORDER BY c.id";
const EDGE_CONFIGS: &str = "SELECT id, slug FROM edge_configs WHERE configuration_id = $1 ORDER BY id";
const EDGE_CONFIG_TOKENS: &str =
    "SELECT id, doc, CAST(NULL AS TEXT) FROM edge_config_tokens WHERE configuration_id = $1 ORDER BY id";
const PROJECTS: &str =
    "SELECT project_id FROM configuration_projects WHERE configuration_id = $1 ORDER BY project_id";
/// Everything that refers to a configuration.
const TABLES: [&str; 11] = [
    "webhooks",
    "drains",
    "envs",
    "protection_bypasses",
    "edge_config_tokens",
    "edge_configs",
    "resource_connections",
    "resources",
    "configuration_projects",
    "tokens",
    "codes",
];
const TOKENS: &str = "SELECT COUNT(*) FROM tokens WHERE configuration_id = $1";
const CODES: &str = "SELECT COUNT(*) FROM codes WHERE configuration_id = $1";

impl Attached {
    /// Reads it, each list in the order of the ids.
    pub(super) async fn of(conn: &Conn, id: &ConfigurationId) -> Result<Self> {
        let id = &params![id];
        let projects: Vec<(String,)> = conn.all(PROJECTS, id).await?;
        let edge_configs: Vec<(String, String)> = conn.all(EDGE_CONFIGS, id).await?;
        let named = |(id, name)| Item { id, name, project_id: None };
        let (tokens,) = conn.one(TOKENS, id).await?;
        let (codes,) = conn.one(CODES, id).await?;
        Ok(Self {
            webhooks: items(conn.all(WEBHOOKS, id).await?)?,
            drains: items(conn.all(DRAINS, id).await?)?,
            environment_variables: items(conn.all(VARIABLES, id).await?)?,
            protection_bypasses: items(conn.all(BYPASSES, id).await?)?,
            resources: items(conn.all(RESOURCES, id).await?)?,
            connections: items(conn.all(CONNECTIONS, id).await?)?,
            edge_configs: edge_configs.into_iter().map(named).collect(),
            edge_config_tokens: items(conn.all(EDGE_CONFIG_TOKENS, id).await?)?,
            projects: projects.into_iter().map(|(project,)| project).collect(),
            tokens,
            codes,
            hidden: BTreeMap::new(),
        })
    }

    /// Deletes what was read. The foreign keys would do it too, but on PostgreSQL they look past the transaction's snapshot: a thing
    /// that somebody else deletes at this moment would stand in the receipt as well. This makes the transaction start again.
    pub(super) async fn delete(tx: &Conn, id: &ConfigurationId) -> Result<()> {
        deliveries::cancel_of_drains(tx, id).await?;
        for table in TABLES {
            tx.execute(&format!("DELETE FROM {table} WHERE configuration_id = $1"), &params![id]).await?;
        }
        Ok(())
    }
}

/// What names a thing in its document. The rest is not read: a configuration can have a hundred thousand variables.
#[derive(Deserialize)]
struct Names {
    key: Option<String>,
    name: Option<String>,
    url: Option<String>,
    note: Option<String>,
    label: Option<String>,
}

/// Rows of an id, a document that has a name, and a project.
pub(crate) fn items(rows: Vec<(String, String, Option<String>)>) -> Result<Vec<Item>> {
    let item = |(id, doc, project_id): (String, String, Option<String>)| {
        let names: Names = serde_json::from_str(&doc)?;
        let name = names.key.or(names.name).or(names.url).or(names.note).or(names.label).unwrap_or_default();
        Ok(Item { id, name, project_id })
    };
    rows.into_iter().map(item).collect()
}
