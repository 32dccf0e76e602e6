//! getTeamMembers.

use super::{members, names, path, team};
use pintle_core::permissions::Role;
use pintle_core::users::{self, NewUser};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn members_are_listed_newest_first_under_both_versions() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        let list = owner.get("/v3/teams/acme/members").await.ok(200);
        let listed = list["members"].as_array().unwrap();
        assert_eq!(names(listed), ["dan", "cat", "bob", "acme-owner"]);
        let member = &listed[2];
        assert_eq!((&member["uid"], &member["email"]), (&json!(bob.user), &json!("bob@example.com")));
        assert_eq!((&member["role"], &member["confirmed"]), (&json!("MEMBER"), &json!(true)));
        assert!(
            member["createdAt"].is_number() && member.get("name").is_none() && member.get("avatar").is_none()
        );
        assert_eq!(list["emailInviteCodes"], json!([]));
        assert_eq!(list["pagination"], json!({ "hasNext": false, "count": 4, "next": null, "prev": null }));
        assert_eq!(owner.get("/v2/teams/acme/members").await.ok(200), list);
        let installed = owner.install("bridge").await;
        assert_eq!(installed.caller.get("/v3/teams/acme/members").await.ok(200), list);
    })
    .await;
}

#[tokio::test]
async fn members_come_in_pages() {
    on_each_engine(async |pintle| {
        let (owner, _) = team(pintle).await;
        let first = owner.get("/v3/teams/acme/members?limit=3").await.ok(200);
        assert_eq!(first["pagination"]["hasNext"], true);
        let next = first["pagination"]["next"].as_i64().unwrap();
        assert_eq!(names(&members(&owner, &format!("?limit=3&until={next}")).await), ["acme-owner"]);
        assert_eq!(names(&members(&owner, &format!("?since={next}")).await), ["dan", "cat"]);
        owner.get("/v3/teams/acme/members?limit=0").await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn members_are_found_by_name_username_and_email() {
    on_each_engine(async |pintle| {
        let (owner, _) = team(pintle).await;
        let input = NewUser {
            email: "Eva@Example.org".into(),
            username: "e_1".into(),
            name: Some("Éva 100% Müller".into()),
        };
        let eva = users::create(&pintle.core, input).await.unwrap();
        let team = owner.team.clone().unwrap();
        pintle_core::teams::add_member(&pintle.core, &team, &eva.id, Role::Viewer).await.unwrap();
        for (text, found) in [
            ("ca", vec!["cat"]),
            ("BOB@EXAMPLE", vec!["bob"]),
            ("example.org", vec!["e_1"]),
            ("%C3%89VA", vec!["e_1"]),
            ("m%C3%BCll", vec!["e_1"]),
            ("100%25", vec!["e_1"]),
            ("e_", vec!["e_1"]),
            ("%25", vec!["e_1"]),
            ("nobody", vec![]),
        ] {
            assert_eq!(names(&members(&owner, &format!("?search={text}")).await), found, "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn members_are_filtered_by_role_and_by_id() {
    on_each_engine(async |pintle| {
        let (owner, [bob, cat, _]) = team(pintle).await;
        assert_eq!(names(&members(&owner, "?role=DEVELOPER").await), ["cat"]);
        owner.get("/v3/teams/acme/members?role=BOSS").await.fails(400, "bad_request");
        let by_id = format!("/v2/teams/acme/members?limit=1&filterByUserIds={}", bob.user);
        assert_eq!(names(owner.get(&by_id).await.ok(200)["members"].as_array().unwrap()), ["bob"]);
        for query in [
            format!("?filterByUserIds={},{}", bob.user, cat.user),
            format!("?filterByUserIds={}&filterByUserIds={}", bob.user, cat.user),
        ] {
            assert_eq!(names(&members(&owner, &query).await), ["cat", "bob"]);
        }
        assert!(members(&owner, "?filterByUserIds=nobody").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn members_are_filtered_by_what_a_project_makes_of_them() {
    on_each_engine(async |pintle| {
        let (owner, [_, cat, _]) = team(pintle).await;
        let site = owner.project("site").await;
        let shop = owner.project("shop").await;
        let body = json!({ "projects": [{ "projectId": site, "role": "ADMIN" }, { "projectId": shop, "role": "PROJECT_VIEWER" }] });
        owner.patch(&path(&cat), body).await.ok(200);
        let all = members(&owner, "").await;
        let projects = json!([
            { "id": shop, "name": "shop", "role": "PROJECT_VIEWER" },
            { "id": site, "name": "site", "role": "ADMIN" },
        ]);
        assert_eq!((&all[1]["projects"], all[0].get("projects")), (&projects, None));
        let without = members(&owner, &format!("?excludeProject={site}")).await;
        assert_eq!(names(&without), ["dan", "bob", "acme-owner"]);
        let eligible = members(&owner, &format!("?eligibleMembersForProjectId={site}")).await;
        assert_eq!(names(&eligible), ["dan", "cat"]);
        let both = format!("?eligibleMembersForProjectId={site}&excludeProject={site}");
        assert_eq!(names(&members(&owner, &both).await), ["dan"]);
        let foreign = pintle.team("other").await.project("theirs").await;
        for project in [foreign.as_str(), "prj_none"] {
            for name in ["excludeProject", "eligibleMembersForProjectId"] {
                let answer = owner.get(&format!("/v3/teams/acme/members?{name}={project}")).await;
                answer.says(404, "not_found", "Project not found");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn strangers_see_no_members_and_members_see_all() {
    on_each_engine(async |pintle| {
        let (_, [bob, _, dan]) = team(pintle).await;
        assert_eq!(members(&dan, "").await.len(), 4);
        let stranger = pintle.user("stranger").await;
        stranger.get("/v3/teams/acme/members").await.says(404, "not_found", "Team not found");
        stranger.get(&format!("/v3/teams/{}/members", stranger.user)).await.fails(404, "not_found");
        let owner = pintle.team("third").await;
        let blind = owner.install_with("blind", &["read:project"], json!({})).await;
        blind.caller.get("/v3/teams/third/members").await.fails(403, "forbidden");
        blind.caller.get(&path(&bob)).await.fails(405, "method_unknown");
    })
    .await;
}

#[tokio::test]
async fn who_asked_and_is_let_in_by_an_operator_is_listed_once() {
    on_each_engine(async |pintle| {
        let (owner, _) = team(pintle).await;
        let eve = pintle.user("eve").await;
        let ask = json!({ "joinedFrom": { "origin": "teams" } });
        eve.post("/v1/teams/acme/request", ask).await.ok(200);
        let id = owner.team.clone().unwrap();
        pintle_core::teams::add_member(&pintle.core, &id, &eve.user, Role::Viewer).await.unwrap();
        assert_eq!(names(&members(&owner, "").await), ["eve", "dan", "cat", "bob", "acme-owner"]);
        owner.delete(&path(&eve)).await.ok(200);
        assert_eq!(names(&members(&owner, "").await), ["dan", "cat", "bob", "acme-owner"]);
    })
    .await;
}

#[tokio::test]
async fn nobody_learns_of_projects_and_groups_that_it_does_not_see() {
    on_each_engine(async |pintle| {
        let (owner, [bob, _, dan]) = team(pintle).await;
        let (seen, hidden) = (owner.project("seen").await, owner.project("hidden").await);
        for project in [&seen, &hidden] {
            let body = json!({ "uid": bob.user, "role": "ADMIN" });
            owner.post(&format!("/v1/projects/{project}/members"), body).await.ok(200);
        }
        let body = json!({ "uid": dan.user, "role": "PROJECT_VIEWER" });
        owner.post(&format!("/v1/projects/{seen}/members"), body).await.ok(200);
        let group = json!({ "name": "web", "membersToAdd": [bob.user] });
        owner.post("/v1/access-groups", group).await.ok(200);
        let chosen = json!({ "projects": [seen] });
        let app = owner.install_with("bridge", &["read:team", "read:project"], chosen).await.caller;
        let filter = format!("?filterByUserIds={}", bob.user);
        let all = members(&owner, &filter).await;
        assert_eq!(
            (all[0]["projects"].as_array().unwrap().len(), &all[0]["accessGroups"][0]["name"]),
            (2, &json!("web"))
        );
        for (caller, status) in [(&dan, 404), (&app, 403)] {
            let list = members(caller, &filter).await;
            assert_eq!(
                (&list[0]["projects"][0]["name"], list[0]["projects"][1].as_object()),
                (&json!("seen"), None)
            );
            assert_eq!(list[0].get("accessGroups"), None);
            let probe = format!("/v3/teams/acme/members?excludeProject={hidden}");
            assert_eq!(caller.get(&probe).await.status, status);
        }
    })
    .await;
}
