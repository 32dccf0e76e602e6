//! createTeam.

use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_team_is_created_with_its_creator_as_owner() {
    on_each_engine(async |pintle| {
        let user = pintle.user("ada").await;
        let body =
            json!({ "slug": "acme", "name": "Acme Inc.", "attribution": { "utm": { "utmSource": "x" } } });
        let made = user.post("/teams", body).await.ok(200);
        let team = user.get("/v2/teams/acme").await.ok(200);
        assert_eq!((&team["id"], &team["name"]), (&made["id"], &json!("Acme Inc.")));
        assert_eq!(team["membership"]["role"], "OWNER");
    })
    .await;
}

#[tokio::test]
async fn a_bad_or_taken_slug_makes_no_team() {
    on_each_engine(async |pintle| {
        let user = pintle.user("ada").await;
        pintle.team("acme").await;
        user.post("/v1/teams", json!({ "slug": "acme" })).await.fails(400, "team_slug_taken");
        user.post("/v1/teams", json!({ "slug": "ada" })).await.fails(400, "team_slug_taken");
        for slug in ["", "Big", "-a", "a-", "a b", "team_a", "ä", &"x".repeat(49)] {
            user.post("/v1/teams", json!({ "slug": slug })).await.fails(400, "bad_request");
        }
        let missing = user.post("/v1/teams", json!({})).await;
        missing.says(400, "bad_request", "Invalid request: missing required property `slug`.");
        let unknown = user.post("/v1/teams", json!({ "slug": "x", "plan": "pro" })).await;
        unknown.says(400, "bad_request", "Invalid request: should NOT have additional property `plan`.");
        user.post("/v1/teams", json!({ "slug": "x", "name": "n".repeat(257) }))
            .await
            .fails(400, "bad_request");
        assert_eq!(user.get("/v2/teams").await.ok(200)["pagination"]["count"], 0);
        let installed = pintle.team("third").await.install("bridge").await;
        installed.caller.post("/v1/teams", json!({ "slug": "mine" })).await.fails(403, "forbidden");
    })
    .await;
}
