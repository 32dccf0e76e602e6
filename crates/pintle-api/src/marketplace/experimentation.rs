//! Flags, experiments and the pushed configuration of a partner's resource (group `marketplace`); newer clients call the edge config a
//! global config.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use pintle_core::marketplace::experimentation::{self, Conditions, EdgeConfig, Item};
use pintle_core::{Error, Result, Scope};
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

fn condition(call: &Call, name: HeaderName) -> Option<String> {
    call.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn tagged(reply: Reply, config: &EdgeConfig) -> Result<Reply> {
    let tag = HeaderValue::from_str(&config.etag()).map_err(Error::internal)?;
    Ok(reply.with(header::ETAG, tag))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    let config = experimentation::edge_config(&call.core, &scope, call.param("resourceId")).await?;
    let known = condition(&call, header::IF_NONE_MATCH).is_some_and(|tags| config.is_among(&tags));
    match known {
        true => tagged(Reply::empty(StatusCode::NOT_MODIFIED), &config),
        false => tagged(Reply::json(&config)?, &config),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    data: Map<String, Value>,
}

async fn push(call: Call, scope: Scope) -> Result<Reply> {
    let Push { data } = call.json()?;
    let conditions = Conditions {
        if_match: condition(&call, header::IF_MATCH),
        if_none_match: condition(&call, header::IF_NONE_MATCH),
    };
    let config =
        experimentation::push(&call.core, &scope, call.param("resourceId"), data, conditions).await?;
    tagged(Reply::json(&config)?, &config)
}
