//! Changes that no webhook can subscribe to: only the audit log has them.

use super::{later, recorded};
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn of_a_team_and_its_members() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let since = pintle.clock.now();
        let id =
            ada.post("/v1/teams", json!({ "slug": "acme" })).await.ok(200)["id"].as_str().unwrap().to_owned();
        let team = ada.for_team(&id);
        let path = format!("/v2/teams/{id}");
        later(pintle);
        ada.patch(&path, json!({ "name": "Acme Inc", "slug": "acme-inc" })).await.ok(200);
        let (bob, eve) = (
            pintle.member(&team, "bob", Role::Member).await,
            pintle.member(&team, "eve", Role::Viewer).await,
        );
        later(pintle);
        ada.patch(&format!("/v1/teams/{id}/members/{}", bob.user), json!({ "role": "DEVELOPER" }))
            .await
            .ok(200);
        later(pintle);
        ada.delete(&format!("/v1/teams/{id}/members/{}", bob.user)).await.ok(200);
        later(pintle);
        eve.delete(&format!("/v1/teams/{id}/members/{}", eve.user)).await.ok(200);
        later(pintle);
        ada.delete(&format!("/v1/teams/{id}")).await.ok(200);
        insta::assert_json_snapshot!("team", recorded(pintle, since).await);
    })
    .await;
}

#[tokio::test]
async fn of_webhooks_drains_and_tokens() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        later(pintle);
        let since = pintle.clock.now();
        let hook = json!({ "url": "https://example.com/hook", "events": ["project.created"] });
        let hook = team.post("/v1/webhooks", hook).await.ok(200);
        later(pintle);
        team.delete(&format!("/v1/webhooks/{}", hook["id"].as_str().unwrap())).await.ok(204);
        later(pintle);
        let delivery =
            json!({ "type": "http", "endpoint": "https://example.com/in", "encoding": "json", "headers": {} });
        let drain = json!({
            "name": "drain", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery,
        });
        let drain = team.post("/v1/drains", drain).await.ok(200);
        let path = format!("/v1/drains/{}", drain["id"].as_str().unwrap());
        for body in [json!({ "name": "renamed" }), json!({ "status": "disabled" }), json!({ "status": "enabled" })] {
            later(pintle);
            team.patch(&path, body).await.ok(200);
        }
        later(pintle);
        team.delete(&path).await.ok(204);
        later(pintle);
        let token = team.post("/v3/user/tokens", json!({ "name": "laptop" })).await.ok(200);
        later(pintle);
        team.delete(&format!("/v3/user/tokens/{}", token["token"]["id"].as_str().unwrap())).await.ok(200);
        insta::assert_json_snapshot!("audited_only", recorded(pintle, since).await);
    })
    .await;
}
