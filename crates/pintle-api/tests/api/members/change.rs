//! updateTeamMember.

use super::{members, path, team};
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

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
        owner.patch(&path(&bob), groups).await.says(404, "not_found", "Access group not found");
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
