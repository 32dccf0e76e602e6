//! Changes that a team asks for: a name, metadata, a plan. Nothing changes here before the partner has agreed.

use super::record::{self, free_name};
use super::told::Told;
use super::{asking, life, stores};
use crate::ids::DeliveryId;
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::plans::{self, BillingPlan};
use crate::marketplace::products::{Metadata, When, check_metadata};
use crate::marketplace::questions::Questions;
use crate::marketplace::{Actor, Outcome};
use crate::{Core, Result, Scope, validate};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The body. What is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_plan_id: Option<String>,
}

/// Answers the store; where the partner has not answered it is as before, and the partner is asked again in the background.
///
/// # Errors
/// 400 for a body or metadata that breaks its schema and a plan that is not offered, 404 for an unknown store, 409 for a name that is taken or a resource that is
/// not there yet, and what the partner refuses it with.
pub async fn change(core: &Core, scope: &Scope, id: &str, change: Change) -> Result<Json> {
    if let Some(name) = &change.name {
        validate::length("name", name, 128)?;
    }
    let plan = match &change.billing_plan_id {
        Some(plan) => Some(offered(core, scope, id, plan).await?),
        None => None,
    };
    let call = begin(core, scope, id, Wanted { change, plan }).await?;
    match calls::run(core, &call).await? {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        _ => stores::get(core, scope, id).await,
    }
}

/// What stands with the call, for when the partner has agreed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wanted {
    change: Change,
    plan: Option<BillingPlan>,
}

/// A plan that the partner offers for the resource.
async fn offered(core: &Core, scope: &Scope, id: &str, plan: &str) -> Result<BillingPlan> {
    let conn = core.db.read().await?;
    let resource = record::find(&conn, scope, id).await?;
    asking::path(&resource, &[])?;
    let integration = &asking::product(&conn, &resource).await?.integration_id;
    drop(conn);
    let (actor, installation) = (&Actor::of(scope), Some(&resource.configuration_id));
    let questions = Questions { core, actor, integration, installation };
    plans::offered(plan, &questions.resource_plans(resource.known_as()).await?).cloned()
}

async fn begin(core: &Core, scope: &Scope, id: &str, wanted: Wanted) -> Result<DeliveryId> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let mut resource = record::find(tx, &scope, &id).await?;
            let path = asking::path(&resource, &[])?;
            let (app, schema) =
                asking::product(tx, &resource).await.map(|p| (p.integration_id, p.metadata_schema))?;
            let mut wanted = wanted.clone();
            let change = &mut wanted.change;
            if let Some(name) = &change.name
                && free_name(tx, scope.owner(), name, Some(&resource.id)).await? != *name
            {
                return Err(record::name_taken(name));
            }
            if let Some(metadata) = &change.metadata {
                change.metadata = Some(check_metadata(&schema, metadata, When::Update(&resource.metadata))?);
            }
            let call = asking::call(&scope, &resource, &app, Operation::UpdateResource);
            let (body, data) = (serde_json::to_value(&wanted.change)?, serde_json::to_value(&wanted)?);
            let call = NewCall { method: http::Method::PATCH, path, data, body: Some(body), ..call };
            asking::intend(tx, &core, &mut resource, call).await
        })
        .await
}

/// The partner has agreed: what was asked for, and whatever it answers beside.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Outcome::Answered { body, .. } = outcome else { return Ok(()) };
    let Some(mut resource) = record::of_call(tx, call).await? else { return Ok(()) };
    let (scope, now) = (call.actor.scope(), core.clock.now());
    let Wanted { change, plan } = Wanted::deserialize(&call.data)?;
    if let Some(name) = &change.name {
        resource.name = free_name(tx, scope.owner(), name, Some(&resource.id)).await?;
    }
    if let Some(metadata) = change.metadata {
        resource.metadata = metadata;
    }
    if let Some(plan) = plan {
        resource.billing_plan = Some(serde_json::to_value(plan)?);
    }
    // What does not parse counts for nothing: the partner did it all the same.
    let told = Told::read(body).unwrap_or_default();
    told.apply(&mut resource, now);
    match told.secrets.filter(|_| resource.heeds_secrets_of(call)) {
        Some(secrets) => life::keep(tx, core, &scope, &mut resource, secrets, now).await?,
        None => resource.save(tx).await?,
    }
    life::announce(tx, core, &scope, &resource, now, "storage-update", "updated").await
}
