//! Group `webhooks` of the contract.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::{Result, Scope, webhooks};

routes! {
    "createWebhook": Post "/v1/webhooks", WebhookWrite => create;
    "getWebhooks": Get "/v1/webhooks", WebhookRead => list;
    "getWebhook": Get "/v1/webhooks/{id}", WebhookRead => get;
    "deleteWebhook": Delete "/v1/webhooks/{id}", WebhookWrite => delete;
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&webhooks::create(&call.core, &scope, call.json()?).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&webhooks::list(&call.core, &scope, call.query.get("projectId")).await?)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(webhooks::get(&call.core, &scope, call.param("id")).await?))
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    webhooks::delete(&call.core, &scope, call.param("id")).await?;
    Ok(Reply::nothing())
}
