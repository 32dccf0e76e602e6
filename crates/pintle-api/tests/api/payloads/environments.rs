use super::{later, recorded};
use axum::http::Method;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn of_a_shared_variable_never_its_value() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("shop").await;
        later(pintle);
        let since = pintle.clock.now();
        let body = json!({
            "evs": [{ "key": "KEY", "value": "hush" }], "target": ["production"], "projectId": [project],
        });
        let made = team.post("/v1/env", body).await.ok(201)["created"][0]["id"].as_str().unwrap().to_owned();
        later(pintle);
        let updates = json!({ "updates": { &made: { "value": "hush again", "target": ["preview"] } } });
        team.patch("/v1/env", updates).await.ok(200);
        later(pintle);
        team.patch(&format!("/v1/env/{made}/unlink/{project}"), json!({})).await.ok(200);
        later(pintle);
        team.request(Method::DELETE, "/v1/env", Some(json!({ "ids": [made] }))).await.ok(200);
        let recorded = recorded(pintle, since).await;
        assert!(!recorded.to_string().contains("hush"));
        insta::assert_json_snapshot!("shared_variable", recorded);
    })
    .await;
}

#[tokio::test]
async fn of_a_custom_environment_and_its_variables() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("shop").await;
        let path = format!("/v9/projects/{project}/custom-environments");
        let variables = format!("/v10/projects/{project}/env");
        let body = json!({ "key": "COPIED", "value": "hush", "type": "encrypted", "target": ["preview"] });
        team.post(&variables, body).await.ok(201);
        later(pintle);
        let since = pintle.clock.now();
        let body = json!({ "slug": "staging", "copyEnvVarsFrom": "preview" });
        let id = team.post(&path, body).await.ok(201)["id"].clone();
        later(pintle);
        team.patch(&format!("{path}/staging"), json!({ "slug": "qa" })).await.ok(200);
        later(pintle);
        let places = json!({
            "key": "BOTH", "value": "hush", "type": "encrypted", "target": ["preview"], "customEnvironmentIds": [id],
        });
        team.post(&variables, places).await.ok(201);
        later(pintle);
        let body = json!({ "deleteUnassignedEnvironmentVariables": true });
        team.request(Method::DELETE, &format!("{path}/qa"), Some(body)).await.ok(200);
        let recorded = recorded(pintle, since).await;
        assert!(!recorded.to_string().contains("hush"));
        insta::assert_json_snapshot!("custom_environment", recorded);
    })
    .await;
}
