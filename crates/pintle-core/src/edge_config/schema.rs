//! The JSON Schema that the items of an edge config must fit, all together as one object.

use super::items::Items;
use super::record::{self, EdgeConfig};
use crate::events::{self, Event};
use crate::json_schema::{Refused, Schema};
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::Value as Json;

/// Bytes that a schema may have.
const MAX_SIZE: usize = 64 << 10;

/// The body of patchEdgeConfigSchema.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    pub definition: Json,
}

/// That items fit a schema.
///
/// # Errors
/// 400 where they do not, with the first place that does not.
pub(super) fn require(definition: &Json, items: &Items) -> Result<()> {
    let schema = Schema::new(definition).map_err(no_schema)?;
    schema.validate(&Json::Object(items.values())).map_err(|refused| {
        let text = match refused {
            Refused::Wrong { place, what } if place.is_empty() => {
                format!("The items do not fit the schema: they {what}")
            }
            Refused::Wrong { place, what } => format!("The items do not fit the schema: `{place}` {what}"),
            Refused::TooMuchWork => "The items are too many for a schema like this".to_owned(),
        };
        Error::bad_request(text).coded("schema_validation_failed")
    })
}

fn no_schema(why: String) -> Error {
    Error::invalid(format_args!("`definition` {why}."))
}

/// getEdgeConfigSchema.
///
/// # Errors
/// 404 where it has none, and for another owner's edge config.
pub async fn schema(core: &Core, scope: &Scope, id: &str) -> Result<Json> {
    let config = record::get(core, scope, id).await?;
    config.schema.ok_or_else(schema_not_found)
}

fn schema_not_found() -> Error {
    Error::not_found("Edge Config schema")
}

/// patchEdgeConfigSchema: the schema holds from now on, and what is there must fit it. `dry`: only try.
///
/// # Errors
/// 400 for what is no schema, for one that Pintle does not understand, and where the items do not fit it; 404 for another owner's edge
/// config; 403 for a partner's.
pub async fn define_schema(
    core: &Core,
    scope: &Scope,
    id: &str,
    Definition { definition }: Definition,
    dry: bool,
) -> Result<Json> {
    if !definition.is_object() {
        return Err(no_schema("should be object".to_owned()));
    }
    let text = serde_json::to_string(&definition)?;
    if text.len() > MAX_SIZE {
        return Err(no_schema(format!("should NOT be larger than {MAX_SIZE} bytes")));
    }
    Schema::new(&definition).map_err(no_schema)?;
    let (given, now) = (definition.clone(), core.clock.now());
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = record::load(tx, &scope, &id).await?;
            config.require_own()?;
            require(&definition, &Items::load(tx, &config).await?)?;
            if dry {
                return Ok(());
            }
            set(tx, &config, Some(&text)).await?;
            let told = format!("changed the schema of edge config {}", config.slug);
            events::record(
                tx,
                &core,
                &scope,
                now,
                Event::new("edge-config-schema-updated", told, config.audit()),
            )
            .await
            .map(drop)
        })
        .await?;
    Ok(given)
}

/// deleteEdgeConfigSchema.
///
/// # Errors
/// 404 where it has none, and for another owner's edge config; 403 for a partner's.
pub async fn delete_schema(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = record::load(tx, &scope, &id).await?;
            config.require_own()?;
            config.schema.as_ref().ok_or_else(schema_not_found)?;
            set(tx, &config, None).await?;
            let told = format!("deleted the schema of edge config {}", config.slug);
            events::record(
                tx,
                &core,
                &scope,
                now,
                Event::new("edge-config-schema-deleted", told, config.audit()),
            )
            .await
            .map(drop)
        })
        .await
}

/// What is read does not change with it, so it is no version.
async fn set(tx: &Conn, config: &EdgeConfig, schema: Option<&str>) -> Result<()> {
    tx.execute("UPDATE edge_configs SET schema = $2 WHERE id = $1", &params![&config.id, schema]).await?;
    Ok(())
}
