//! Group `user` of the contract.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::events::{self, Filter};
use pintle_core::page::Page;
use pintle_core::{Result, Scope, deletions, users};
use serde_json::json;

routes! {
    "getAuthUser": Get "/v2/user", Account => get;
    "requestDelete": Delete "/v1/user", AccountTokens => delete;
    "listUserEvents": Get "/v3/events", EventRead => events;
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&users::get(&call.core, &scope).await?)
}

/// Stamps are text here, and `userId` is the older name of `principalId`.
async fn events(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let page = Page::new(query.number("limit")?, query.moment("until")?, query.moment("since")?)?;
    let filter = Filter {
        types: query.list("types"),
        principal: query.text("principalId").or(query.text("userId")),
        projects: query.list("projectIds"),
        with_payload: query.boolean("withPayload")?.unwrap_or(false),
    };
    let (events, _) = events::list(&call.core, &scope, filter, page).await?;
    Reply::json(&json!({ "events": events }))
}

/// 202, as the contract has it; nothing is left to wait for.
async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json_as(StatusCode::ACCEPTED, &deletions::delete_user(&call.core, &scope, call.json()?).await?)
}
