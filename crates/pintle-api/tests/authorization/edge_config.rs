//! Edge configs that paths name, and what is in them.

use crate::world::{Params, Thing, text};
use pintle_testing::Caller;
use serde_json::json;

/// Makes one, with an item, and what else the path names.
pub async fn make(thing: Thing, by: &Caller) -> Params {
    let body = json!({ "slug": "settings", "items": { "dark": true } });
    let id = text(&by.post("/v1/edge-config", body).await.ok(201)["id"]);
    let path = format!("/v1/edge-config/{id}");
    let more = match thing {
        Thing::EdgeConfigItem => Some(("edgeConfigItemKey", "dark".to_owned())),
        Thing::EdgeConfigSchema => {
            by.post(&format!("{path}/schema"), json!({ "definition": {} })).await.ok(200);
            None
        }
        Thing::EdgeConfigToken | Thing::EdgeConfigTokens => {
            let made = by.post(&format!("{path}/token"), json!({ "label": "made" })).await.ok(201);
            Some(match thing {
                Thing::EdgeConfigToken => ("token", text(&made["id"])),
                _ => ("body:tokens", json!([made["token"]]).to_string()),
            })
        }
        Thing::EdgeConfigBackup => Some(("edgeConfigBackupVersionId", "1".to_owned())),
        _ => None,
    };
    [("edgeConfigId", id)].into_iter().chain(more).collect()
}
