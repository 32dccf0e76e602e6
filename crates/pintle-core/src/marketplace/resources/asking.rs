//! How a partner is asked for something of a resource.

use super::record::{self, Resource, Stage};
use crate::ids::{DeliveryId, IntegrationId};
use crate::marketplace::calls::{self, NewCall, Operation};
use crate::marketplace::products::Product;
use crate::marketplace::{Actor, partner};
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde_json::Value as Json;

/// A call for a resource, as one that makes it; any other goes to its own [`path`].
pub(super) fn call(scope: &Scope, resource: &Resource, app: &IntegrationId, operation: Operation) -> NewCall {
    let (actor, below) = (Actor::of(scope), ["resources"]);
    let call = NewCall::new(operation, app, &resource.configuration_id, actor, http::Method::POST, &below);
    NewCall { resource: Some(resource.id.clone()), ..call }
}

/// Writes a call for a resource down. One that asks for the same and still waits for its answer is that call: so no two are under way
/// whose answers could come in another order than the partner gave them.
///
/// # Errors
/// 409 `call_pending` where the partner has not answered something else of this kind.
pub(super) async fn intend(
    tx: &Conn,
    core: &Core,
    resource: &mut Resource,
    new: NewCall,
) -> Result<DeliveryId> {
    if let Some(earlier) = resource.calls.get(&new.operation)
        && let Some(body) = calls::waiting(tx, earlier).await?
    {
        let same = new.body.as_ref().map(Json::to_string).unwrap_or_default() == body;
        return if same { Ok(earlier.clone()) } else { Err(is_pending(resource, earlier)) };
    }
    let operation = new.operation;
    let id = calls::intend(tx, core, new).await?;
    resource.calls.insert(operation, id.clone());
    resource.save(tx).await?;
    Ok(id)
}

fn is_pending(resource: &Resource, call: &DeliveryId) -> Error {
    let text = format!(
        "The partner has not answered an earlier request of this kind for `{}`; it is asked again in the background",
        resource.name
    );
    Error::conflict("call_pending", text).with("deliveryId", call.as_str())
}

/// Where the partner has it, and what is below.
///
/// # Errors
/// 409 where the partner does not have it, or is asked to delete it.
pub(super) fn path(resource: &Resource, below: &[&str]) -> Result<String> {
    require_quiet(resource)?;
    let id = resource.partner_id.as_deref().ok_or_else(|| busy(resource, "is not provisioned yet"))?;
    let head = ["v1", "installations", resource.configuration_id.as_str(), "resources", id];
    Ok(partner::path(&[&head, below].concat()))
}

/// That its partner is not about to end it, or to move it away.
///
/// # Errors
/// 409.
pub(super) fn require_quiet(resource: &Resource) -> Result<()> {
    match resource.stage {
        Stage::Leaving => Err(busy(resource, "is being deleted")),
        Stage::Moving => Err(busy(resource, "is being transferred")),
        Stage::Initializing | Stage::Present | Stage::Failed => Ok(()),
    }
}

fn busy(resource: &Resource, what: &str) -> Error {
    Error::conflict("conflict", format!("The resource `{}` {what}", resource.name))
}

pub(super) async fn product(conn: &Conn, resource: &Resource) -> Result<Product> {
    let sql = "SELECT doc FROM products WHERE id = $1";
    let row: Option<(String,)> = conn.opt(sql, &params![&resource.product_id]).await?;
    let (doc,) = row.ok_or_else(record::not_found)?;
    Ok(serde_json::from_str(&doc)?)
}
