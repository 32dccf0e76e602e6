use super::{later, recorded};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn of_an_edge_config_never_its_values() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let since = pintle.clock.now();
        let body = json!({ "slug": "settings", "items": { "old": "hush", "kept": "hush" } });
        let made = team.post("/v1/edge-config", body).await.ok(201);
        let path = format!("/v1/edge-config/{}", made["id"].as_str().unwrap());
        later(pintle);
        let changes = json!({ "items": [
            { "operation": "delete", "key": "old" }, { "operation": "upsert", "key": "kept", "value": "hush again" },
            { "operation": "upsert", "key": "new", "value": "hush" },
        ] });
        team.patch(&format!("{path}/items"), changes).await.ok(200);
        later(pintle);
        team.request(axum::http::Method::PUT, &path, Some(json!({ "slug": "renamed" }))).await.ok(200);
        later(pintle);
        team.post(&format!("{path}/schema"), json!({ "definition": {} })).await.ok(200);
        later(pintle);
        let token = team.post(&format!("{path}/token"), json!({ "label": "site" })).await.ok(201);
        later(pintle);
        let body = json!({ "ids": [token["id"]] });
        team.request(axum::http::Method::DELETE, &format!("{path}/tokens"), Some(body)).await.ok(204);
        later(pintle);
        team.delete(&path).await.ok(204);
        let recorded = recorded(pintle, since).await;
        assert!(!recorded.to_string().contains("hush"));
        insta::assert_json_snapshot!("edge_config", recorded);
    })
    .await;
}
