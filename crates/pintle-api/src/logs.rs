//! Beyond the contract: what projects log comes in here, from log shippers and the command line.

use crate::call::Call;
use crate::incoming::Incoming;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::logs::{intake, keys};
use pintle_core::{Result, Scope};
use serde_json::json;

routes! {
    "ingestLogs": Post "/pintle/v1/logs", LogWrite => ingest;
    "createLogKey": Post "/pintle/v1/projects/{idOrName}/log-keys", LogKeyWrite => create_key;
    "listLogKeys": Get "/pintle/v1/projects/{idOrName}/log-keys", LogKeyRead => list_keys;
    "deleteLogKey": Delete "/pintle/v1/projects/{idOrName}/log-keys/{id}", LogKeyWrite => delete_key;
}

async fn ingest(call: Call, mut incoming: Incoming) -> Result<Reply> {
    let feed = incoming.admit(&call).await?;
    let taken = incoming.read(&call).await?;
    Reply::json(&intake::lines(&call.core, &feed, &taken.bytes).await?)
}

async fn create_key(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&keys::create(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn list_keys(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "logKeys": keys::list(&call.core, &scope, call.param("idOrName")).await? }))
}

async fn delete_key(call: Call, scope: Scope) -> Result<Reply> {
    keys::delete(&call.core, &scope, call.param("idOrName"), call.param("id")).await?;
    Ok(Reply::nothing())
}
