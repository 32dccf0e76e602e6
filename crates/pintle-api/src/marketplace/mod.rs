//! Group `marketplace` of the contract: what a partner's server calls with its installation's token. The path names the
//! installation, which must be the token's own; that is found out before any of these handlers runs.

pub mod billing;
pub mod experimentation;
pub mod resources;

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::marketplace::{account, calls, credentials, notice, update};
use pintle_core::{Result, Scope};

routes! {
    "update-installation": Patch "/v1/installations/{integrationConfigurationId}", Marketplace => update;
    "get-account-info": Get "/v1/installations/{integrationConfigurationId}/account", Marketplace => account;
    "create-event": Post "/v1/installations/{integrationConfigurationId}/events", Marketplace => event;
    "rotateInstallationCredential":
        Post "/v1/installations/{integrationConfigurationId}/credentials/rotate", Marketplace => rotate;
    "revokeInstallationCredential":
        Post "/v1/installations/{integrationConfigurationId}/credentials/revoke", Marketplace => revoke;
    "get-member": Get "/v1/installations/{integrationConfigurationId}/member/{memberId}", Marketplace => member;
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    update::update(&call.core, &scope, call.json()?).await?;
    Ok(Reply::nothing())
}

async fn account(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&account::info(&call.core, &scope).await?)
}

async fn member(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&account::member(&call.core, &scope, call.param("memberId")).await?)
}

/// The answer does not wait for the partner's.
async fn event(call: Call, scope: Scope) -> Result<Reply> {
    if let Some(question) = notice::take(&call.core, &scope, call.json()?).await? {
        // Should it fail, the call is tried again like any other.
        tokio::spawn(async move { drop(calls::run(&call.core, &question).await) });
    }
    Ok(Reply::empty(StatusCode::CREATED))
}

async fn rotate(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&credentials::rotate(&call.core, &scope, call.json()?).await?)
}

async fn revoke(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&credentials::revoke(&call.core, &scope, call.json()?).await?)
}
