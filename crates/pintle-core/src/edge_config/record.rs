//! The edge config itself: its name, who has it, and what is known of its items.

use super::items::{Items, Written};
use super::{not_found, write};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, EdgeConfigId, OwnerId, ResourceId, UserId};
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, FromRow, FromValue, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// What the wire shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EdgeConfig {
    pub id: EdgeConfigId,
    pub slug: String,
    pub owner_id: OwnerId,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// The hash of its items: it changes with them.
    pub digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// Of its items as JSON.
    pub size_in_bytes: i64,
    pub item_count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// Counts its writes.
    #[serde(skip)]
    pub version: i64,
}

/// It was another owner's before.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    pub from_account_id: String,
    pub started_at: Millis,
    pub done_at: Option<Millis>,
}

/// What it is for, where it is not the owner's own.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Purpose {
    Experimentation { resource_id: ResourceId },
}

/// What a request wants to be true before it does anything: the values of `If-Match` and `If-None-Match`.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
}

impl Conditions {
    /// # Errors
    /// 412 where the digest is not, or is, what they name.
    pub(super) fn require(&self, digest: &str) -> Result<()> {
        let matches = self.if_match.as_deref().is_none_or(|tags| is_among(tags, digest));
        if !matches || self.if_none_match.as_deref().is_some_and(|tags| is_among(tags, digest)) {
            let text = "The edge config is not the one that the request names";
            return Err(Error::new(crate::Kind::PreconditionFailed, "precondition_failed", text));
        }
        Ok(())
    }
}

/// Whether a list of entity tags names a digest.
pub fn is_among(tags: &str, digest: &str) -> bool {
    let named = |tag: &str| tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) == Some(digest);
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || named(tag))
}

pub(super) const SELECT: &str =
    "SELECT c.id, c.slug, c.owner_id, c.created_at, c.updated_at, c.digest, c.version, c.moved_from,
    c.moved_at, c.resource_id, c.created_by, v.size_bytes, v.item_count,
    CASE WHEN v.item_count IS NULL THEN v.items END, c.schema
  FROM edge_configs c JOIN edge_config_versions v ON v.edge_config_id = c.id AND v.version = c.version";

impl FromRow for EdgeConfig {
    fn from_row(row: &Row<'_>) -> pintle_store::Result<Self> {
        let text = |index| Option::<String>::from_value(row, index);
        let int = |index| Option::<i64>::from_value(row, index);
        let json = |text: &str| -> pintle_store::Result<Json> {
            serde_json::from_str(text).map_err(|error| pintle_store::Error::Fault(error.to_string()))
        };
        let transfer = match (text(7)?, int(8)?) {
            (Some(from_account_id), Some(at)) => {
                Some(Transfer { from_account_id, started_at: at, done_at: Some(at) })
            }
            _ => None,
        };
        let item_count = match (int(12)?, text(13)?) {
            (None, Some(items)) => json(&items)?.as_object().map_or(0, |items| items.len() as i64),
            (count, _) => count.unwrap_or_default(),
        };
        Ok(Self {
            id: EdgeConfigId::from(String::from_value(row, 0)?),
            slug: String::from_value(row, 1)?,
            owner_id: OwnerId::from(String::from_value(row, 2)?),
            created_at: i64::from_value(row, 3)?,
            updated_at: i64::from_value(row, 4)?,
            digest: String::from_value(row, 5)?,
            version: i64::from_value(row, 6)?,
            transfer,
            purpose: text(9)?.map(|id| Purpose::Experimentation { resource_id: ResourceId::from(id) }),
            created_by: text(10)?.map(UserId::from),
            size_in_bytes: i64::from_value(row, 11)?,
            item_count,
            schema: text(14)?.map(|schema| json(&schema)).transpose()?,
        })
    }
}

impl EdgeConfig {
    /// That the owner may change it.
    ///
    /// # Errors
    /// 403 for one that a partner pushes.
    pub(super) fn require_own(&self) -> Result<()> {
        match &self.purpose {
            None => Ok(()),
            Some(Purpose::Experimentation { resource_id }) => Err(Error::forbidden(format!(
                "Only the partner of {resource_id} can change this Edge Config"
            ))),
        }
    }

    /// What the audit log says of it.
    pub(super) fn audit(&self) -> Json {
        json!({ "edgeConfigId": self.id, "edgeConfigSlug": self.slug, "edgeConfigDigest": self.digest })
    }

    /// What webhooks are told of it.
    pub(super) fn summary(&self) -> Json {
        json!({ "id": self.id, "slug": self.slug })
    }
}

/// # Errors
/// 404 for another owner's.
pub(super) async fn load(conn: &Conn, scope: &Scope, id: &str) -> Result<EdgeConfig> {
    let sql = format!("{SELECT} WHERE c.id = $1 AND c.owner_id = $2");
    conn.opt(&sql, &params![id, scope.owner()]).await?.ok_or_else(not_found)
}

