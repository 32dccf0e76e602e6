//! A partner says that something changed on its side (createEvent): Pintle asks what it is now. The question is a call like those that
//! change something: it waits for a partner that does not answer.

use super::calls::{self, Call, NewCall, Operation};
use super::update::{self, InstallationPatch};
use super::{Actor, Outcome, resources};
use crate::configurations::Configuration;
use crate::ids::DeliveryId;
use crate::{Core, Kind, Result, Scope, configurations, integrations, union};
use pintle_store::Conn;
use serde::{Deserialize, Deserializer};

/// The body of createEvent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    #[serde(deserialize_with = "changed")]
    event: Changed,
}

#[derive(Debug, Clone)]
enum Changed {
    Installation,
    Resource(ChangedResource),
}

/// The plan is asked for like the rest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangedInstallation {
    #[serde(default, rename = "billingPlanId")]
    _billing_plan_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangedResource {
    resource_id: String,
    #[serde(default, rename = "productId")]
    _product_id: Option<String>,
}

fn changed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Changed, D::Error> {
    union::by_tag(
        deserializer,
        "type",
        &[
            ("installation.updated", |rest| {
                union::read::<ChangedInstallation, _>(rest).map(|_| Changed::Installation)
            }),
            ("resource.updated", |rest| union::read(rest).map(Changed::Resource)),
        ],
    )
}

/// Takes note, and answers the call that asks the partner; `None` where the integration has no address to ask at.
///
/// # Errors
/// 404 for a resource that is not the partner's.
pub async fn take(core: &Core, scope: &Scope, notice: Notice) -> Result<Option<DeliveryId>> {
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = configurations::load(tx, &scope, scope.partner()?).await?;
            let (operation, resource, below) = match &notice.event {
                Changed::Installation => (Operation::ReadInstallation, None, vec![]),
                Changed::Resource(ChangedResource { resource_id, .. }) => {
                    let own = resources::of_partner(tx, &configuration.id, resource_id).await?;
                    (Operation::ReadResource, Some(own.id), vec!["resources", resource_id.as_str()])
                }
            };
            let app = integrations::find(tx, configuration.integration_id.as_str()).await?;
            if app.is_none_or(|app| app.partner_url().is_err()) {
                return Ok(None);
            }
            let call = question(operation, &configuration, &below);
            calls::intend(tx, &core, NewCall { resource, ..call }).await.map(Some)
        })
        .await
}

/// Asks what an installation is now, where its partner has left that open.
pub(super) async fn ask(tx: &Conn, core: &Core, configuration: &Configuration) -> Result<()> {
    calls::intend(tx, core, question(Operation::ReadInstallation, configuration, &[])).await.map(drop)
}

fn question(operation: Operation, configuration: &Configuration, below: &[&str]) -> NewCall {
    let Configuration { id, integration_id: app, owner_id, team_id, .. } = configuration;
    let actor = Actor::system(owner_id.clone(), team_id.is_none());
    NewCall::new(operation, app, id, actor, http::Method::GET, below)
}

/// Whatever the partner says of the installation holds; a notification that it does not mention is over.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Outcome::Answered { body, .. } = outcome else { return Ok(()) };
    let scope = call.actor.scope();
    match configurations::load(tx, &scope, &call.configuration).await {
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        configuration => {
            update::apply(tx, core, &scope, configuration?, InstallationPatch::told(body)?).await
        }
    }
}
