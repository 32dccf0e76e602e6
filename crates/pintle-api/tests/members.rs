//! Group `teams`: the members of a team.

use pintle_core::permissions::Role;
use pintle_core::users::{self, NewUser};
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};

async fn members(caller: &Caller, query: &str) -> Vec<Value> {
    let list = caller.get(&format!("/v3/teams/acme/members{query}")).await.ok(200);
    list["members"].as_array().unwrap().clone()
}

fn names(members: &[Value]) -> Vec<&str> {
    members.iter().map(|member| member["username"].as_str().unwrap()).collect()
}

/// A team with an owner, and members of three roles, each younger than the one before.
async fn team(pintle: &Pintle) -> (Caller, [Caller; 3]) {
    let owner = pintle.team("acme").await;
    let mut others = Vec::new();
    for (name, role) in [("bob", Role::Member), ("cat", Role::Developer), ("dan", Role::Contributor)] {
        pintle.clock.advance(10);
        others.push(pintle.member(&owner, name, role).await);
    }
    (owner, others.try_into().ok().unwrap())
}

fn path(member: &Caller) -> String {
    format!("/v1/teams/acme/members/{}", member.user)
}

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
async fn a_role_changes_what_a_member_may_do_at_once() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        bob.get("/v1/webhooks").await.ok(200);
        let answer = owner.patch(&path(&bob), json!({ "role": "VIEWER" })).await.ok(200);
        assert_eq!(answer, json!({ "id": owner.team }));
        bob.get("/v1/webhooks").await.fails(403, "forbidden");
        assert_eq!(members(&owner, "?role=VIEWER").await.len(), 1);
        assert_eq!(bob.get("/v2/teams/acme").await.ok(200)["membership"]["teamRoles"], json!(["VIEWER"]));
        owner.patch(&path(&bob), json!({ "role": "OWNER" })).await.ok(200);
        bob.patch("/v2/teams/acme", json!({ "name": "Ours" })).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn extended_permissions_are_set_and_cleared() {
    on_each_engine(async |pintle| {
        let (owner, [_, cat, _]) = team(pintle).await;
        let app = json!({ "name": "probe", "slug": "probe", "redirectUrl": "https://example.com/callback" });
        owner.post("/pintle/v1/integrations", app).await.ok(201);
        let install = "/pintle/v1/integrations/probe/install";
        cat.post(install, json!({})).await.fails(403, "forbidden");
        let wanted = json!({ "teamPermissions": ["CreateProject", "IntegrationManager", "CreateProject"] });
        owner.patch(&path(&cat), wanted).await.ok(200);
        let held = cat.get("/v2/teams/acme").await.ok(200)["membership"]["teamPermissions"].clone();
        assert_eq!(held, json!(["IntegrationManager", "CreateProject"]));
        cat.post(install, json!({})).await.ok(201);
        let bad = owner.patch(&path(&cat), json!({ "teamPermissions": ["Everything"] })).await;
        bad.fails(400, "bad_request");
        owner.patch(&path(&cat), json!({ "role": "VIEWER" })).await.ok(200);
        let held = cat.get("/v2/teams/acme").await.ok(200)["membership"]["teamPermissions"].clone();
        assert_eq!(held, json!(["IntegrationManager", "CreateProject"]), "a role change leaves them");
        owner.patch(&path(&cat), json!({ "teamPermissions": [] })).await.ok(200);
        let held = cat.get("/v2/teams/acme").await.ok(200)["membership"]["teamPermissions"].clone();
        assert_eq!(held, json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_contributor_reaches_the_projects_it_was_given() {
    on_each_engine(async |pintle| {
        let (owner, [_, _, dan]) = team(pintle).await;
        let site = owner.project("site").await;
        dan.get("/v9/projects/site").await.fails(404, "not_found");
        let give = |role: Value| json!({ "projects": [{ "projectId": site, "role": role }] });
        owner.patch(&path(&dan), give(json!("PROJECT_VIEWER"))).await.ok(200);
        dan.get("/v9/projects/site").await.ok(200);
        dan.patch("/v9/projects/site", json!({ "framework": null })).await.fails(403, "forbidden");
        owner.patch(&path(&dan), give(json!("ADMIN"))).await.ok(200);
        dan.patch("/v9/projects/site", json!({ "framework": null })).await.ok(200);
        owner.patch(&path(&dan), give(Value::Null)).await.ok(200);
        owner.patch(&path(&dan), give(Value::Null)).await.ok(200);
        dan.get("/v9/projects/site").await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn a_bad_update_changes_nothing() {
    on_each_engine(async |pintle| {
        let (owner, [bob, ..]) = team(pintle).await;
        let site = owner.project("site").await;
        let foreign = pintle.team("other").await.project("theirs").await;
        let fails = async |body: Value, message: &str| {
            owner.patch(&path(&bob), body).await.says(400, "bad_request", message);
        };
        let roles = "OWNER, MEMBER, DEVELOPER, SECURITY, BILLING, VIEWER, VIEWER_FOR_PLUS, CONTRIBUTOR";
        let role = format!("Invalid request: `role` should be equal to one of the allowed values \"{roles}\".");
        fails(json!({ "role": "BOSS" }), &role).await;
        fails(json!({ "role": 1 }), "Invalid request: `role` should be string.").await;
        fails(json!({ "confirmed": true }), "Cannot confirm a member that is already confirmed").await;
        let confirmed = "Invalid request: `confirmed` should be equal to one of the allowed values \"true\".";
        fails(json!({ "confirmed": false }), confirmed).await;
        let sso = json!({ "joinedFrom": { "ssoUserId": null } });
        fails(sso, "The member has no SSO connection that could be ended").await;
        let missing = "Invalid request: missing required property `projects[0].role`.";
        fails(json!({ "projects": [{ "projectId": site }] }), missing).await;
        let project_role = "Invalid request: `projects[0].role` should be equal to one of the allowed values \"ADMIN, PROJECT_DEVELOPER, PROJECT_VIEWER\".";
        fails(json!({ "projects": [{ "projectId": site, "role": "BOSS" }] }), project_role).await;
        let groups = json!({ "accessGroupsToAdd": ["ag_1"] });
        fails(groups, "Access groups are not supported by this server").await;
        let project = json!({ "role": "VIEWER", "projects": [{ "projectId": foreign, "role": "ADMIN" }] });
        owner.patch(&path(&bob), project).await.says(404, "not_found", "Project not found");
        owner.patch("/v1/teams/acme/members/nobody", json!({ "role": "VIEWER" })).await.fails(404, "not_found");
        assert_eq!(members(&owner, "?role=MEMBER").await.len(), 1);
        assert!(members(&owner, "?role=MEMBER").await[0].get("projects").is_none());
        owner.patch(&path(&bob), json!({ "accessGroupsToAdd": [], "newer": 1 })).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn only_an_owner_changes_members() {
    on_each_engine(async |pintle| {
        let (owner, [bob, cat, dan]) = team(pintle).await;
        let installed = owner.install("bridge").await;
        for caller in [&bob, &cat, &dan, &installed.caller] {
            let body = json!({ "role": "OWNER" });
            caller.patch(&path(&dan), body).await.says(403, "forbidden", "Not authorized");
        }
        pintle
            .user("stranger")
            .await
            .patch(&path(&dan), json!({ "role": "OWNER" }))
            .await
            .fails(404, "not_found");
    })
    .await;
}

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
async fn changes_of_members_stand_in_the_log() {
    on_each_engine(async |pintle| {
        let (owner, [_, cat, _]) = team(pintle).await;
        let site = owner.project("site").await;
        let project = |role: Value| json!({ "projects": [{ "projectId": site, "role": role }] });
        for body in [
            json!({ "role": "VIEWER" }),
            json!({ "role": "VIEWER" }),
            project(json!("ADMIN")),
            project(json!("PROJECT_VIEWER")),
            project(Value::Null),
        ] {
            pintle.clock.advance(10);
            owner.patch(&path(&cat), body).await.ok(200);
        }
        let log = owner.get(&format!("/v3/events?withPayload=true&projectIds={site}")).await.ok(200);
        let members: Vec<&Value> = log["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["type"].as_str().unwrap().starts_with("project-member"))
            .collect();
        let types: Vec<_> = members.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["project-member-removed", "project-member-updated", "project-member-added"]);
        assert_eq!(members[0]["payload"]["removedMembership"]["role"], "PROJECT_VIEWER");
        assert_eq!(members[1]["payload"]["projectMembership"]["previousRole"], "ADMIN");
        let log = owner.get("/v3/events?withPayload=true&types=team-member-role-update").await.ok(200);
        assert_eq!(log["events"].as_array().unwrap().len(), 1, "what changes nothing is no event");
        let payload = &log["events"][0]["payload"];
        assert_eq!((&payload["previousRole"], &payload["role"]), (&json!("DEVELOPER"), &json!("VIEWER")));
        assert_eq!(payload["updatedUid"], json!(cat.user));
    })
    .await;
}
