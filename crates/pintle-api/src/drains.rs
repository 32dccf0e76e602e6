//! Group `drains` of the contract.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::drains::{self, trial, verification};
use pintle_core::{Result, Scope};
use serde_json::json;

routes! {
    "createDrain": Post "/v1/drains", DrainWrite => create;
    "getDrains": Get "/v1/drains", DrainRead => list;
    "testDrain": Post "/v1/drains/test", DrainWrite => test;
    "getDrainVerification": Get "/pintle/v1/drains/verification", DrainRead => verification;
    "getDrain": Get "/v1/drains/{id}", DrainRead => get;
    "updateDrain": Patch "/v1/drains/{id}", DrainWrite => update;
    "deleteDrain": Delete "/v1/drains/{id}", DrainWrite => delete;
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&drains::create(&call.core, &scope, call.json()?).await?)
}

async fn test(call: Call, scope: Scope) -> Result<Reply> {
    match trial::test(&call.core, &scope, call.json()?).await? {
        Some(trouble) => Reply::json(&trouble),
        None => Reply::json(&json!({})),
    }
}

async fn verification(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&verification::tell(&call.core, &scope))
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.query.get("projectId");
    match call.query.boolean("includeMetadata")? {
        Some(true) => {
            let drains = drains::list_with_metadata(&call.core, &scope, project).await?;
            Reply::json(&json!({ "drains": drains }))
        }
        _ => Reply::json(&json!({ "drains": drains::list(&call.core, &scope, project).await? })),
    }
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&drains::get(&call.core, &scope, call.param("id")).await?)
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&drains::update(&call.core, &scope, call.param("id"), call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    drains::delete(&call.core, &scope, call.param("id")).await?;
    Ok(Reply::nothing())
}
