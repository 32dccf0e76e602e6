//! Flags, experiments and the pushed configuration of a partner's resource (group `marketplace`); newer clients call the edge config a
//! global config.

use crate::call::Call;
use crate::edge_config::{conditions, etag};
use crate::reply::Reply;
use crate::router::routes;
use axum::http::{StatusCode, header};
use pintle_core::edge_config::{Pushed, is_among};
use pintle_core::marketplace::experimentation::{self, Item};
use pintle_core::{Result, Scope};
use serde::Deserialize;
use serde_json::{Map, Value, json};

routes! {
    "createExperimentationItems":
        Post "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/items", Marketplace => create;
    "updateExperimentationItem":
        Patch "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/items/{itemId}", Marketplace => patch;
    "deleteExperimentationItem":
        Delete "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/items/{itemId}", Marketplace => delete;
    "getExperimentationEdgeConfig":
        Get "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/edge-config", Marketplace => get;
    "pushExperimentationEdgeConfig":
        Put "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/edge-config", Marketplace => push;
    "getExperimentationGlobalConfig":
        Get "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/global-config", Marketplace => get;
    "pushExperimentationGlobalConfig":
        Put "/v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/global-config", Marketplace => push;
    "listExperimentationItems": Get "/pintle/v1/stores/{id}/experimentation/items", ConfigurationUpdate => list;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Items {
    items: Vec<Item>,
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    let Items { items } = call.json()?;
    experimentation::create(&call.core, &scope, call.param("resourceId"), items).await?;
    Ok(Reply::nothing())
}

async fn patch(call: Call, scope: Scope) -> Result<Reply> {
    let (resource, item) = (call.param("resourceId"), call.param("itemId"));
    experimentation::patch(&call.core, &scope, resource, item, call.json()?).await?;
    Ok(Reply::nothing())
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    experimentation::delete(&call.core, &scope, call.param("resourceId"), call.param("itemId")).await?;
    Ok(Reply::nothing())
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "items": experimentation::list(&call.core, &scope, call.param("id")).await? }))
}

fn tagged(reply: Reply, pushed: &Pushed) -> Result<Reply> {
    Ok(reply.with(header::ETAG, etag(&pushed.digest)?))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    let pushed = experimentation::edge_config(&call.core, &scope, call.param("resourceId")).await?;
    let known = conditions(&call).if_none_match.is_some_and(|tags| is_among(&tags, &pushed.digest));
    match known {
        true => tagged(Reply::empty(StatusCode::NOT_MODIFIED), &pushed),
        false => tagged(Reply::json(&pushed)?, &pushed),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    data: Map<String, Value>,
}

async fn push(call: Call, scope: Scope) -> Result<Reply> {
    let Push { data } = call.json()?;
    let resource = call.param("resourceId");
    let pushed = experimentation::push(&call.core, &scope, resource, data, conditions(&call)).await?;
    tagged(Reply::json(&pushed)?, &pushed)
}
