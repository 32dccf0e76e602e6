//! Group `marketplace` of the contract: the resources of the installation.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::marketplace::resources::{actions, inbound};
use pintle_core::{Result, Scope};
use serde_json::json;

routes! {
    "get-integration-resources":
        Get "/v1/installations/{integrationConfigurationId}/resources", Marketplace => list;
    "get-integration-resource":
        Get "/v1/installations/{integrationConfigurationId}/resources/{resourceId}", Marketplace => get;
    "import-resource":
        Put "/v1/installations/{integrationConfigurationId}/resources/{resourceId}", Marketplace => import;
    "update-resource":
        Patch "/v1/installations/{integrationConfigurationId}/resources/{resourceId}", Marketplace => update;
    "delete-integration-resource":
        Delete "/v1/installations/{integrationConfigurationId}/resources/{resourceId}", Marketplace => delete;
    "update-resource-secrets-by-id":
        Put "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/secrets", Marketplace => secrets;
    "update-resource-secrets":
        Put "/v1/installations/{integrationConfigurationId}/products/{integrationProductIdOrSlug}/resources/{resourceId}/secrets",
        Marketplace => secrets;
    "update-integration-deployment-action":
        Patch "/v1/deployments/{deploymentId}/integrations/{integrationConfigurationId}/resources/{resourceId}/actions/{action}",
        Marketplace => action;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "resources": inbound::list(&call.core, &scope).await? }))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&inbound::get(&call.core, &scope, call.param("resourceId")).await?)
}

async fn import(call: Call, scope: Scope) -> Result<Reply> {
    let name = inbound::import(&call.core, &scope, call.param("resourceId"), call.json()?).await?;
    Reply::json(&json!({ "name": name }))
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    let name = inbound::update(&call.core, &scope, call.param("resourceId"), call.json()?).await?;
    Reply::json(&json!({ "name": name }))
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    inbound::remove(&call.core, &scope, call.param("resourceId")).await?;
    Ok(Reply::nothing())
}

/// Both paths; the older one names the product too.
async fn secrets(call: Call, scope: Scope) -> Result<Reply> {
    let product = Some(call.param("integrationProductIdOrSlug")).filter(|product| !product.is_empty());
    let resource = call.param("resourceId");
    inbound::update_secrets(&call.core, &scope, product, resource, call.json()?).await?;
    Ok(Reply { status: StatusCode::CREATED, ..Reply::nothing() })
}

async fn action(call: Call, scope: Scope) -> Result<Reply> {
    let (deployment, resource, action) =
        (call.param("deploymentId"), call.param("resourceId"), call.param("action"));
    actions::update(&call.core, &scope, deployment, resource, action, call.json()?).await?;
    Ok(Reply { status: StatusCode::ACCEPTED, ..Reply::nothing() })
}
