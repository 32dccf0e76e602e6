//! Group `logDrains` of the contract: the log drains of integrations, and those that an account configures itself.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::drains::log_drains;
use pintle_core::{Result, Scope};
use serde_json::json;

routes! {
    "createLogDrain": Post "/v2/integrations/log-drains", LogDrainWrite => create;
    "getIntegrationLogDrains": Get "/v2/integrations/log-drains", LogDrainRead => list;
    "deleteIntegrationLogDrain": Delete "/v1/integrations/log-drains/{id}", LogDrainWrite => delete;
    "createConfigurableLogDrain": Post "/v1/log-drains", AccountLogDrainWrite => create_configurable;
    "getAllLogDrains": Get "/v1/log-drains", AccountLogDrainRead => list_configurable;
    "getConfigurableLogDrain": Get "/v1/log-drains/{id}", AccountLogDrainRead => get_configurable;
    "deleteConfigurableLogDrain": Delete "/v1/log-drains/{id}", AccountLogDrainWrite => delete_configurable;
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&log_drains::create(&call.core, &scope, call.json()?).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&log_drains::list(&call.core, &scope).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    log_drains::delete(&call.core, &scope, call.param("id")).await?;
    Ok(Reply::nothing())
}

async fn create_configurable(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&log_drains::create_configurable(&call.core, &scope, call.json()?).await?)
}

/// The contract's first shape: its second tells nothing but the metadata.
async fn list_configurable(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.query.get("projectId").or(call.query.get("projectIdOrName"));
    let with_metadata = call.query.boolean("includeMetadata")?.unwrap_or_default();
    let drains = log_drains::list_configurable(&call.core, &scope, project, with_metadata).await?;
    Reply::json(&json!({ "drains": drains }))
}

async fn get_configurable(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&log_drains::get_configurable(&call.core, &scope, call.param("id")).await?)
}

async fn delete_configurable(call: Call, scope: Scope) -> Result<Reply> {
    log_drains::delete_configurable(&call.core, &scope, call.param("id")).await?;
    Ok(Reply::nothing())
}
