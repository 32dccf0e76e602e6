//! Group `teams`: teams themselves. Their members are in `members.rs`.

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

#[tokio::test]
async fn a_team_is_changed_field_by_field() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let before = owner.get("/v2/teams/acme").await.ok(200);
        pintle.clock.advance(5);
        let body = json!({
            "name": "Acme", "description": "We build.", "avatar": "1f40fc92da241694750979ee6cf582f2d5d7d28e",
            "emailDomain": "acme.example", "previewDeploymentSuffix": "preview.acme.example",
            "enablePreviewFeedback": "on", "enableProductionFeedback": "off",
            "sensitiveEnvironmentVariablePolicy": "default", "remoteCaching": { "enabled": true },
            "hideIpAddresses": true, "hideIpAddressesInLogDrains": false,
            "dpAccessRequestsMode": "none", "strictShareableLinks": { "enabled": true },
        });
        let changed = owner.patch("/v2/teams/acme", body.clone()).await.ok(200);
        for (key, value) in body.as_object().unwrap() {
            assert_eq!(&changed[key], value, "{key}");
        }
        assert!(changed["updatedAt"].as_i64() > before["updatedAt"].as_i64());
        for same in ["id", "slug", "createdAt", "creatorId", "inviteCode", "membership", "stagingPrefix"] {
            assert_eq!(changed[same], before[same], "{same}");
        }
        assert_eq!(owner.get("/v2/teams/acme").await.ok(200), changed);

        let cleared = json!({
            "name": null, "description": null, "avatar": null, "emailDomain": null,
            "previewDeploymentSuffix": null, "enablePreviewFeedback": null, "hideIpAddresses": null,
            "sensitiveEnvironmentVariablePolicy": null,
        });
        let now = owner.patch("/v2/teams/acme", cleared.clone()).await.ok(200);
        for key in cleared.as_object().unwrap().keys() {
            assert_eq!(now[key], json!(null), "{key}");
        }
        assert_eq!(now["enableProductionFeedback"], "off", "what is absent stays");
    })
    .await;
}

#[tokio::test]
async fn default_protection_and_expiration_are_set_in_parts() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let patch = async |body| owner.patch("/v2/teams/acme", body).await.ok(200);
        let protection = json!({
            "passwordProtection": { "deploymentType": "preview", "password": "hunter2" },
            "ssoProtection": { "deploymentType": "all" },
        });
        let answer = owner.patch("/v2/teams/acme", json!({ "defaultDeploymentProtection": protection })).await;
        assert!(!answer.text.contains("hunter2"));
        let both = json!({ "passwordProtection": { "deploymentType": "preview" }, "ssoProtection": { "deploymentType": "all" } });
        assert_eq!(answer.ok(200)["defaultDeploymentProtection"], both);
        let team = patch(json!({ "defaultDeploymentProtection": { "passwordProtection": null } })).await;
        assert_eq!(team["defaultDeploymentProtection"], json!({ "ssoProtection": { "deploymentType": "all" } }));

        let periods = json!({ "expiration": "1w", "expirationProduction": "2y", "expirationErrored": "unlimited" });
        let team = patch(json!({ "defaultExpirationSettings": periods })).await;
        let days = json!({ "expirationDays": 7, "expirationDaysProduction": 730, "expirationDaysErrored": 36500 });
        assert_eq!(team["defaultExpirationSettings"], days);
        let team = patch(json!({ "defaultExpirationSettings": { "expirationCanceled": "1d" } })).await;
        assert_eq!(team["defaultExpirationSettings"]["expirationDaysCanceled"], 1);
        assert_eq!(team["defaultExpirationSettings"]["expirationDays"], 7);
    })
    .await;
}

