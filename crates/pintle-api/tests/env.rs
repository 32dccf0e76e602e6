//! Environment variables, through the wire.

use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_variable_is_made_read_changed_and_removed() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let body =
            json!({ "key": "API_URL", "value": "https://a", "type": "encrypted", "target": ["production"] });
        let made = team.post("/v10/projects/site/env", body.clone()).await.ok(201);
        assert_eq!((&made["created"]["key"], &made["failed"]), (&json!("API_URL"), &json!([])));
        assert_eq!(made["created"]["decrypted"], false);
        let error = team.post("/v10/projects/site/env", body).await.fails(400, "ENV_CONFLICT");
        assert_eq!((&error["envVarKey"], &error["target"]), (&json!("API_URL"), &json!(["production"])));
        let path = format!("/v9/projects/site/env/{}", made["created"]["id"].as_str().unwrap());
        assert_eq!(team.get(&path).await.ok(200)["value"], "https://a");
        team.patch(&path, json!({ "value": "https://b", "target": ["preview"] })).await.ok(200);
        let listed = team.get("/v10/projects/site/env?decrypt=true").await.ok(200);
        assert_eq!(listed["envs"][0]["value"], "https://b");
        assert_eq!(listed["envs"][0]["target"], json!(["preview"]));
        assert_eq!(team.delete(&path).await.ok(200)["key"], "API_URL");
        assert_eq!(team.get("/v10/projects/site/env").await.ok(200), json!({ "envs": [] }));
    })
    .await;
}
