//! What happens to a resource, whoever asks for it.

use super::connections::Link;
use super::record::Resource;
use super::secrets::Secret;
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::{Core, Result, Scope, planted};
use pintle_store::Conn;
use serde_json::json;

/// Seals the secrets and gives them to the connected projects.
pub(super) async fn keep(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    resource: &mut Resource,
    secrets: Vec<Secret>,
    now: Millis,
) -> Result<()> {
    resource.updated_at = now;
    resource.keep_secrets(tx, core, &secrets).await?;
    if planted::on("projects-keep-old-secrets") {
        return Ok(());
    }
    Link { tx, core, scope, resource, now }.follow(&secrets).await
}

/// Ends it here, with its connections and their variables.
pub(super) async fn end(tx: &Conn, core: &Core, scope: &Scope, resource: &Resource) -> Result<()> {
    let now = core.clock.now();
    Link { tx, core, scope, resource, now }.end(None).await?;
    resource.delete(tx, now).await?;
    announce(tx, core, scope, resource, now, "storage-delete", "deleted").await
}

/// Writes what happened into the audit log; `verb` stands before the resource's name.
pub(super) async fn announce(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    resource: &Resource,
    now: Millis,
    kind: &'static str,
    verb: &str,
) -> Result<()> {
    let Resource { id, name, configuration_id, product_id, .. } = resource;
    let payload = json!({
        "storeId": id, "storeName": name, "configurationId": configuration_id, "productId": product_id,
    });
    let event = Event::new(kind, format!("{verb} resource {name}"), payload);
    events::record(tx, core, scope, now, event).await.map(drop)
}
