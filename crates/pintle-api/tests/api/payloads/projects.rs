use super::{later, recorded};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn of_a_project() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        later(pintle);
        let since = pintle.clock.now();
        let project = team.project("shop").await;
        let path = format!("/v9/projects/{project}");
        later(pintle);
        team.patch(&path, json!({ "name": "store" })).await.ok(200);
        later(pintle);
        team.patch(&path, json!({ "framework": "nextjs" })).await.ok(200);
        later(pintle);
        team.delete(&path).await.ok(204);
        insta::assert_json_snapshot!("project", recorded(pintle, since).await);
    })
    .await;
}

#[tokio::test]
async fn of_a_personal_project() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let since = pintle.clock.now();
        ada.project("notes").await;
        insta::assert_json_snapshot!("personal_project", recorded(pintle, since).await);
    })
    .await;
}

#[tokio::test]
async fn of_a_variable_never_its_value() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        later(pintle);
        let since = pintle.clock.now();
        let first = json!({ "key": "FIRST", "value": "hush", "type": "encrypted", "target": ["production"] });
        let made = json!({ "name": "shop", "environmentVariables": [first] });
        let project = team.post("/v11/projects", made).await.ok(200)["id"].as_str().unwrap().to_owned();
        let path = format!("/v10/projects/{project}/env");
        later(pintle);
        let body = json!({ "key": "KEY", "value": "hush", "type": "encrypted", "target": ["preview"] });
        let made = installed.caller.post(&path, body).await.ok(201);
        let one = format!("{path}/{}", made["created"]["id"].as_str().unwrap());
        later(pintle);
        team.patch(&one, json!({ "value": "hush again" })).await.ok(200);
        later(pintle);
        team.delete(&one).await.ok(200);
        let recorded = recorded(pintle, since).await;
        assert!(!recorded.to_string().contains("hush"));
        insta::assert_json_snapshot!("variable", recorded);
    })
    .await;
}
