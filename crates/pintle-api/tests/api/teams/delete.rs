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
        let path = format!("/pintle/v1/removals/{}", installed.id);
        member.without_team().get(&path).await.fails(404, "not_found");
        let receipt = owner.without_team().get(&path).await.ok(200);
        assert_eq!(
            (&receipt["reason"], receipt["removed"]["webhooks"].as_array().unwrap().len()),
            (&json!("owner-deleted"), 1)
        );
        pintle.user("ada").await.post("/v1/teams", json!({ "slug": "acme" })).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn the_receipt_names_what_went_with_the_team_and_is_found_by_who_deleted_it() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let bob = pintle.member(&owner, "bob", Role::Owner).await;
        let site = owner.project("site").await;
        let variable = json!({ "key": "SECRET_ONE", "value": "never shown", "type": "encrypted", "target": ["preview"] });
        let variable = owner.post("/v10/projects/site/env", variable).await.ok(201)["created"].clone();
        let group = owner.post("/v1/access-groups", json!({ "name": "web" })).await.ok(200)["accessGroupId"].clone();
        owner.post("/v1/teams/acme/members", json!({ "email": "eve@example.com" })).await.ok(200);
        let asking = pintle.user("asking").await;
        let ask = json!({ "joinedFrom": { "origin": "teams" } });
        asking.post("/v1/teams/acme/request", ask).await.ok(200);
        let installed = owner.install("bridge").await;
        let native = owner.install_native("base").await;
        owner.post("/pintle/v1/logs?projectId=site", json!({ "message": "hello" })).await.ok(200);
        let reasons = json!({ "reasons": [{ "slug": "done", "description": "Done." }] });
        let id = owner.team.clone().unwrap();
        owner.request(axum::http::Method::DELETE, "/v1/teams/acme", Some(reasons.clone())).await.ok(200);

        let own = owner.without_team();
        let receipt = own.get(&format!("/pintle/v1/deletions/{id}")).await.ok(200);
        assert_eq!(own.get("/pintle/v1/deletions").await.ok(200)["deletions"], json!([receipt]));
        assert_eq!((&receipt["type"], &receipt["slug"], &receipt["reasons"]), (&json!("team"), &json!("acme"), &reasons["reasons"]));
        assert_eq!(receipt["deletedBy"]["username"], "acme-owner");
        let deleted = &receipt["deleted"];
        assert_eq!(deleted["projects"], json!([{ "id": site, "name": "site" }]));
        let named = json!([{ "id": variable["id"], "name": "SECRET_ONE", "projectId": site }]);
        assert_eq!(deleted["environmentVariables"], named);
        assert_eq!(deleted["accessGroups"], json!([{ "id": group, "name": "web" }]));
        assert_eq!(deleted["invitations"][0]["name"], "eve@example.com");
        assert_eq!(deleted["accessRequests"][0]["name"], "asking");
        assert_eq!(deleted["members"].as_array().unwrap().len(), 2);
        assert_eq!(deleted["logLines"], 1);
        assert_eq!(deleted["integrations"].as_array().unwrap().len(), 2);
        assert!(!receipt.to_string().contains("never shown"));
        let mut ids: Vec<&str> = Vec::new();
        for item in receipt["installations"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap();
            let path = format!("/pintle/v1/removals/{id}");
            assert_eq!(own.get(&path).await.ok(200)["reason"], "owner-deleted");
            ids.push(id);
        }
        assert!(ids.contains(&installed.id.as_str()) && ids.contains(&native.id.as_str()) && ids.len() == 2);
        // Nobody else reads it, and no token that is for less than the account.
        bob.without_team().get(&format!("/pintle/v1/deletions/{id}")).await.fails(404, "not_found");
        assert_eq!(bob.without_team().get("/pintle/v1/deletions").await.ok(200)["deletions"], json!([]));
        let other = own.post("/v1/teams", json!({ "slug": "other" })).await.ok(200)["id"].clone();
        let token = own.for_team(other.as_str().unwrap()).post("/v3/user/tokens", json!({ "name": "ci" })).await.ok(200);
        let bound = own.with_token(token["bearerToken"].as_str().unwrap());
        bound.get("/pintle/v1/deletions").await.fails(403, "forbidden");
        bound.get(&format!("/pintle/v1/deletions/{id}")).await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn the_partner_of_a_native_installation_is_told_of_the_teams_end() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let vendor = pintle.team("vendor").await;
        let app = vendor.register_native("base").await;
        let native = owner.install_native_app(&app).await;
        owner.delete("/v1/teams/acme").await.ok(200);
        let conn = pintle.core.db.read().await.unwrap();
        let sql = "SELECT state FROM installations WHERE id = $1";
        let row: (String,) = conn.one(sql, &pintle_store::params![native.id.as_str()]).await.unwrap();
        assert_eq!(row.0, "closing");
        let sql = "SELECT COUNT(*) FROM deliveries WHERE kind = 'partner' AND configuration_id = $1 AND state = 'pending'";
        let row: (i64,) = conn.one(sql, &pintle_store::params![native.id.as_str()]).await.unwrap();
        assert_eq!(row.0, 1, "word for the partner");
        // Its token is good for its bills for as long as it closes, and for nothing else.
        native.caller.get(&format!("/v1/installations/{}/account", native.id)).await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_a_deleted_teams_drains_is_not_sent() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let delivery = json!({ "type": "http", "endpoint": "https://example.com/in", "encoding": "json", "headers": {} });
        let drain = json!({ "name": "drain", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery });
        let drain = owner.post("/v1/drains", drain).await.ok(200)["id"].as_str().unwrap().to_owned();
        let team = owner.team.clone().unwrap();
        let waiting = pintle.core.db.write(async move |tx| {
            let sql = "INSERT INTO deliveries (id, owner_id, kind, source_id, state, due_at, retry_until, tries, created_at)
              VALUES ($1, $2, 'drain', $3, 'pending', 5, 9, 0, 1)";
            for (id, source) in [("dlv_1", drain.as_str()), ("dlv_2", "drn_anothers")] {
                tx.execute(sql, &pintle_store::params![id, team.as_str(), source]).await?;
            }
            Ok::<_, pintle_store::Error>(())
        });
        waiting.await.unwrap();
        owner.delete("/v1/teams/acme").await.ok(200);
        let conn = pintle.core.db.read().await.unwrap();
        let sql = "SELECT id, state FROM deliveries WHERE id IN ('dlv_1', 'dlv_2') ORDER BY id";
        let states: Vec<(String, String)> = conn.all(sql, &[]).await.unwrap();
        let states: Vec<&str> = states.iter().map(|(_, state)| state.as_str()).collect();
        assert_eq!(states, ["canceled", "pending"]);
    })
    .await;
}

