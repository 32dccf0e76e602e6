//! `/pintle/v1/integrations`: the registry of integrations, for which the real platform has only a console.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::{Result, Scope, integrations};
use serde_json::json;

routes! {
    "createIntegration": Post "/pintle/v1/integrations", AppWrite => create;
    "listIntegrations": Get "/pintle/v1/integrations", AppRead => list;
    "getIntegration": Get "/pintle/v1/integrations/{idOrSlug}", AppRead => get;
    "updateIntegration": Patch "/pintle/v1/integrations/{idOrSlug}", AppWrite => update;
    "deleteIntegration": Delete "/pintle/v1/integrations/{idOrSlug}", AppWrite => delete;
    "rotateIntegrationSecret": Post "/pintle/v1/integrations/{idOrSlug}/rotate-secret", AppWrite => rotate;
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&integrations::create(&call.core, &scope, call.json()?).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "integrations": integrations::list(&call.core, &scope).await? }))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&integrations::get(&call.core, &scope, call.param("idOrSlug")).await?)
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&integrations::update(&call.core, &scope, call.param("idOrSlug"), call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    integrations::delete(&call.core, &scope, call.param("idOrSlug")).await?;
    Ok(Reply::nothing())
}

async fn rotate(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&integrations::rotate_secret(&call.core, &scope, call.param("idOrSlug")).await?)
}
