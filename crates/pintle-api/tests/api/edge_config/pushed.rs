//! One that a partner pushes for its resource is the team's to read, and the partner's to write.

use super::patched;
use axum::http::Method;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn is_read_by_the_team_and_written_by_its_partner() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = team.install_native("flags").await;
        pintle.product(&partner, "db").await;
        let store = partner.import("db-1", json!([])).await;
        let at = format!("{}/experimentation/edge-config", partner.resource("db-1"));
        let push = async |data| partner.caller.request(Method::PUT, &at, Some(json!({ "data": data }))).await;
        push(json!({ "dark": true })).await.ok(200);
        let listed = team.get("/v1/edge-config").await.ok(200);
        let path = format!("/v1/edge-config/{}", listed[0]["id"].as_str().unwrap());
        let config = team.get(&path).await.ok(200);
        assert_eq!(config["purpose"], json!({ "type": "experimentation", "resourceId": store }));
        assert_eq!(team.get(&format!("{path}/item/dark")).await.ok(200)["value"], true);
        pintle.clock.advance(1);
        let pushed = push(json!({ "dark": true, "light": 1 })).await.ok(200);
        assert_eq!(team.get(&path).await.ok(200)["digest"], pushed["digest"]);
        let items = team.get(&format!("{path}/items")).await.ok(200);
        assert_eq!(items[0]["updatedAt"], config["updatedAt"]);
        assert_eq!(items[1]["updatedAt"], pushed["updatedAt"]);
        // The partner decides what is in it.
        let change = json!([{ "operation": "delete", "key": "dark" }]);
        patched(&team, &path, change).await.fails(403, "forbidden");
        team.delete(&path).await.fails(403, "forbidden");
        team.request(Method::PUT, &path, Some(json!({ "slug": "mine" }))).await.fails(403, "forbidden");
        team.post(&format!("{path}/schema"), json!({ "definition": {} })).await.fails(403, "forbidden");
        team.post(&format!("{path}/backups/1/restore"), json!({})).await.fails(403, "forbidden");
        team.post(&format!("{path}/token"), json!({ "label": "site" })).await.ok(201);
        let receipt = format!("/pintle/v1/integrations/configurations/{}/removal", partner.id);
        let plan = team.get(&receipt).await.ok(200);
        assert_eq!(
            plan["removes"]["edgeConfigs"],
            json!([{ "id": config["id"], "name": "experimentation" }])
        );
        partner.caller.delete(&partner.resource("db-1")).await.ok(204);
        team.get(&path).await.fails(404, "not_found");
    })
    .await;
}