#[tokio::test]
async fn installing_and_deleting_at_once_leave_nothing_behind() {
    on_each_engine(async |pintle| {
        let vendor = pintle.team("vendor").await;
        let app =
            json!({ "name": "bridge", "slug": "bridge", "redirectUrl": "https://example.com/callback" });
        vendor.post("/pintle/v1/integrations", app).await.ok(201);
        for round in 0..8 {
            let owner = pintle.team(&format!("acme-{round}")).await;
            let second = pintle.member(&owner, &format!("bob-{round}"), Role::Owner).await;
            let path = format!("/v1/teams/{}", owner.team.clone().unwrap());
            let (gone, again, installed) = tokio::join!(
                owner.delete(&path),
                second.delete(&path),
                owner.post("/pintle/v1/integrations/bridge/install", json!({})),
            );
            let (winner, loser) = if gone.status == 200 { (&owner, again) } else { (&second, gone) };
            assert!([403, 404].contains(&loser.status), "{} answered {}", loser.request, loser.text);
            let path = format!("/pintle/v1/deletions/{}", owner.team.clone().unwrap());
            let receipt = winner.without_team().get(&path).await.ok(200);
            let removed = receipt["installations"].as_array().unwrap().len();
            match installed.status {
                201 => assert_eq!(removed, 1),
                status => {
                    assert!(
                        [403, 404].contains(&status),
                        "{} answered {}",
                        installed.request,
                        installed.text
                    );
                    assert_eq!(removed, 0);
                }
            }
            pintle.assert_no_orphans().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_comes_while_the_team_goes_is_gone_with_it_or_finds_no_team() {
    on_each_engine(async |pintle| {
        for round in 0..8 {
            let slug = format!("acme-{round}");
            let owner = pintle.team(&slug).await;
            let id = owner.team.clone().unwrap();
            let code = owner.get(&format!("/v2/teams/{id}")).await.ok(200)["inviteCode"].clone();
            let eve = pintle.user(&format!("eve-{round}")).await;
            let (path, join) = (format!("/v1/teams/{id}"), format!("/v1/teams/{id}/members/teams/join"));
            let members = format!("/v1/teams/{id}/members");
            let (gone, project, joined, hook, invited) = tokio::join!(
                owner.delete(&path),
                owner.post("/v11/projects", json!({ "name": "site" })),
                eve.post(&join, json!({ "inviteCode": code })),
                owner.post(
                    "/v1/webhooks",
                    json!({ "url": "https://example.com", "events": ["project.created"] })
                ),
                owner.post(&members, json!({ "email": "new@example.com" })),
            );
            gone.ok(200);
            let mut expected = Vec::new();
            for (name, answer) in
                [("projects", project), ("members", joined), ("webhooks", hook), ("invitations", invited)]
            {
                match answer.status {
                    200 => expected.push(name),
                    status => {
                        assert!([403, 404].contains(&status), "{} answered {}", answer.request, answer.text)
                    }
                }
            }
            let receipt = owner.without_team().get(&format!("/pintle/v1/deletions/{id}")).await.ok(200);
            for name in ["projects", "webhooks", "invitations"] {
                assert_eq!(
                    receipt["deleted"].get(name).is_some(),
                    expected.contains(&name),
                    "{name}: {receipt}"
                );
            }
            let members = receipt["deleted"]["members"].as_array().unwrap().len();
            assert_eq!(members, if expected.contains(&"members") { 2 } else { 1 });
            pintle.assert_no_orphans().await;
        }
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
