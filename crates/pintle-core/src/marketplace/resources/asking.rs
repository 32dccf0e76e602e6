//! How a partner is asked for something of a resource.

use super::record::{self, Resource, Stage};
use crate::ids::{DeliveryId, IntegrationId};
use crate::marketplace::calls::{self, NewCall, Operation};
use crate::marketplace::products::Product;
use crate::marketplace::{Actor, partner};
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};

/// A call for a resource, as one that makes it; any other goes to its own [`path`].
pub(super) fn call(scope: &Scope, resource: &Resource, app: &IntegrationId, operation: Operation) -> NewCall {
    let (actor, below) = (Actor::of(scope), ["resources"]);
    let call = NewCall::new(operation, app, &resource.configuration_id, actor, http::Method::POST, &below);
    NewCall { resource: Some(resource.id.clone()), ..call }
}

/// Writes a call for a resource down, or joins the one that asks for the same and still waits for its answer.
///
/// # Errors
/// 409 `call_pending` where the partner has not answered something else of this kind.
pub(super) async fn intend(
    tx: &Conn,
    core: &Core,
    resource: &mut Resource,
    new: NewCall,
) -> Result<DeliveryId> {
    let earlier = resource.calls.get(&new.operation);
    if let Some(joined) = calls::joined(tx, earlier, new.body.as_ref(), &resource.name).await? {
        return Ok(joined);
    }
    let operation = new.operation;
    let id = calls::intend(tx, core, new).await?;
    resource.calls.insert(operation, id.clone());
    resource.save(tx).await?;
    Ok(id)
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
