//! requestDelete.

use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

#[tokio::test]
async fn a_deleted_user_leaves_its_teams_and_takes_along_what_is_its_own() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let bob = pintle.member(&owner, "bob", Role::Member).await;
        let own = bob.without_team();
        let mine = own.project("mine").await;
        own.install("private").await;
        owner.project("site").await;
        let shared = bob.project("shop").await;
        let app = json!({ "name": "bridge", "slug": "bridge", "redirectUrl": "https://example.com/callback", "scopes": ["read-write:integration-configuration"] });
        let app = owner.post("/pintle/v1/integrations", app).await.ok(201);
        let installed = bob.install_app(&app, json!({})).await;
        let base = owner.register_native("base").await;
        let native = bob.install_native_app(&base).await;
        let reasons = json!({ "reasons": [{ "slug": "done", "description": "Done." }] });
        let gone = own.request(Method::DELETE, "/v1/user", Some(reasons)).await.ok(202);
        assert_eq!((&gone["id"], &gone["email"]), (&json!(bob.user), &json!("bob@example.com")));
        let receipt = &gone["receipt"];
        assert_eq!(receipt["deleted"]["projects"], json!([{ "id": mine, "name": "mine" }]));
        assert_eq!(receipt["left"], json!([{ "id": owner.team, "name": "acme (MEMBER)" }]));
        assert_eq!(receipt["installations"].as_array().unwrap().len(), 1);
        assert_eq!(own.get("/v2/user").await.fails(403, "forbidden")["invalidToken"], true);

        // The team has lost a member and nothing else.
        let list = owner.get("/v3/teams/acme/members").await.ok(200);
        assert_eq!(list["members"].as_array().unwrap().len(), 1);
        owner.get(&format!("/v9/projects/{shared}")).await.ok(200);
        let configuration = |id: &str| format!("/v1/integrations/configuration/{id}");
        let disabled = owner.get(&configuration(&installed.id)).await.ok(200);
        assert_eq!(disabled["disabledReason"], "original-owner-left-the-team");
        assert_eq!(disabled["userId"], json!(owner.user));
        let kept = owner.get(&configuration(&native.id)).await.ok(200);
        assert_eq!((&kept["userId"], kept.get("disabledAt")), (&json!(owner.user), None));
        native.caller.get(&format!("/v1/installations/{}/account", native.id)).await.ok(200);
        let taken = format!("/pintle/v1/integrations/configurations/{}/take-over", installed.id);
        owner.post(&taken, json!({})).await.ok(200);
        installed.caller.get("/v1/webhooks").await.ok(200);
        let kinds = "team-member-leave,integration-configuration-owner-changed";
        let log = owner.get(&format!("/v3/events?types={kinds}")).await.ok(200);
        assert_eq!(log["events"].as_array().unwrap().len(), 4);
        pintle.assert_no_orphans().await;
        // The name is free again, and nothing of the old account comes with it.
        let again = pintle.user("bob").await;
        assert_eq!(again.get("/v10/projects").await.ok(200)["projects"], json!([]));
        assert_eq!(again.get("/pintle/v1/deletions").await.ok(200)["deletions"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn who_is_needed_cannot_go() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let bob = pintle.member(&owner, "bob", Role::Member).await;
        let own = owner.without_team();
        let error = own.delete("/v1/user").await.fails(400, "last_owner");
        assert_eq!(error["teams"], json!(["acme"]));
        let token = owner.post("/v3/user/tokens", json!({ "name": "ci" })).await.ok(200);
        let bound = own.with_token(token["bearerToken"].as_str().unwrap());
        bound.delete("/v1/user").await.fails(403, "forbidden");
        owner.install("bridge").await.caller.delete("/v1/user").await.fails(403, "forbidden");
        owner
            .patch(&format!("/v1/teams/acme/members/{}", bob.user), json!({ "role": "OWNER" }))
            .await
            .ok(200);
        let app = json!({ "name": "mine", "slug": "mine", "redirectUrl": "https://example.com/callback" });
        let app = own.post("/pintle/v1/integrations", app).await.ok(201);
        bob.install_app(&app, json!({})).await;
        own.delete("/v1/user").await.fails(409, "integration_installed");
        own.request(Method::DELETE, "/v1/user", Some(json!({ "reasons": [{}] })))
            .await
            .fails(400, "bad_request");
        let members = bob.get("/v3/teams/acme/members").await.ok(200);
        assert_eq!(members["members"].as_array().map(Vec::len), Some(2), "nothing has changed");
        let own_projects: Value = own.get("/v10/projects").await.ok(200);
        assert_eq!(own_projects["projects"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn two_owners_that_go_at_once_do_not_leave_the_team_without_one() {
    on_each_engine(async |pintle| {
        for round in 0..6 {
            let owner = pintle.team(&format!("acme-{round}")).await;
            let bob = pintle.member(&owner, &format!("bob-{round}"), Role::Owner).await;
            let (first, second) = (owner.without_team(), bob.without_team());
            let (a, b) = tokio::join!(first.delete("/v1/user"), second.delete("/v1/user"));
            let mut statuses = [a.status, b.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [202, 400], "{} {}", a.text, b.text);
            pintle.assert_no_orphans().await;
        }
    })
    .await;
}
