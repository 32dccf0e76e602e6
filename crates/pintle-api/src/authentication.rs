//! Group `authentication` of the contract: the caller's own tokens.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::page::Page;
use pintle_core::{Result, Scope, tokens};
use serde_json::json;

routes! {
    "listAuthTokens": Get "/v5/user/tokens", AccountTokens => list;
    "createAuthToken": Post "/v3/user/tokens", AccountTokens => create;
    "getAuthToken": Get "/v5/user/tokens/{tokenId}", AccountTokens => get;
    "deleteAuthToken": Delete "/v3/user/tokens/{tokenId}", AccountTokens => delete;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    // The contract's clients cannot ask for a page: they get as much as one holds.
    let (tokens, pagination) = tokens::list(&call.core, &scope, call.page_of(Page::MAX)?).await?;
    Reply::json(&json!({ "tokens": tokens, "pagination": pagination }))
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    let (token, value) = tokens::create(&call.core, &scope, call.json()?, call.names_team()).await?;
    Reply::json(&json!({ "token": token, "bearerToken": value }))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "token": tokens::get(&call.core, &scope, call.param("tokenId")).await? }))
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "tokenId": tokens::delete(&call.core, &scope, call.param("tokenId")).await? }))
}