/// getEdgeConfigs: all of them, newest first. The contract's list knows no purpose but `flags`.
pub async fn list(core: &Core, scope: &Scope) -> Result<Vec<EdgeConfig>> {
    let sql = format!("{SELECT} WHERE c.owner_id = $1 ORDER BY c.created_at DESC, c.id DESC");
    let configs: Vec<EdgeConfig> = core.db.read().await?.all(&sql, &params![scope.owner()]).await?;
    Ok(configs.into_iter().map(|config| EdgeConfig { purpose: None, ..config }).collect())
}

/// getEdgeConfig.
///
/// # Errors
/// 404 for another owner's.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<EdgeConfig> {
    load(&core.db.read().await?, scope, id).await
}

/// The body of createEdgeConfig.
#[derive(Debug, Clone, Deserialize)]
pub struct NewEdgeConfig {
    pub slug: String,
    #[serde(default)]
    pub items: Map<String, Json>,
}

/// createEdgeConfig. Names are not unique (contract).
///
/// # Errors
/// 400 for a name or a key that is none, or items that are too large.
pub async fn create(core: &Core, scope: &Scope, input: NewEdgeConfig) -> Result<EdgeConfig> {
    check_slug(&input.slug)?;
    let now = core.clock.now();
    let written = Items::new("items", input.items, now)?.written()?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let draft = Draft { slug: &input.slug, configuration: scope.configuration(), resource: None };
            insert(tx, &core, &scope, draft, &written, now).await
        })
        .await
}

/// One that is not stored yet.
pub(super) struct Draft<'a> {
    pub slug: &'a str,
    /// The installation that makes it.
    pub configuration: Option<&'a ConfigurationId>,
    /// The resource whose partner pushes it.
    pub resource: Option<&'a str>,
}

pub(super) async fn insert(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    draft: Draft<'_>,
    written: &Written,
    now: Millis,
) -> Result<EdgeConfig> {
    let config = EdgeConfig {
        id: EdgeConfigId::new(&core.entropy),
        slug: draft.slug.to_owned(),
        owner_id: scope.owner().clone(),
        created_at: now,
        updated_at: now,
        digest: written.digest.clone(),
        transfer: None,
        schema: None,
        purpose: draft.resource.map(|id| Purpose::Experimentation { resource_id: ResourceId::from(id) }),
        size_in_bytes: written.values.len() as i64,
        item_count: written.count,
        created_by: scope.user().cloned(),
        version: 1,
    };
    let sql = "INSERT INTO edge_configs
        (id, owner_id, resource_id, created_at, updated_at, version, digest, slug, configuration_id, created_by)
      VALUES ($1, $2, $3, $4, $4, 1, $5, $6, $7, $8)";
    let row = params![
        &config.id,
        scope.owner(),
        draft.resource,
        now,
        &config.digest,
        draft.slug,
        draft.configuration,
        config.created_by.as_ref()
    ];
    tx.execute(sql, &row).await.on_missing_parent(Error::invalid_token)?;
    write::add_version(tx, &config, written, config.created_by.as_ref()).await?;
    let text = format!("created edge config {}", config.slug);
    let event = Event::new("edge-config-created", text, config.audit());
    let event = event.hook(scope, "edge-config.created", json!({ "edgeConfig": config.summary() }));
    events::record(tx, core, scope, now, event).await?;
    Ok(config)
}

fn check_slug(slug: &str) -> Result<()> {
    validate::word("slug", slug)?;
    validate::at_most("slug", slug, 64)
}

/// The body of updateEdgeConfig.
#[derive(Debug, Clone, Deserialize)]
pub struct Renaming {
    pub slug: String,
}

/// updateEdgeConfig. To the name that it has is no change.
///
/// # Errors
/// 400 for a name that is none; 404 for another owner's; 403 for a partner's.
pub async fn rename(core: &Core, scope: &Scope, id: &str, to: Renaming) -> Result<EdgeConfig> {
    check_slug(&to.slug)?;
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = load(tx, &scope, &id).await?;
            config.require_own()?;
            if config.slug == to.slug {
                return Ok(config);
            }
            let items = Items::load(tx, &config).await?;
            let text = format!("renamed edge config {} to {}", config.slug, to.slug);
            let config = EdgeConfig { slug: to.slug.clone(), ..config };
            let config = write::store(tx, &scope, config, &items.written()?, now).await?;
            let event = Event::new("edge-config-updated", text, config.audit());
            events::record(tx, &core, &scope, now, event).await?;
            Ok(config)
        })
        .await
}

/// deleteEdgeConfig. Its tokens are good no more, and its backups are gone.
///
/// # Errors
/// 404 for another owner's; 403 for a partner's.
pub async fn delete(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = load(tx, &scope, &id).await?;
            config.require_own()?;
            tx.execute("DELETE FROM edge_configs WHERE id = $1", &params![&config.id]).await?;
            let text = format!("deleted edge config {}", config.slug);
            let event = Event::new("edge-config-deleted", text, config.audit());
            let event = event.hook(&scope, "edge-config.deleted", json!({ "edgeConfig": config.summary() }));
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await
}
