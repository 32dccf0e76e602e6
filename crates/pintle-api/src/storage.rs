//! `/v1/storage/stores`: what the team does with the resources of its marketplace installations. But for the operations that the
//! contract knows, this is what real clients call (semantics.md 3.6).

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::{HeaderValue, StatusCode};
use pintle_core::marketplace::resources::connections::{self, NewConnection};
use pintle_core::marketplace::resources::repl::{self, Said};
use pintle_core::marketplace::resources::{
    actions, auto, change, claim, leave, provision, restrict, rotate, stores,
};
use pintle_core::{Result, Scope};
use serde::Deserialize;
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

routes! {
    "listStores": Get "/v1/storage/stores", ConfigurationRead => list;
    "createIntegrationStoreDirect": Post "/v1/storage/stores/integration/direct", ConfigurationUpdate => create;
    "autoProvision":
        Post "/v1/integrations/integration/{idOrSlug}/marketplace/auto-provision/{productIdOrSlug}",
        ConfigurationUpdate => auto_provision;
    "updateStore": Patch "/v1/storage/stores/{id}", ConfigurationUpdate => update;
    "deleteIntegrationStore": Delete "/v1/storage/stores/integration/{id}", ConfigurationUpdate => delete;
    "rotateStoreSecrets": Post "/v1/storage/stores/{id}/secrets/rotate", ConfigurationUpdate => rotate;
    "getStore": Get "/v1/storage/stores/{id}", ConfigurationRead => get;
    "setStoreProductionOnly": Put "/pintle/v1/stores/{id}/production-only", ConfigurationUpdate => restrict;
    "queryStore": Post "/pintle/v1/stores/{id}/repl", ConfigurationUpdate => query;
    "listDeploymentActions":
        Get "/pintle/v1/deployments/{deploymentId}/actions", ConfigurationRead => actions;
    "createSandboxClaimUrl":
        Post "/v1/integrations/installations/{integrationConfigurationId}/resources/{resourceId}/sandbox/claim-url",
        ConfigurationUpdate => claim_url;
    "connectStore": Post "/v1/storage/stores/{id}/connections", ConfigurationUpdate => connect;
    "disconnectStore": Delete "/v1/storage/stores/{id}/connections/{connectionId}", ConfigurationUpdate => disconnect;
    "disconnectStores": Delete "/v1/storage/stores/{id}/connections", ConfigurationUpdate => disconnect_all;
    "connectIntegrationResourceToProject":
        Post "/v1/integrations/installations/{integrationConfigurationId}/resources/{resourceId}/connections",
        ConfigurationUpdate => connect_resource;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let configuration = call.query.get("integrationConfigurationId");
    Reply::json(&json!({ "stores": stores::list(&call.core, &scope, configuration).await? }))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "store": stores::get(&call.core, &scope, call.param("id")).await? }))
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "store": provision::create(&call.core, &scope, call.json()?).await? }))
}

async fn auto_provision(call: Call, scope: Scope) -> Result<Reply> {
    let (app, product) = (call.param("idOrSlug"), call.param("productIdOrSlug"));
    let origin = call.origin();
    Reply::created(&auto::provision(&call.core, &scope, app, product, call.json()?, &origin).await?)
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    let changed = change::change(&call.core, &scope, call.param("id"), call.json()?).await?;
    Reply::json(&json!({ "store": changed }))
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    leave::remove(&call.core, &scope, call.param("id")).await?;
    Ok(Reply::nothing())
}

/// 200 where the new secrets are there, 202 where the partner still has to send them.
async fn rotate(call: Call, scope: Scope) -> Result<Reply> {
    let sync = rotate::rotate(&call.core, &scope, call.param("id"), call.json()?).await?;
    let status = if sync { StatusCode::OK } else { StatusCode::ACCEPTED };
    Reply::json_as(status, &json!({ "sync": sync }))
}

#[derive(Deserialize)]
struct Switch {
    enabled: bool,
}

async fn restrict(call: Call, scope: Scope) -> Result<Reply> {
    let Switch { enabled } = call.json()?;
    let store = restrict::restrict(&call.core, &scope, call.param("id"), enabled).await?;
    Reply::json(&json!({ "store": store }))
}

/// The partner's blocks, in the form that it chose.
async fn query(call: Call, scope: Scope) -> Result<Reply> {
    let said = repl::put(&call.core, &scope, call.param("id"), call.json()?).await?;
    Ok(match said {
        Said::Blocks(bytes) => Reply::bytes(JSON, bytes.into()),
        Said::Lines(bytes) => Reply::bytes(LINES, bytes.into()),
    })
}

async fn actions(call: Call, scope: Scope) -> Result<Reply> {
    let found = actions::of_deployment(&call.core, &scope, call.param("deploymentId")).await?;
    Reply::json(&json!({ "actions": found }))
}

async fn connect(call: Call, scope: Scope) -> Result<Reply> {
    let made = connections::connect(&call.core, &scope, None, call.param("id"), call.json()?).await?;
    Reply::created(&made)
}

/// The command line sends `{source}`, which says nothing here.
async fn claim_url(call: Call, scope: Scope) -> Result<Reply> {
    let (installation, resource) = (call.param("integrationConfigurationId"), call.param("resourceId"));
    let url = claim::url(&call.core, &scope, installation, resource).await?;
    Reply::json(&json!({ "claimUrl": url }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    project_id: String,
}

async fn connect_resource(call: Call, scope: Scope) -> Result<Reply> {
    let Project { project_id } = call.json()?;
    let of = Some(call.param("integrationConfigurationId"));
    let new = NewConnection::to(project_id);
    connections::connect(&call.core, &scope, of, call.param("resourceId"), new).await?;
    Ok(Reply { status: StatusCode::CREATED, ..Reply::nothing() })
}

async fn disconnect(call: Call, scope: Scope) -> Result<Reply> {
    let connection = Some(call.param("connectionId"));
    connections::disconnect(&call.core, &scope, call.param("id"), connection).await?;
    Ok(Reply::nothing())
}

async fn disconnect_all(call: Call, scope: Scope) -> Result<Reply> {
    connections::disconnect(&call.core, &scope, call.param("id"), None).await?;
    Ok(Reply::nothing())
}
