//! removeTeamMember, and what goes with a member or its right.

use super::{members, names, path, team};
use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_core::users;
use pintle_testing::{Caller, on_each_engine};
use serde_json::json;

#[tokio::test]
async fn the_last_owner_stays() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        owner.patch(&path(&owner), json!({ "role": "MEMBER" })).await.fails(400, "last_owner");
        owner.delete(&path(&owner)).await.fails(400, "last_owner");
        owner.patch(&path(&bob), json!({ "role": "OWNER" })).await.ok(200);
        owner.delete(&path(&owner)).await.ok(200);
        bob.delete(&path(&bob)).await.fails(400, "last_owner");
        assert_eq!(names(&members(&bob, "?role=OWNER").await), ["bob"]);
    })
    .await;
}

#[tokio::test]
async fn two_owners_that_demote_each_other_at_once_do_not_leave_the_team_without_one() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let bob = pintle.member(&owner, "bob", Role::Owner).await;
        for _ in 0..10 {
            let (first, second) = (path(&bob), path(&owner));
            let (a, b) = tokio::join!(
                owner.patch(&first, json!({ "role": "MEMBER" })),
                bob.patch(&second, json!({ "role": "MEMBER" })),
            );
            assert_eq!(
                [a.status, b.status].iter().filter(|status| **status == 200).count(),
                1,
                "{} {}",
                a.text,
                b.text
            );
            let left = if a.status == 200 { (&owner, &first) } else { (&bob, &second) };
            left.0.patch(left.1, json!({ "role": "OWNER" })).await.ok(200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_member_leaves_and_an_owner_removes() {
    on_each_engine(async |pintle| {
        let (owner, [bob, cat, dan]) = team(pintle).await;
        bob.delete(&path(&cat)).await.says(403, "forbidden", "Not authorized");
        bob.delete("/v1/teams/acme/members/nobody").await.fails(404, "not_found");
        assert_eq!(dan.delete(&path(&dan)).await.ok(200), json!({ "id": owner.team }));
        dan.get("/v2/teams/acme").await.fails(404, "not_found");
        owner.delete(&format!("/v2/teams/acme/members/{}", cat.user)).await.ok(200);
        owner.delete(&path(&cat)).await.fails(404, "not_found");
        assert_eq!(names(&members(&owner, "").await), ["bob", "acme-owner"]);
        let installed = owner.install("bridge").await;
        installed.caller.delete(&path(&bob)).await.fails(403, "forbidden");
        let log = owner.get("/v3/events?types=team-member-leave,team-member-delete").await.ok(200);
        assert_eq!(log["events"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_a_member_held_for_the_team_goes_with_it_and_nothing_else() {
    on_each_engine(async |pintle| {
        let (owner, [_, cat, _]) = team(pintle).await;
        let second = cat.without_team().post("/v1/teams", json!({ "slug": "second" })).await.ok(200);
        let second = cat.for_team(second["id"].as_str().unwrap());
        let site = owner.project("site").await;
        owner
            .patch(&path(&cat), json!({ "projects": [{ "projectId": site, "role": "ADMIN" }] }))
            .await
            .ok(200);
        users::set_default_team(&pintle.core, &cat.user, cat.team.as_ref()).await.unwrap();
        let mut tokens = Vec::new();
        for caller in [&cat, &second] {
            let made = caller.post("/v3/user/tokens", json!({ "name": "ci" })).await.ok(200);
            tokens.push(caller.with_token(made["bearerToken"].as_str().unwrap()));
        }
        owner.delete(&path(&cat)).await.ok(200);
        assert_eq!(tokens[0].get("/v2/user").await.fails(403, "forbidden")["invalidToken"], true);
        tokens[1].get("/v2/teams/second").await.ok(200);
        cat.get("/v1/webhooks").await.fails(403, "team_unauthorized");
        let user = cat.without_team().get("/v2/user").await.ok(200)["user"].clone();
        assert_eq!(user["defaultTeamId"], json!(null));
        let team = owner.team.clone().unwrap();
        pintle_core::teams::add_member(&pintle.core, &team, &cat.user, Role::Contributor).await.unwrap();
        assert!(
            members(&owner, "?role=CONTRIBUTOR").await.iter().all(|member| member.get("projects").is_none())
        );
    })
    .await;
}

#[tokio::test]
async fn a_leaving_member_can_name_its_next_default_team() {
    on_each_engine(async |pintle| {
        let (owner, [bob, cat, _]) = team(pintle).await;
        let second =
            cat.without_team().post("/v1/teams", json!({ "slug": "second" })).await.ok(200)["id"].clone();
        let next = format!("?newDefaultTeamId={}", second.as_str().unwrap());
        owner.delete(&format!("{}{next}", path(&cat))).await.fails(400, "bad_request");
        bob.delete(&format!("{}{next}", path(&bob))).await.fails(400, "bad_request");
        let same = format!("?newDefaultTeamId={}", owner.team.clone().unwrap());
        bob.delete(&format!("{}{same}", path(&bob))).await.fails(400, "bad_request");
        assert_eq!(members(&owner, "").await.len(), 4, "nobody left");
        cat.delete(&format!("{}{next}", path(&cat))).await.ok(200);
        let user = cat.without_team().get("/v2/user").await.ok(200)["user"].clone();
        assert_eq!(user["defaultTeamId"], second);
    })
    .await;
}

#[tokio::test]
async fn installations_are_disabled_with_the_right_of_whoever_made_them() {
    on_each_engine(async |pintle| {
        let (owner, [bob, cat, _]) = team(pintle).await;
        owner.patch(&path(&cat), json!({ "teamPermissions": ["IntegrationManager"] })).await.ok(200);
        let mut installed = Vec::new();
        for (caller, slug) in [(&bob, "by-bob"), (&cat, "by-cat"), (&owner, "by-owner")] {
            let app = json!({ "name": slug, "slug": slug, "redirectUrl": "https://example.com/callback", "scopes": ["read:integration-configuration"] });
            let app = owner.post("/pintle/v1/integrations", app).await.ok(201);
            installed.push(caller.install_app(&app, json!({})).await);
        }
        let state = async |n: usize| {
            let path = format!("/v1/integrations/configuration/{}", installed[n].id);
            owner.get(&path).await.ok(200)["disabledReason"].clone()
        };
        owner.patch(&path(&cat), json!({ "role": "VIEWER" })).await.ok(200);
        assert_eq!(state(1).await, json!(null), "IntegrationManager is what counts");
        owner.patch(&path(&cat), json!({ "teamPermissions": [] })).await.ok(200);
        assert_eq!(state(1).await, "original-owner-role-downgraded");
        installed[1].caller.get("/v1/webhooks").await.fails(403, "integration_configuration_disabled");
        assert_eq!(state(0).await, json!(null));
        bob.delete(&path(&bob)).await.ok(200);
        assert_eq!(state(0).await, "original-owner-left-the-team");
        installed[0].caller.get("/v1/webhooks").await.fails(403, "integration_configuration_disabled");
        assert_eq!(state(2).await, json!(null));
        let log = owner.get("/v3/events?types=integration-configurations-disabled").await.ok(200);
        assert_eq!(log["events"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_member_that_leaves_while_it_installs_leaves_nothing_enabled_behind() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        let app =
            json!({ "name": "bridge", "slug": "bridge", "redirectUrl": "https://example.com/callback" });
        owner.post("/pintle/v1/integrations", app).await.ok(201);
        for _ in 0..10 {
            let leaving = path(&bob);
            let (gone, installed) = tokio::join!(
                owner.delete(&leaving),
                bob.post("/pintle/v1/integrations/bridge/install", json!({})),
            );
            gone.ok(200);
            if installed.status == 201 {
                let id = installed.json()["configuration"]["id"].as_str().unwrap().to_owned();
                let path = format!("/v1/integrations/configuration/{id}");
                assert!(owner.get(&path).await.ok(200)["disabledAt"].is_number());
                owner.delete(&path).await.ok(204);
            } else {
                installed.fails(403, "team_unauthorized");
            }
            let team = owner.team.clone().unwrap();
            pintle_core::teams::add_member(&pintle.core, &team, &bob.user, Role::Member).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_owner_who_falls_while_it_offers_a_project_leaves_no_good_code_behind() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        let taker = pintle.team("taker").await;
        owner.project("site").await;
        for _ in 0..10 {
            owner.patch(&path(&bob), json!({ "role": "OWNER" })).await.ok(200);
            let falling = path(&bob);
            let (fell, offered) = tokio::join!(
                owner.patch(&falling, json!({ "role": "VIEWER" })),
                bob.post("/projects/site/transfer-request", json!({})),
            );
            fell.ok(200);
            if offered.status == 200 {
                let code = offered.json()["code"].as_str().unwrap().to_owned();
                let path = format!("/projects/transfer-request/{code}");
                taker.request(Method::PUT, &path, Some(json!({}))).await.fails(404, "not_found");
            } else {
                offered.fails(403, "forbidden");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_goes_or_falls_does_not_come_back_with_a_code_nor_take_a_project_along() {
    on_each_engine(async |pintle| {
        let (owner, [bob, cat, dan]) = team(pintle).await;
        let taker = pintle.team("taker").await;
        owner.project("site").await;
        let code = async || owner.get("/v2/teams/acme").await.ok(200)["inviteCode"].clone();
        let join = "/v1/teams/acme/members/teams/join";
        let offer = async |caller: &Caller| {
            let offer = caller.post("/projects/site/transfer-request", json!({})).await.ok(200);
            offer["code"].as_str().unwrap().to_owned()
        };
        let first = code().await;
        let eve = pintle.user("eve").await;
        eve.post(join, json!({ "inviteCode": first })).await.ok(200);
        // Who never knew the code changes nothing.
        owner.delete(&path(&dan)).await.ok(200);
        owner.patch(&path(&cat), json!({ "role": "VIEWER" })).await.ok(200);
        assert_eq!(code().await, first);
        eve.delete(&path(&eve)).await.ok(200);
        let second = code().await;
        assert_ne!(second, first);
        eve.post(join, json!({ "inviteCode": first })).await.fails(404, "not_found");

        owner.patch(&path(&bob), json!({ "role": "OWNER" })).await.ok(200);
        let known = bob.get("/v2/teams/acme").await.ok(200)["inviteCode"].clone();
        assert_eq!(known, second);
        let stolen = offer(&bob).await;
        owner.patch(&path(&bob), json!({ "role": "VIEWER" })).await.ok(200);
        let take = async |code: &str| {
            let path = format!("/projects/transfer-request/{code}");
            taker.request(Method::PUT, &path, Some(json!({}))).await
        };
        take(&stolen).await.fails(404, "not_found");
        bob.delete(&path(&bob)).await.ok(200);
        bob.post(join, json!({ "inviteCode": known })).await.fails(404, "not_found");

        owner.patch(&path(&cat), json!({ "role": "OWNER" })).await.ok(200);
        let (stolen, kept) = (offer(&cat).await, offer(&owner).await);
        let known = code().await;
        owner.delete(&path(&cat)).await.ok(200);
        take(&stolen).await.fails(404, "not_found");
        cat.post(join, json!({ "inviteCode": known })).await.fails(404, "not_found");
        // What an owner offered who stays is still good.
        take(&kept).await.ok(202);
        eve.post(join, json!({ "inviteCode": code().await })).await.ok(200);
        assert_eq!(pintle.audited("team-invite-code-reset").await, 3);
    })
    .await;
}
