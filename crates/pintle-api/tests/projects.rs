//! Projects, through the wire.

use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_project_is_made_read_changed_and_deleted() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let made = team.post("/v11/projects", json!({ "name": "site" })).await.ok(200);
        assert_eq!(made["accountId"], team.team.as_ref().unwrap().as_str());
        assert_eq!(team.get("/v9/projects/site").await.ok(200), made);
        let path = format!("/v9/projects/{}", made["id"].as_str().unwrap());
        let changed = team.patch(&path, json!({ "name": "page", "buildCommand": "make" })).await.ok(200);
        assert_eq!((&changed["name"], &changed["buildCommand"]), (&json!("page"), &json!("make")));
        team.get("/v9/projects/site").await.fails(404, "not_found");
        assert_eq!(team.delete("/v9/projects/page").await.status, 204);
        team.get(&path).await.fails(404, "not_found");
    })
    .await;
}
