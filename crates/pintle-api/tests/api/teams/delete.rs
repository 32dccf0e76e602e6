//! deleteTeam.

use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_deleted_team_takes_along_what_it_owns_and_ends_its_installations_in_order() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let other = pintle.team("other").await;
        let member = pintle.member(&owner, "bob", Role::Member).await;
        let id = owner.team.clone().unwrap();
        pintle_core::users::set_default_team(&pintle.core, &member.user, Some(&id)).await.unwrap();
        let token = member.post("/v3/user/tokens", json!({ "name": "ci" })).await.ok(200);
        let token = member.with_token(token["bearerToken"].as_str().unwrap()).without_team();
        let hook = json!({ "url": "https://example.com", "events": ["project.created"] });
        owner.post("/v1/webhooks", hook.clone()).await.ok(200);
        other.post("/v1/webhooks", hook.clone()).await.ok(200);
        let installed = owner.install("bridge").await;
        installed.caller.post("/v1/webhooks", hook).await.ok(200);

        assert_eq!(owner.delete(&format!("/v1/teams/{id}")).await.ok(200), json!({ "id": id }));
        owner.get("/v2/teams/acme").await.fails(404, "not_found");
        owner.get("/v1/webhooks").await.fails(403, "team_unauthorized");
        owner.delete(&format!("/v1/teams/{id}")).await.fails(404, "not_found");
        for dead in [&installed.caller, &token] {
            assert_eq!(dead.get("/v2/user").await.fails(403, "forbidden")["invalidToken"], true);
        }
        let left = member.without_team().get("/v2/user").await.ok(200)["user"].clone();
        assert_eq!((&left["defaultTeamId"], &left["version"]), (&json!(null), &json!(null)));
        assert_eq!(other.get("/v1/webhooks").await.ok(200).as_array().unwrap().len(), 1);

        let removed = "integration-configuration.removed";
        let told = pintle.outbox(removed).await;
        assert_eq!((told.len(), told[0].owner.as_str()), (1, id.as_str()));
        let gone = pintle_core::Scope::system(id, false);
        let receipt =
            pintle_core::configurations::removal::receipt(&pintle.core, &gone, &installed.id).await.unwrap();
        let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!(
            (&receipt["reason"], receipt["removed"]["webhooks"].as_array().unwrap().len()),
            (&json!("owner-deleted"), 1)
        );
        pintle.user("ada").await.post("/v1/teams", json!({ "slug": "acme" })).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_team_whose_integration_others_have_installed_stays() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let other = pintle.team("other").await;
        let app =
            json!({ "name": "bridge", "slug": "bridge", "redirectUrl": "https://example.com/callback" });
        let app = owner.post("/pintle/v1/integrations", app).await.ok(201);
        let own = owner.install_app(&app, json!({})).await;
        let theirs = other.install_app(&app, json!({})).await;
        owner.delete("/v1/teams/acme").await.fails(409, "integration_installed");
        owner.get(&format!("/v1/integrations/configuration/{}", own.id)).await.ok(200);
        other.delete(&format!("/v1/integrations/configuration/{}", theirs.id)).await.ok(204);
        owner.delete("/v1/teams/acme").await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn deleting_a_team_can_name_the_next_default_team() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let default =
            async || owner.without_team().get("/v2/user").await.ok(200)["user"]["defaultTeamId"].clone();
        let next = owner.post("/v1/teams", json!({ "slug": "next" })).await.ok(200)["id"].clone();
        let last = owner.post("/v1/teams", json!({ "slug": "last" })).await.ok(200)["id"].clone();
        let reasons = json!({ "reasons": [{ "slug": "too-quiet", "description": "Nobody came." }] });
        let path = format!("/v1/teams/acme?newDefaultTeamId={}", next.as_str().unwrap());
        let gone = owner.request(axum::http::Method::DELETE, &path, Some(reasons)).await.ok(200);
        assert_eq!(gone, json!({ "id": owner.team }));
        assert_eq!(default().await, next);
        let foreign = pintle.team("other").await.team.unwrap();
        let bare = owner.without_team();
        let gone = bare.delete(&format!("/v1/teams/last?newDefaultTeamId={foreign}")).await.ok(200);
        assert_eq!(gone, json!({ "id": last, "newDefaultTeamIdError": true }));
        assert_eq!(default().await, next);
        let bad = json!({ "reasons": [{ "slug": "x" }] });
        let bad = bare.request(axum::http::Method::DELETE, "/v1/teams/next", Some(bad)).await;
        bad.says(400, "bad_request", "Invalid request: missing required property `reasons[0].description`.");
    })
    .await;
}