#[tokio::test]
async fn a_bad_change_changes_nothing() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        pintle.team("other").await;
        let before = owner.get("/v2/teams/acme").await.ok(200);
        let fails = async |body: serde_json::Value, message: &str| {
            owner.patch("/v2/teams/acme", body).await.says(
                400,
                "bad_request",
                &format!("Invalid request: {message}"),
            );
        };
        fails(json!({ "name": 1 }), "`name` should be string.").await;
        fails(json!({ "name": "n".repeat(257) }), "`name` should NOT be longer than 256 characters.").await;
        fails(
            json!({ "description": "d".repeat(141) }),
            "`description` should NOT be longer than 140 characters.",
        )
        .await;
        fails(json!({ "plan": "pro" }), "should NOT have additional property `plan`.").await;
        fails(json!({ "emailDomain": "not a host" }), "`emailDomain` should match format \"hostname\".")
            .await;
        fails(
            json!({ "remoteCaching": { "on": true } }),
            "`remoteCaching` should NOT have additional property `on`.",
        )
        .await;
        fails(json!({ "hideIpAddresses": "yes" }), "`hideIpAddresses` should be boolean.").await;
        let allowed =
            "`enablePreviewFeedback` should be equal to one of the allowed values \"on, off, default\".";
        fails(json!({ "enablePreviewFeedback": "maybe" }), allowed).await;
        let bad = json!({ "sensitiveEnvironmentVariablePolicy": "ON" });
        owner.patch("/v2/teams/acme", bad).await.fails(400, "bad_request");
        let bad = json!({ "defaultExpirationSettings": { "expirationCanceled": "3y" } });
        owner.patch("/v2/teams/acme", bad).await.fails(400, "bad_request");
        let bad = json!({ "defaultDeploymentProtection": { "ssoProtection": { "deploymentType": "some" } } });
        owner.patch("/v2/teams/acme", bad).await.fails(400, "bad_request");
        let saml = owner.patch("/v2/teams/acme", json!({ "saml": { "enforced": true } })).await;
        saml.says(400, "bad_request", "SAML is not supported by this server");
        owner
            .patch("/v2/teams/acme", json!({ "slug": "other", "name": "x" }))
            .await
            .fails(400, "team_slug_taken");
        owner.patch("/v2/teams/acme", json!({ "slug": "No" })).await.fails(400, "bad_request");
        assert_eq!(owner.get("/v2/teams/acme").await.ok(200), before);
    })
    .await;
}

#[tokio::test]
async fn a_slug_changes_at_once_and_frees_the_old_one() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        owner.patch("/v2/teams/acme", json!({ "slug": "acme" })).await.ok(200);
        let team = owner.patch("/v2/teams/acme", json!({ "slug": "renamed" })).await.ok(200);
        assert_eq!(team["slug"], "renamed");
        let bare = owner.without_team();
        bare.get("/v2/teams/acme").await.fails(404, "not_found");
        bare.get("/v1/webhooks?slug=acme").await.fails(403, "team_unauthorized");
        bare.get("/v1/webhooks?slug=renamed").await.ok(200);
        pintle.user("ada").await.post("/v1/teams", json!({ "slug": "acme" })).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn an_invite_code_is_replaced_on_request() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let before = owner.get("/v2/teams/acme").await.ok(200)["inviteCode"].clone();
        let same = owner.patch("/v2/teams/acme", json!({ "regenerateInviteCode": false })).await.ok(200);
        assert_eq!(same["inviteCode"], before);
        let after = owner.patch("/v2/teams/acme", json!({ "regenerateInviteCode": true })).await.ok(200);
        assert!(after["inviteCode"].is_string() && after["inviteCode"] != before);
    })
    .await;
}

#[tokio::test]
async fn only_an_owner_changes_or_deletes_a_team() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let installed = owner.install("bridge").await;
        let mut callers = vec![installed.caller];
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Owner) {
            let name = role.as_str().to_lowercase();
            callers.push(pintle.member(&owner, &name, role).await);
        }
        for caller in callers {
            caller.patch("/v2/teams/acme", json!({ "name": "Mine" })).await.says(
                403,
                "forbidden",
                "Not authorized",
            );
            caller.delete("/v1/teams/acme").await.says(403, "forbidden", "Not authorized");
        }
        let stranger = pintle.user("stranger").await;
        stranger.patch("/v2/teams/acme", json!({ "name": "Mine" })).await.fails(404, "not_found");
        stranger.delete("/v1/teams/acme").await.fails(404, "not_found");
        stranger.delete(&format!("/v1/teams/{}", stranger.user)).await.fails(404, "not_found");
        assert_eq!(owner.get("/v2/teams/acme").await.ok(200)["name"], "acme");
    })
    .await;
}

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
        assert_eq!(pintle_core::events::count(&pintle.core, &id, removed).await.unwrap(), 1);
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
