//! Group `marketplace` of the contract: what a partner's server calls with its installation's token. The path names the
//! installation, which must be the token's own; that is found out before any of these handlers runs.

pub mod billing;
pub mod resources;

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::marketplace::{account, update};
use pintle_core::{Result, Scope};

routes! {
    "update-installation": Patch "/v1/installations/{integrationConfigurationId}", Marketplace => update;
    "get-account-info": Get "/v1/installations/{integrationConfigurationId}/account", Marketplace => account;
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
