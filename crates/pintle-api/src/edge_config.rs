//! Group `edge-config` of the contract, and what applications read with a connection string.
//!
//! Newer clients call the group `global-config`: the router knows both names.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use pintle_core::edge_config::{self, Conditions, Head, Token};
use pintle_core::{Error, Kind, Result, Scope};
use serde::Serialize;
use serde_json::{Map, Value, json};

routes! {
    "getEdgeConfigs": Get "/v1/edge-config", EdgeConfigRead => list;
    "createEdgeConfig": Post "/v1/edge-config", EdgeConfigWrite => create;
    "getEdgeConfig": Get "/v1/edge-config/{edgeConfigId}", EdgeConfigRead => get;
    "updateEdgeConfig": Put "/v1/edge-config/{edgeConfigId}", EdgeConfigWrite => rename;
    "deleteEdgeConfig": Delete "/v1/edge-config/{edgeConfigId}", EdgeConfigWrite => delete;
    "getEdgeConfigItems": Get "/v1/edge-config/{edgeConfigId}/items", EdgeConfigRead => items;
    "patchEdgeConfigItems": Patch "/v1/edge-config/{edgeConfigId}/items", EdgeConfigWrite => patch;
    "getEdgeConfigItem": Get "/v1/edge-config/{edgeConfigId}/item/{edgeConfigItemKey}", EdgeConfigRead => item;
    "getEdgeConfigSchema": Get "/v1/edge-config/{edgeConfigId}/schema", EdgeConfigRead => schema;
    "patchEdgeConfigSchema": Post "/v1/edge-config/{edgeConfigId}/schema", EdgeConfigWrite => define_schema;
    "deleteEdgeConfigSchema": Delete "/v1/edge-config/{edgeConfigId}/schema", EdgeConfigWrite => delete_schema;
    "getEdgeConfigTokens": Get "/v1/edge-config/{edgeConfigId}/tokens", EdgeConfigRead => tokens_as_one;
    "listGlobalConfigTokens": Get "/v1/global-config/{edgeConfigId}/tokens", EdgeConfigRead => tokens;
    "deleteEdgeConfigTokens": Delete "/v1/edge-config/{edgeConfigId}/tokens", EdgeConfigWrite => delete_tokens;
    "getEdgeConfigToken": Get "/v1/edge-config/{edgeConfigId}/token/{token}", EdgeConfigRead => token;
    "createEdgeConfigToken": Post "/v1/edge-config/{edgeConfigId}/token", EdgeConfigWrite => create_token;
    "getEdgeConfigBackups": Get "/v1/edge-config/{edgeConfigId}/backups", EdgeConfigRead => backups;
    "getEdgeConfigBackup": Get "/v1/edge-config/{edgeConfigId}/backups/{edgeConfigBackupVersionId}", EdgeConfigRead => backup;
    "restoreEdgeConfigBackup":
        Post "/v1/edge-config/{edgeConfigId}/backups/{edgeConfigBackupVersionId}/restore", EdgeConfigWrite => restore;
    "readEdgeConfigItem": Get "/{edgeConfigId}/item/{edgeConfigItemKey}", Public => read_item;
    "readEdgeConfigItems": Get "/{edgeConfigId}/items", Public => read_items;
    "readEdgeConfigDigest": Get "/{edgeConfigId}/digest", Public => read_digest;
}

fn id(call: &Call) -> &str {
    call.param("edgeConfigId")
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&edge_config::list(&call.core, &scope).await?)
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&edge_config::create(&call.core, &scope, call.json()?).await?)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&edge_config::get(&call.core, &scope, id(&call)).await?)
}

async fn rename(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&edge_config::rename(&call.core, &scope, id(&call), call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    edge_config::delete(&call.core, &scope, id(&call)).await?;
    Ok(Reply::nothing())
}

async fn items(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&edge_config::items(&call.core, &scope, id(&call)).await?)
}

async fn item(call: Call, scope: Scope) -> Result<Reply> {
    let key = call.param("edgeConfigItemKey");
    Reply::json(&edge_config::item(&call.core, &scope, id(&call), key).await?)
}

async fn patch(call: Call, scope: Scope) -> Result<Reply> {
    edge_config::patch(&call.core, &scope, id(&call), call.json()?, conditions(&call)).await?;
    Reply::json(&json!({ "status": "ok" }))
}

/// `If-Match` and `If-None-Match` of a request.
pub(crate) fn conditions(call: &Call) -> Conditions {
    // Of several lines one list; one that is not readable matches nothing, but is a condition.
    let value = |name| {
        let lines = call.headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
        let lines: Vec<_> = lines.collect();
        (!lines.is_empty()).then(|| lines.join(","))
    };
    Conditions { if_match: value(header::IF_MATCH), if_none_match: value(header::IF_NONE_MATCH) }
}

async fn schema(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&edge_config::schema(&call.core, &scope, id(&call)).await?)
}

async fn define_schema(call: Call, scope: Scope) -> Result<Reply> {
    let dry = call.query.boolean("dryRun")?.unwrap_or_default();
    Reply::json(&edge_config::define_schema(&call.core, &scope, id(&call), call.json()?, dry).await?)
}

