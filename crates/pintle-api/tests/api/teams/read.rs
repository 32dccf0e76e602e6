//! getTeam and getTeams.

use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_team_is_found_by_id_and_by_slug_under_any_version() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let id = owner.team.clone().unwrap();
        let team = owner.get(&format!("/v2/teams/{id}")).await.ok(200);
        assert_eq!((&team["id"], &team["slug"], &team["name"]), (&json!(id), &json!("acme"), &json!("acme")));
        assert_eq!(team["creatorId"], json!(owner.user));
        assert_eq!(team["stagingPrefix"], "acme");
        assert_eq!((&team["avatar"], &team["description"]), (&json!(null), &json!(null)));
        let membership = &team["membership"];
        assert_eq!(membership["role"], "OWNER");
        assert_eq!(membership["confirmed"], true);
        assert_eq!((&membership["uid"], &membership["teamId"]), (&json!(owner.user), &json!(id)));
        assert_eq!(membership["created"], membership["createdAt"]);
        let bare = owner.without_team();
        for path in [format!("/teams/{id}"), "/teams/acme".into(), "/v1/teams/acme".into()] {
            assert_eq!(bare.get(&path).await.ok(200), team, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_team_that_is_not_the_callers_looks_as_if_it_were_not_there() {
    on_each_engine(async |pintle| {
        let other = pintle.team("other").await.team.unwrap();
        let installed = pintle.team("third").await.install("bridge").await;
        let user = pintle.user("ada").await;
        for caller in [&user, &installed.caller] {
            for name in [other.as_str(), "other", "team_doesnotexist", "nobody"] {
                caller.without_team().get(&format!("/v2/teams/{name}")).await.says(
                    404,
                    "not_found",
                    "Team not found",
                );
            }
        }
        user.get(&format!("/v2/teams/{}", user.user)).await.says(404, "not_found", "Team not found");
    })
    .await;
}

#[tokio::test]
async fn only_owners_see_the_invite_code() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let member = pintle.member(&owner, "bob", Role::Member).await;
        let installed = owner.install("bridge").await;
        assert!(owner.get("/v2/teams/acme").await.ok(200)["inviteCode"].is_string());
        for caller in [&member, &installed.caller] {
            assert_eq!(caller.get("/v2/teams/acme").await.ok(200)["inviteCode"], json!(null));
            assert_eq!(caller.get("/v2/teams").await.ok(200)["teams"][0]["inviteCode"], json!(null));
        }
        let seen = installed.caller.get("/v2/teams/acme").await.ok(200);
        assert_eq!(seen["membership"]["uid"], json!(owner.user), "the installing user's membership");
    })
    .await;
}

#[tokio::test]
async fn an_installation_without_the_scope_does_not_see_the_team() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let blind = owner.install_with("blind", &["read:project"], json!({})).await;
        blind.caller.get("/v2/teams/acme").await.fails(403, "forbidden");
        blind.caller.get("/v2/teams").await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn teams_are_listed_newest_first_in_pages() {
    on_each_engine(async |pintle| {
        let user = pintle.user("ada").await;
        let mut ids = Vec::new();
        for slug in ["one", "two", "three", "four", "five"] {
            pintle.clock.advance(10);
            let made = user.post("/v1/teams", json!({ "slug": slug })).await.ok(200);
            assert_eq!(made, json!({ "id": made["id"], "slug": slug }));
            ids.insert(0, made["id"].clone());
        }
        pintle.team("another").await;
        let all = user.get("/v1/teams").await.ok(200);
        let listed: Vec<_> = all["teams"].as_array().unwrap().iter().map(|team| team["id"].clone()).collect();
        assert_eq!(listed, ids);
        assert_eq!(all["pagination"], json!({ "count": 5, "next": null, "prev": null }));

        let mut paged = Vec::new();
        let mut path = "/v2/teams?limit=2".to_owned();
        loop {
            let page = user.get(&path).await.ok(200);
            paged.extend(page["teams"].as_array().unwrap().iter().map(|team| team["id"].clone()));
            match page["pagination"]["next"].as_i64() {
                Some(next) => path = format!("/v2/teams?limit=2&until={next}"),
                None => break,
            }
        }
        assert_eq!(paged, ids);
        let since = all["teams"][2]["createdAt"].as_i64().unwrap();
        let newer = user.get(&format!("/v2/teams?since={since}")).await.ok(200);
        assert_eq!(newer["teams"].as_array().unwrap().len(), 2);
        user.get("/v2/teams?limit=0").await.fails(400, "bad_request");
        user.get("/v2/teams?limit=x").await.says(
            400,
            "bad_request",
            "Invalid request: `limit` should be number.",
        );
    })
    .await;
}

#[tokio::test]
async fn an_installation_lists_its_own_team_only() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        owner.post("/v1/teams", json!({ "slug": "second" })).await.ok(200);
        let installed = owner.install("bridge").await;
        let seen = installed.caller.without_team().get("/v2/teams").await.ok(200);
        assert_eq!(seen["teams"].as_array().unwrap().len(), 1);
        assert_eq!(seen["teams"][0]["slug"], "acme");
        assert_eq!(seen["pagination"]["count"], 1);
    })
    .await;
}
