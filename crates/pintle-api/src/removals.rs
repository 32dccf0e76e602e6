//! Beyond the contract: what a removal would remove, what one removed, what the deletion of a team did, and the states between installation and removal.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::configurations::{lifecycle, removal, scopes};
use pintle_core::ids::ConfigurationId;
use pintle_core::marketplace::installations::closing;
use pintle_core::{Result, Scope, deletions};
use serde_json::json;

routes! {
    "planRemoval": Get "/pintle/v1/integrations/configurations/{id}/removal", ConfigurationRead => plan;
    "listRemovals": Get "/pintle/v1/removals", ConfigurationRead => list;
    "getRemoval": Get "/pintle/v1/removals/{configurationId}", ConfigurationRead => receipt;
    "endRemoval": Post "/pintle/v1/removals/{configurationId}/end", ConfigurationTransfer => end;
    "listDeletions": Get "/pintle/v1/deletions", AccountTokens => deletions;
    "getDeletion": Get "/pintle/v1/deletions/{ownerId}", AccountTokens => deletion;
    "disableConfiguration":
        Post "/pintle/v1/integrations/configurations/{id}/disable", ConfigurationTransfer => disable;
    "takeOverConfiguration":
        Post "/pintle/v1/integrations/configurations/{id}/take-over", ConfigurationTransfer => take_over;
    "confirmScopes": Post "/pintle/v1/integrations/configurations/{id}/confirm-scopes", ConfigurationTransfer => confirm;
}

fn id(call: &Call) -> ConfigurationId {
    ConfigurationId::from(call.param("id"))
}

async fn plan(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&removal::plan(&call.core, &scope, &id(&call)).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let (removals, pagination) = removal::receipts(&call.core, &scope, call.page()?).await?;
    Reply::json(&json!({ "removals": removals, "pagination": pagination }))
}

async fn receipt(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(removal::receipt(&call.core, &scope, call.param("configurationId")).await?))
}

/// An owner does not wait for the partner of a removed installation.
async fn end(call: Call, scope: Scope) -> Result<Reply> {
    let id = ConfigurationId::from(call.param("configurationId"));
    Reply::json(&closing::force(&call.core, &scope, &id).await?)
}

async fn deletions(call: Call, scope: Scope) -> Result<Reply> {
    let (deletions, pagination) = deletions::receipts(&call.core, &scope, call.page()?).await?;
    Reply::json(&json!({ "deletions": deletions, "pagination": pagination }))
}

async fn deletion(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(deletions::receipt(&call.core, &scope, call.param("ownerId")).await?))
}

async fn disable(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&lifecycle::disable(&call.core, &scope, id(&call)).await?)
}

async fn take_over(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&lifecycle::take_over(&call.core, &scope, id(&call)).await?)
}

async fn confirm(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&scopes::confirm(&call.core, &scope, id(&call)).await?)
}
