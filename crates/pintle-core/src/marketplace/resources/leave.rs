//! A team takes a resource away.
//!
//! The partner is asked, and may refuse: then nothing has changed. Whatever else it answers, and also where it does not, the resource
//! ends here; the partner is told again for a day. One that only is linked ends here alone, and so does one whose partner has no address.

use super::connections;
use super::record::{self, Ownership, Resource, Stage};
use super::{asking, life};
use crate::ids::DeliveryId;
use crate::integrations;
use crate::marketplace::Outcome;
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::{Core, Error, Result, Scope};
use pintle_store::Conn;

/// # Errors
/// 404 for an unknown store; 409 `resource_connected` while projects are connected, naming them, and while it is being deleted already; and
/// what the partner refuses it with.
pub async fn remove(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    let Some(call) = begin(core, scope, id).await? else { return Ok(()) };
    match calls::run(core, &call).await? {
        Outcome::Refused { status, error } if refuses(status) => Err(error.into_error()),
        _ => Ok(()),
    }
}

/// Whether a partner's answer keeps the resource: one that it does not know is gone.
fn refuses(status: u16) -> bool {
    status != 404
}

/// Leaves word for the partner; `None` where it need not be told, and the resource is gone.
async fn begin(core: &Core, scope: &Scope, id: &str) -> Result<Option<DeliveryId>> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let mut resource = record::find(tx, &scope, &id).await?;
            let projects = connections::connected(tx, &resource.id).await?;
            if !projects.is_empty() {
                return Err(is_connected(&resource, projects));
            }
            asking::require_quiet(&resource)?;
            // Without its partner's id it is asked for once more, to be deleted as soon as that is known: see `provision::settle`.
            let app = asking::product(tx, &resource).await?.integration_id;
            let asked =
                resource.ownership != Ownership::Linked && integrations::has_partner(tx, &app).await?;
            if !asked || resource.partner_id.is_none() {
                if asked {
                    ask_again(tx, &core, &resource).await?;
                }
                life::end(tx, &core, &scope, &resource).await?;
                return Ok(None);
            }
            let path = asking::path(&resource, &[])?;
            let call = asking::call(&scope, &resource, &app, Operation::DeleteResource);
            let call = NewCall { method: http::Method::DELETE, path, ..call };
            resource.stage = Stage::Leaving;
            asking::intend(tx, &core, &mut resource, call).await.map(Some)
        })
        .await
}

/// What was asked for is asked for once more, so that its id becomes known: the partner may have made it, and nobody have heard of that.
async fn ask_again(tx: &Conn, core: &Core, resource: &Resource) -> Result<()> {
    let Some(call) = resource.calls.get(&Operation::Provision) else { return Ok(()) };
    match calls::renew(tx, core, call).await {
        // The team that asked has given the installation away.
        Err(error) if error.code == "installation_transferred" => Ok(()),
        renewed => renewed.map(drop),
    }
}

/// # Errors
/// As `remove`.
pub(super) fn is_connected(resource: &Resource, projects: Vec<String>) -> Error {
    let text = format!(
        "The resource `{}` is connected to {}: disconnect it first",
        resource.name,
        projects.join(", ")
    );
    Error::conflict("resource_connected", text).with("projects", projects)
}

/// Does what the partner's answer, or its silence, means.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let found = record::of_call(tx, call).await?;
    let Some(mut resource) = found.filter(|resource| resource.stage == Stage::Leaving) else { return Ok(()) };
    match outcome {
        Outcome::Refused { status, .. } if refuses(*status) => {
            resource.stage = Stage::Present;
            resource.save(tx).await
        }
        _ => life::end(tx, core, &call.actor.scope(), &resource).await,
    }
}

/// The partner made a resource that nobody wants any more: it is told to delete it.
pub(super) async fn orphan(tx: &Conn, core: &Core, call: &Call, partner_id: &str) -> Result<()> {
    let Call { integration, configuration, resource, actor, .. } = call.clone();
    let (method, below) = (http::Method::DELETE, ["resources", partner_id]);
    let new = NewCall::new(Operation::DeleteResource, &integration, &configuration, actor, method, &below);
    calls::intend(tx, core, NewCall { resource, ..new }).await.map(drop)
}
