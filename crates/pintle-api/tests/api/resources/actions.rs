//! Deployment actions: what a partner tells of them.

use super::{secret, world};
use axum::http::Method;
use pintle_testing::{Answer, Installed, on_each_engine};
use serde_json::{Value, json};

async fn tell(partner: &Installed, action: &str, body: Value) -> Answer {
    let path = format!("/v1/deployments/dpl_1/integrations/{}/resources/res-1/actions/{action}", partner.id);
    partner.caller.request(Method::PATCH, &path, Some(body)).await
}

#[tokio::test]
async fn its_progress_is_kept_and_its_secrets_are_sealed() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let app = format!("/pintle/v1/integrations/{}/products/db", partner.integration);
        let declared = json!({ "deploymentActions": [{ "slug": "branch", "name": "Make a branch" }] });
        team.patch(&app, declared).await.ok(200);
        let id = partner.import("res-1", json!([])).await;
        let answer = tell(&partner, "branch", json!({ "status": "running", "statusUrl": "sso:/runs/1" })).await;
        assert_eq!((answer.status, answer.text.as_str()), (202, ""));
        let outcomes = json!([{ "kind": "resource-secrets", "secrets": [secret("URL", "a-branchs-url")] }]);
        let done = json!({ "status": "succeeded", "statusText": "Done", "outcomes": outcomes });
        tell(&partner, "branch", done).await.ok(202);
        tell(&partner, "branch", json!({})).await.ok(202);
        let seen = team.get("/pintle/v1/deployments/dpl_1/actions").await.ok(200)["actions"].clone();
        assert_eq!(seen.as_array().unwrap().len(), 1);
        let expected = json!({
            "deploymentId": "dpl_1", "resourceId": id, "action": "branch", "status": "succeeded", "statusText": "Done",
            "statusUrl": "sso:/runs/1", "secrets": [{ "name": "URL", "length": 13 }],
            "createdAt": seen[0]["createdAt"], "updatedAt": seen[0]["updatedAt"],
        });
        assert_eq!(seen[0], expected);
        let conn = pintle.core.db.read().await.unwrap();
        let rows: Vec<(String, Vec<u8>)> =
            conn.all("SELECT doc, secrets FROM deployment_actions", &[]).await.unwrap();
        let readable = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("a-branchs-url");
        assert!(rows.len() == 1 && !readable(rows[0].0.as_bytes()) && !readable(&rows[0].1));
        drop(conn);

        tell(&partner, "undeclared", json!({})).await.fails(404, "not_found");
        tell(&partner, "branch", json!({ "status": "fine" })).await.fails(400, "bad_request");
        tell(&partner, "branch", json!({ "statusUrl": "ftp://x" })).await.fails(400, "bad_request");
        tell(&partner, "branch", json!({ "outcomes": [{ "kind": "other", "secrets": [] }] })).await.fails(400, "bad_request");
        let none = team.get("/pintle/v1/deployments/dpl_2/actions").await.ok(200);
        assert_eq!(none, json!({ "actions": [] }));
        partner.caller.delete(&partner.resource("res-1")).await.ok(204);
        let none = team.get("/pintle/v1/deployments/dpl_1/actions").await.ok(200);
        assert_eq!(none, json!({ "actions": [] }));
    })
    .await;
}