async fn delete_schema(call: Call, scope: Scope) -> Result<Reply> {
    edge_config::delete_schema(&call.core, &scope, id(&call)).await?;
    Ok(Reply::nothing())
}

async fn tokens(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&edge_config::tokens(&call.core, &scope, id(&call)).await?)
}

/// The contract has one token where newer clients have a list: the newest, and beside its fields all of them.
async fn tokens_as_one(call: Call, scope: Scope) -> Result<Reply> {
    #[derive(Serialize)]
    struct All<'a> {
        #[serde(flatten)]
        newest: &'a Token,
        tokens: &'a [Token],
    }
    let tokens = edge_config::tokens(&call.core, &scope, id(&call)).await?;
    let newest = tokens.first().ok_or_else(|| Error::not_found("Edge Config token"))?;
    Reply::json(&All { newest, tokens: &tokens })
}

async fn delete_tokens(call: Call, scope: Scope) -> Result<Reply> {
    edge_config::delete_tokens(&call.core, &scope, id(&call), call.json()?).await?;
    Ok(Reply::nothing())
}

async fn token(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&edge_config::token(&call.core, &scope, id(&call), call.param("token")).await?)
}

async fn create_token(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&edge_config::create_token(&call.core, &scope, id(&call), call.json()?).await?)
}

async fn backups(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let (next, limit) = (query.get("next"), query.number("limit")?);
    let metadata = query.boolean("metadata")?.unwrap_or_default();
    Reply::json(&edge_config::backups(&call.core, &scope, id(&call), next, limit, metadata).await?)
}

async fn backup(call: Call, scope: Scope) -> Result<Reply> {
    let backup = call.param("edgeConfigBackupVersionId");
    Reply::json(&edge_config::backup(&call.core, &scope, id(&call), backup).await?)
}

async fn restore(call: Call, scope: Scope) -> Result<Reply> {
    let backup = call.param("edgeConfigBackupVersionId");
    Reply::json(&edge_config::restore(&call.core, &scope, id(&call), backup).await?)
}

const DIGEST: HeaderName = HeaderName::from_static("x-edge-config-digest");
const UPDATED_AT: HeaderName = HeaderName::from_static("x-edge-config-updated-at");

/// What the bearer's token reads, or the one in the query. Every answer is as new as can be, whatever age a client would accept.
async fn head(call: &Call) -> Result<Head> {
    // Any other path of this shape leads nowhere.
    if !id(call).starts_with("ecfg_") {
        return Err(Error::new(Kind::NotFound, "not_found", "The path was not found"));
    }
    edge_config::head(&call.core, id(call), call.bearer().or(call.query.get("token"))).await
}

/// An answer with what it is of.
fn tagged(reply: Reply, head: &Head) -> Result<Reply> {
    let digest = HeaderValue::from_str(&head.digest).map_err(Error::internal)?;
    Ok(reply
        .with(header::ETAG, etag(&head.digest)?)
        .with(DIGEST, digest)
        .with(UPDATED_AT, head.updated_at.into()))
}

/// The entity tag of a digest.
pub(crate) fn etag(digest: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(&format!("\"{digest}\"")).map_err(Error::internal)
}

/// 304, where the client has it already.
fn unchanged(call: &Call, head: &Head) -> Option<Reply> {
    let tags = conditions(call).if_none_match?;
    edge_config::is_among(&tags, &head.digest).then(|| Reply::empty(StatusCode::NOT_MODIFIED))
}

async fn read_item(call: Call) -> Result<Reply> {
    let head = head(&call).await?;
    let snapshot = edge_config::snapshot(&call.core, id(&call), &head).await?;
    let Some(value) = snapshot.value(call.param("edgeConfigItemKey")) else {
        // With the digest: so the client knows that only the item is not there.
        let error =
            json!({ "code": "edge_config_item_not_found", "message": "The edge config has no such item" });
        return tagged(Reply::json_as(StatusCode::NOT_FOUND, &json!({ "error": error }))?, &head);
    };
    tagged(unchanged(&call, &head).unwrap_or_else(|| Reply::whole(value)), &head)
}

async fn read_items(call: Call) -> Result<Reply> {
    let head = head(&call).await?;
    if let Some(reply) = unchanged(&call, &head) {
        return tagged(reply, &head);
    }
    let snapshot = edge_config::snapshot(&call.core, id(&call), &head).await?;
    if call.query.get("key").is_none() {
        return tagged(Reply::whole(snapshot.all()), &head);
    }
    let mut some = Map::new();
    for key in call.query.all("key") {
        // However often it is named: a value may have half a megabyte.
        if some.contains_key(key) {
            continue;
        }
        if let Some(value) = snapshot.value(key) {
            some.insert(key.to_owned(), serde_json::from_slice::<Value>(&value)?);
        }
    }
    tagged(Reply::json(&some)?, &head)
}

async fn read_digest(call: Call) -> Result<Reply> {
    let head = head(&call).await?;
    match unchanged(&call, &head) {
        Some(reply) => tagged(reply, &head),
        None => tagged(Reply::json(&head.digest)?, &head),
    }
}
