//! Edge configs: the store itself, and what is kept in it.

mod backups;
mod items;
mod owned;
mod pushed;
mod read;
mod schema;
mod tokens;

use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

/// A new one with these items; answers its path.
async fn made(by: &Caller, items: Value) -> String {
    let made = by.post("/v1/edge-config", json!({ "slug": "settings", "items": items })).await.ok(201);
    format!("/v1/edge-config/{}", made["id"].as_str().unwrap())
}

async fn patched(by: &Caller, path: &str, items: Value) -> pintle_testing::Answer {
    by.patch(&format!("{path}/items"), json!({ "items": items })).await
}

#[tokio::test]
async fn lives_from_creation_to_deletion() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let empty = team.post("/v1/edge-config", json!({ "slug": "empty" })).await.ok(201);
        assert_eq!((&empty["sizeInBytes"], &empty["itemCount"]), (&json!(2), &json!(0)));
        pintle.clock.advance(1);
        let body = json!({ "slug": "empty", "items": { "a": 1, "b": [true] } });
        let made = team.post("/v1/edge-config", body).await.ok(201);
        assert_eq!(
            (&made["sizeInBytes"], &made["itemCount"]),
            (&json!(r#"{"a":1,"b":[true]}"#.len()), &json!(2))
        );
        assert_eq!(made["ownerId"], json!(team.team));
        assert_eq!(made["createdBy"], json!(team.user));
        assert!(made["id"].as_str().unwrap().starts_with("ecfg_"));
        let path = format!("/v1/edge-config/{}", made["id"].as_str().unwrap());
        assert_eq!(team.get(&path).await.ok(200), made);
        assert_eq!(team.get("/v1/edge-config").await.ok(200), json!([made, empty]));
        // Newer clients call it so.
        assert_eq!(team.get("/v1/global-config").await.ok(200), json!([made, empty]));
        assert_eq!(team.get(&path.replace("edge", "global")).await.ok(200), made);
        pintle.clock.advance(1);
        let put = async |body| team.request(axum::http::Method::PUT, &path, Some(body)).await;
        let renamed = put(json!({ "slug": "Settings-2" })).await.ok(200);
        assert_eq!((&renamed["slug"], &renamed["digest"]), (&json!("Settings-2"), &made["digest"]));
        assert_ne!(renamed["updatedAt"], made["updatedAt"]);
        assert_eq!(team.get(&path).await.ok(200), renamed);
        pintle.clock.advance(1);
        // The name that it has is no change, and what the contract does not refuse is let be.
        assert_eq!(put(json!({ "slug": "Settings-2", "more": 1 })).await.ok(200), renamed);
        assert_eq!(pintle.audited("edge-config-updated").await, 1);
        put(json!({})).await.says(400, "bad_request", "Invalid request: missing required property `slug`.");
        team.delete(&path).await.ok(204);
        team.get(&path).await.fails(404, "not_found");
        team.delete(&path).await.fails(404, "not_found");
        put(json!({ "slug": "again" })).await.fails(404, "not_found");
        assert_eq!(team.get("/v1/edge-config").await.ok(200), json!([empty]));
    })
    .await;
}

#[tokio::test]
async fn names_and_keys_are_words() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let long = "a".repeat(65);
        for slug in ["", "a b", "ä", long.as_str()] {
            team.post("/v1/edge-config", json!({ "slug": slug })).await.fails(400, "bad_request");
        }
        for key in [String::new(), "a b".to_owned(), "a".repeat(257)] {
            let body = json!({ "slug": "settings", "items": { key: 1 } });
            team.post("/v1/edge-config", body).await.fails(400, "bad_request");
        }
        team.post("/v1/edge-config", json!({ "slug": "a", "items": [] })).await.fails(400, "bad_request");
        team.post("/v1/edge-config", json!({ "slug": &long[..64], "items": { "a".repeat(256): 1 } }))
            .await
            .ok(201);
    })
    .await;
}

#[tokio::test]
async fn the_same_items_have_the_same_digest_however_they_came() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let [one, other] = [made(&team, json!({ "a": 1, "b": 2 })).await, made(&team, json!({ "b": 3 })).await];
        let changes = json!([
            { "operation": "upsert", "key": "b", "value": 2 }, { "operation": "create", "key": "a", "value": 1 },
        ]);
        patched(&team, &other, changes).await.ok(200);
        assert_eq!(team.get(&one).await.ok(200)["digest"], team.get(&other).await.ok(200)["digest"]);
    })
    .await;
}
