//! What partners that experiment keep here (semantics.md 4.4): the flags and experiments of a resource, and the configuration that
//! they push for it.

use crate::clock::Millis;
use crate::edge_config::{self, Conditions, Pushed};
use crate::{Core, Error, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// A flag or an experiment, as it comes and is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    pub id: String,
    #[serde(flatten)]
    pub rest: ItemPatch,
}

/// What can change of it; `slug` and `origin` are always told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemPatch {
    pub slug: String,
    /// Where it can be seen.
    pub origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    Experiment,
    Flag,
}

impl ItemPatch {
    fn check(&self) -> Result<()> {
        let texts = [
            ("slug", Some(&self.slug)),
            ("name", self.name.as_ref()),
            ("description", self.description.as_ref()),
        ];
        for (field, text) in texts {
            text.map_or(Ok(()), |text| validate::at_most(field, text, 1_024))?;
        }
        validate::at_most("origin", &self.origin, 2_048)
    }

    /// What is told now, and what was told before of the rest.
    fn over(self, before: Self) -> Self {
        Self {
            category: self.category.or(before.category),
            name: self.name.or(before.name),
            description: self.description.or(before.description),
            is_archived: self.is_archived.or(before.is_archived),
            created_at: self.created_at.or(before.created_at),
            updated_at: self.updated_at.or(before.updated_at),
            ..self
        }
    }
}

/// The team's id of a resource of the partner that calls.
async fn resource(conn: &Conn, scope: &Scope, partner_id: &str) -> Result<(String, Millis)> {
    let sql = "SELECT id, created_at FROM resources WHERE configuration_id = $1 AND partner_id = $2";
    let row: Option<(String, Millis)> = conn.opt(sql, &params![scope.partner()?, partner_id]).await?;
    row.ok_or_else(|| Error::not_found("Resource"))
}

/// Keeps up to fifty items; those that are known are replaced.
///
/// # Errors
/// 400 for a body beyond the contract's limits; 404 for a resource that is not the partner's.
pub async fn create(core: &Core, scope: &Scope, partner_id: &str, items: Vec<Item>) -> Result<()> {
    validate::items("items", &items, 0, 50)?;
    for item in &items {
        validate::at_most("id", &item.id, 1_024)?;
        item.rest.check()?;
    }
    let (scope, partner_id) = (scope.clone(), partner_id.to_owned());
    core.db
        .write(async move |tx| {
            let (resource, _) = resource(tx, &scope, &partner_id).await?;
            let sql = "INSERT INTO experimentation_items (resource_id, id, doc) VALUES ($1, $2, $3)
              ON CONFLICT (resource_id, id) DO UPDATE SET doc = excluded.doc";
            for item in &items {
                tx.execute(sql, &params![&resource, &item.id, serde_json::to_string(item)?]).await?;
            }
            Ok(())
        })
        .await
}

/// Changes one item: what is absent stays.
///
/// # Errors
/// As [`create`]; 404 for an item that is not known.
pub async fn patch(core: &Core, scope: &Scope, partner_id: &str, id: &str, patch: ItemPatch) -> Result<()> {
    patch.check()?;
    let (scope, partner_id, id) = (scope.clone(), partner_id.to_owned(), id.to_owned());
    core.db
        .write(async move |tx| {
            let (resource, _) = resource(tx, &scope, &partner_id).await?;
            let sql = "SELECT doc FROM experimentation_items WHERE resource_id = $1 AND id = $2";
            let row: Option<(String,)> = tx.opt(sql, &params![&resource, &id]).await?;
            let before: Item = serde_json::from_str(&row.ok_or_else(item_not_found)?.0)?;
            let item = Item { id: id.clone(), rest: patch.clone().over(before.rest) };
            let sql = "UPDATE experimentation_items SET doc = $3 WHERE resource_id = $1 AND id = $2";
            tx.execute(sql, &params![&resource, &id, serde_json::to_string(&item)?]).await?;
            Ok(())
        })
        .await
}

/// # Errors
/// 404 for a resource or an item that is not known.
pub async fn delete(core: &Core, scope: &Scope, partner_id: &str, id: &str) -> Result<()> {
    let (scope, partner_id, id) = (scope.clone(), partner_id.to_owned(), id.to_owned());
    core.db
        .write(async move |tx| {
            let (resource, _) = resource(tx, &scope, &partner_id).await?;
            let sql = "DELETE FROM experimentation_items WHERE resource_id = $1 AND id = $2";
            match tx.execute(sql, &params![&resource, &id]).await? {
                0 => Err(item_not_found()),
                _ => Ok(()),
            }
        })
        .await
}

fn item_not_found() -> Error {
    Error::not_found("Experimentation item")
}

/// The items of a resource, by the id that its team knows it by.
///
/// # Errors
/// 404 for another's.
pub async fn list(core: &Core, scope: &Scope, store: &str) -> Result<Vec<Item>> {
    let conn = core.db.read().await?;
    let sql = "SELECT id FROM resources WHERE id = $1 AND owner_id = $2";
    let own: Option<(String,)> = conn.opt(sql, &params![store, scope.owner()]).await?;
    own.ok_or_else(|| Error::not_found("Store"))?;
    let sql = "SELECT doc FROM experimentation_items WHERE resource_id = $1 ORDER BY id";
    let rows: Vec<(String,)> = conn.all(sql, &params![store]).await?;
    rows.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect()
}

/// The edge config of a resource; an empty one where nothing was pushed.
///
/// # Errors
/// 404 for a resource that is not the partner's.
pub async fn edge_config(core: &Core, scope: &Scope, partner_id: &str) -> Result<Pushed> {
    let conn = core.db.read().await?;
    let (resource, since) = resource(&conn, scope, partner_id).await?;
    edge_config::pushed(&conn, &resource, since).await
}

/// Replaces the items of a resource's edge config.
///
/// # Errors
/// 404 for a resource that is not the partner's; 412 where it is not, or is, what the conditions name; 400 for a key that is no key.
pub async fn push(
    core: &Core,
    scope: &Scope,
    partner_id: &str,
    items: Map<String, Json>,
    conditions: Conditions,
) -> Result<Pushed> {
    let (core, scope, partner_id) = (core.clone(), scope.clone(), partner_id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let (resource, _) = resource(tx, &scope, &partner_id).await?;
            edge_config::push(tx, &core, &scope, &resource, &items, &conditions, core.clock.now()).await
        })
        .await
}
