//! Changes that a team asks for: a name, metadata, a plan. Nothing changes here before the partner has agreed.

use super::record::{self, free_name};
use super::told::Told;
use super::{asking, life, stores};
use crate::ids::DeliveryId;
use crate::marketplace::Outcome;
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::products::{Metadata, When, check_metadata};
use crate::{Core, Result, Scope, validate};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

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
/// 400 for a body or metadata that breaks its schema, 404 for an unknown store, 409 for a name that is taken or a resource that is
/// not there yet, and what the partner refuses it with.
pub async fn change(core: &Core, scope: &Scope, id: &str, change: Change) -> Result<Json> {
    if let Some(name) = &change.name {
        validate::length("name", name, 128)?;
    }
    let call = begin(core, scope, id, change).await?;
    match calls::run(core, &call).await? {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        _ => stores::get(core, scope, id).await,
    }
}

async fn begin(core: &Core, scope: &Scope, id: &str, change: Change) -> Result<DeliveryId> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let resource = record::find(tx, &scope, &id).await?;
            let path = asking::path(&resource, &[])?;
            let (app, schema) =
                asking::product(tx, &resource).await.map(|p| (p.integration_id, p.metadata_schema))?;
            let mut change = change.clone();
            if let Some(name) = &change.name
                && free_name(tx, scope.owner(), name, Some(&resource.id)).await? != *name
            {
                return Err(record::name_taken(name));
            }
            if let Some(metadata) = &change.metadata {
                change.metadata = Some(check_metadata(&schema, metadata, When::Update(&resource.metadata))?);
            }
            let call = asking::call(&scope, &resource, &app, Operation::UpdateResource);
            let body = serde_json::to_value(&change)?;
            let call =
                NewCall { method: http::Method::PATCH, path, data: body.clone(), body: Some(body), ..call };
            calls::intend(tx, &core, call).await
        })
        .await
}

/// The partner has agreed: what was asked for, and whatever it answers beside.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Outcome::Answered { body, .. } = outcome else { return Ok(()) };
    let Some(mut resource) = record::of_call(tx, call).await? else { return Ok(()) };
    let (scope, now) = (call.actor.scope(), core.clock.now());
    let asked: Change = serde_json::from_value(call.data.clone())?;
    if let Some(name) = &asked.name {
        resource.name = free_name(tx, scope.owner(), name, Some(&resource.id)).await?;
    }
    if let Some(metadata) = asked.metadata {
        resource.metadata = metadata;
    }
    if let Some(plan) = asked.billing_plan_id {
        resource.billing_plan = Some(json!({ "id": plan, "name": plan, "type": "subscription" }));
    }
    // What does not parse counts for nothing: the partner did it all the same.
    if let Ok(told) = Told::read(body) {
        told.apply(&mut resource, now);
    }
    resource.updated_at = now;
    resource.save(tx).await?;
    life::announce(tx, core, &scope, &resource, now, "storage-update", "updated").await
}
