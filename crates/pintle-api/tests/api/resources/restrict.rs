//! Production only.

use super::{connect, secret, store, world};
use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::{Answer, Caller, on_each_engine};
use serde_json::json;

async fn restrict(by: &Caller, id: &str, enabled: bool) -> Answer {
    let path = format!("/pintle/v1/stores/{id}/production-only");
    by.request(Method::PUT, &path, Some(json!({ "enabled": enabled }))).await
}

#[tokio::test]
async fn nothing_but_production_gets_the_secrets_and_nobody_reads_them() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        team.project("other").await;
        let id = partner.import("res-1", json!([secret("URL", "one")])).await;
        connect(&team, &id, "site", json!({})).await;
        connect(&team, &id, "other", json!({ "envVarEnvironments": ["preview"] })).await;
        let member = pintle.member(&team, "member", Role::Member).await;
        let shown = restrict(&member, &id, true).await.ok(200)["store"].clone();
        assert_eq!((&shown["productionOnly"], &shown["totalConnectedProjects"]), (&json!(true), &json!(1)));
        assert_eq!(shown["projectsMetadata"][0]["environments"], json!(["production"]));
        let envs = team.get("/v9/projects/site/env?decrypt=true").await.ok(200)["envs"].clone();
        assert_eq!(envs.as_array().unwrap().len(), 1);
        assert_eq!(
            (&envs[0]["type"], &envs[0]["target"], &envs[0]["value"]),
            (&json!("sensitive"), &json!(["production"]), &json!(""))
        );
        assert_eq!(pintle.outbox("integration-resource.project-disconnected").await.len(), 1);
        // What is connected from now on gets production, or nothing.
        let path = format!("/v1/storage/stores/{id}/connections");
        let preview = json!({ "projectId": "other", "envVarEnvironments": ["preview"] });
        team.post(&path, preview).await.fails(400, "bad_request");
        let made = connect(&team, &id, "other", json!({})).await;
        assert_eq!(made["environments"], json!(["production"]));

        restrict(&member, &id, false).await.fails(403, "forbidden");
        restrict(&team, &id, false).await.ok(200);
        assert_eq!(store(&team, &id).await["productionOnly"], json!(false));
        restrict(&team, "store_none", true).await.fails(404, "not_found");
    })
    .await;
}
