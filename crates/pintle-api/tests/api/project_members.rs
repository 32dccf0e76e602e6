//! Group `projectMembers`.

use axum::http::Method;
use pintle_core::permissions::Role;
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};

async fn listed(caller: &Caller, query: &str) -> Vec<Value> {
    let list = caller.get(&format!("/v1/projects/site/members{query}")).await.ok(200);
    list["members"].as_array().unwrap().clone()
}

fn roles(members: &[Value]) -> Vec<(&str, &str, &str)> {
    members
        .iter()
        .map(|member| {
            let text = |key: &str| member[key].as_str().unwrap();
            (text("username"), text("role"), text("computedProjectRole"))
        })
        .collect()
}

/// A team with a project, a developer and a contributor.
async fn team(pintle: &Pintle) -> (Caller, Caller, Caller) {
    let owner = pintle.team("acme").await;
    owner.project("site").await;
    let dev = pintle.member(&owner, "dev", Role::Developer).await;
    (owner.clone(), dev, pintle.member(&owner, "guest", Role::Contributor).await)
}

#[tokio::test]
async fn a_member_is_added_by_id_name_or_address_and_removed() {
    on_each_engine(async |pintle| {
        let (owner, dev, guest) = team(pintle).await;
        let site = owner.get("/v9/projects/site").await.ok(200)["id"].clone();
        let path = "/v1/projects/site/members";
        let body = json!({ "uid": guest.user, "role": "PROJECT_VIEWER" });
        assert_eq!(owner.post(path, body).await.ok(200), json!({ "id": site }));
        pintle.clock.advance(5);
        owner.post(path, json!({ "username": "dev", "role": "PROJECT_VIEWER" })).await.ok(200);
        assert_eq!(
            roles(&listed(&owner, "").await),
            [("dev", "PROJECT_VIEWER", "PROJECT_DEVELOPER"), ("guest", "PROJECT_VIEWER", "PROJECT_VIEWER")]
        );
        owner.post(path, json!({ "email": "Guest@example.com", "role": "ADMIN" })).await.ok(200);
        assert_eq!(roles(&listed(&owner, "?search=gues").await), [("guest", "ADMIN", "ADMIN")]);
        let first = owner.get(&format!("{path}?limit=1")).await.ok(200);
        assert_eq!(
            (&first["pagination"]["hasNext"], &first["pagination"]["count"]),
            (&json!(true), &json!(1))
        );
        let until = format!("?until={}", first["pagination"]["next"]);
        assert_eq!(roles(&listed(&owner, &until).await), [("guest", "ADMIN", "ADMIN")]);
        assert_eq!(owner.delete(&format!("{path}/{}", guest.user)).await.ok(200), json!({ "id": site }));
        owner.delete(&format!("{path}/{}", guest.user)).await.fails(404, "not_found");
        assert_eq!(roles(&listed(&owner, "").await).len(), 1);
        let kinds = "project-member-added,project-member-updated,project-member-removed";
        let log = dev.get(&format!("/v3/events?types={kinds}")).await.ok(200);
        assert_eq!(log["events"].as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_body_names_one_member_of_the_team() {
    on_each_engine(async |pintle| {
        let (owner, dev, guest) = team(pintle).await;
        let path = "/v1/projects/site/members";
        let stranger = pintle.user("stranger").await;
        for body in [
            json!({ "uid": stranger.user, "role": "ADMIN" }),
            json!({ "username": "stranger", "role": "ADMIN" }),
            json!({ "email": "stranger@example.com", "role": "ADMIN" }),
        ] {
            owner.post(path, body).await.fails(400, "member_not_found");
        }
        for body in [
            json!({ "role": "ADMIN" }),
            json!({ "uid": dev.user }),
            json!({ "uid": dev.user, "username": "dev", "role": "ADMIN" }),
            json!({ "uid": dev.user, "role": "OWNER" }),
            json!({ "email": "dev", "role": "ADMIN" }),
            json!({ "uid": dev.user, "role": "ADMIN", "more": 1 }),
        ] {
            owner.post(path, body).await.fails(400, "bad_request");
        }
        owner.get(&format!("{path}?limit=0")).await.fails(400, "bad_request");
        assert_eq!(listed(&owner, "").await, Vec::<Value>::new());
        // In a personal account nobody else has a role.
        let own = guest.without_team();
        own.project("mine").await;
        assert_eq!(own.get("/v1/projects/mine/members").await.ok(200)["members"], json!([]));
        let body = json!({ "uid": dev.user, "role": "ADMIN" });
        own.post("/v1/projects/mine/members", body).await.fails(400, "member_not_found");
    })
    .await;
}

#[tokio::test]
async fn many_are_changed_together_or_not_at_all() {
    on_each_engine(async |pintle| {
        let (owner, dev, guest) = team(pintle).await;
        let path = "/v1/projects/site/members";
        let batch = format!("{path}/batch");
        let both = json!({ "members": [
            { "username": "dev", "role": "ADMIN" }, { "email": "guest@example.com", "role": "PROJECT_VIEWER" },
        ] });
        let bad = json!({ "members": [{ "username": "dev", "role": "ADMIN" }, { "username": "x", "role": "ADMIN" }] });
        owner.post(&batch, bad).await.fails(400, "member_not_found");
        assert_eq!(listed(&owner, "").await.len(), 0);
        owner.post(&batch, both).await.ok(200);
        let change = json!({ "members": [{ "uid": guest.user, "role": "ADMIN" }] });
        owner.patch(path, change).await.ok(200);
        let change = json!({ "members": [{ "uid": guest.user, "role": "PROJECT_VIEWER" }, { "uid": owner.user, "role": "ADMIN" }] });
        owner.patch(path, change).await.fails(404, "not_found");
        assert!(roles(&listed(&owner, "").await).iter().all(|(_, role, _)| *role == "ADMIN"));
        let projects = owner.get(&format!("/v1/teams/acme/members/{}/projects", guest.user)).await.ok(200);
        assert_eq!(projects["projects"][0]["role"], "ADMIN");
        let gone = json!({ "members": [guest.user, dev.user] });
        owner.request(Method::DELETE, &batch, Some(gone)).await.ok(200);
        assert_eq!(listed(&owner, "").await.len(), 0);
        owner.get("/v1/teams/acme/members/nobody/projects").await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn an_administrator_of_a_project_gives_roles_in_it_and_touches_its_production() {
    on_each_engine(async |pintle| {
        let (owner, dev, guest) = team(pintle).await;
        owner.project("other").await;
        let path = "/v1/projects/site/members";
        let body = json!({ "uid": guest.user, "role": "PROJECT_DEVELOPER" });
        dev.post(path, body.clone()).await.fails(403, "forbidden");
        guest.get(path).await.fails(404, "not_found");
        let production = json!({ "key": "A", "value": "1", "type": "encrypted", "target": ["production"] });
        dev.post("/v10/projects/site/env", production.clone()).await.fails(403, "forbidden");
        owner.post(path, json!({ "uid": dev.user, "role": "ADMIN" })).await.ok(200);
        dev.post(path, body).await.ok(200);
        assert_eq!(listed(&guest, "").await.len(), 2);
        dev.post("/v10/projects/site/env", production.clone()).await.ok(201);
        dev.post("/v10/projects/other/env", production).await.fails(403, "forbidden");
        // A contributor hears of the projects that it sees.
        let seen = guest.get("/v3/teams/acme/members?search=dev").await.ok(200);
        assert_eq!(seen["members"][0]["projects"][0]["name"], "site");
        dev.delete(&format!("{path}/{}", guest.user)).await.ok(200);
        let seen = guest.get("/v3/teams/acme/members?search=dev").await.ok(200);
        assert_eq!(seen["members"][0].get("projects"), None);
    })
    .await;
}

#[tokio::test]
async fn a_contributor_administers_what_it_makes_and_reaches_nothing_else() {
    on_each_engine(async |pintle| {
        let (owner, _, guest) = team(pintle).await;
        guest.post("/v11/projects", json!({ "name": "mine" })).await.fails(403, "forbidden");
        pintle.extend(&guest, "CreateProject IntegrationManager").await;
        let variable = json!({ "key": "A", "value": "1", "target": ["production"], "type": "encrypted" });
        let body = json!({ "name": "mine", "environmentVariables": [variable] });
        guest.post("/v11/projects", body).await.ok(200);
        let mine = guest.get("/v10/projects").await.ok(200)["projects"].clone();
        assert_eq!((mine.as_array().unwrap().len(), &mine[0]["name"]), (1, &json!("mine")));
        guest.patch("/v9/projects/mine", json!({ "framework": "nextjs" })).await.ok(200);
        let native = owner.install_native("base").await;
        pintle.product(&native, "db").await;
        let store = native.import("res-1", json!([])).await;
        let path = format!("/v1/storage/stores/{store}/connections");
        guest.post(&path, json!({ "projectId": "site" })).await.fails(404, "not_found");
        guest.post(&path, json!({ "projectId": "mine" })).await.ok(201);
    })
    .await;
}

#[tokio::test]
async fn a_viewer_who_administers_a_project_sees_what_opens_it() {
    on_each_engine(async |pintle| {
        let (owner, ..) = team(pintle).await;
        let vic = pintle.member(&owner, "vic", Role::Viewer).await;
        owner.patch("/v1/projects/site/protection-bypass", json!({ "generate": {} })).await.ok(200);
        let seen = async |caller: &Caller| {
            caller.get("/v9/projects/site").await.ok(200).get("protectionBypass").is_some()
        };
        assert!(seen(&owner).await && !seen(&vic).await);
        let body = json!({ "uid": vic.user, "role": "ADMIN" });
        owner.post("/v1/projects/site/members", body).await.ok(200);
        assert!(seen(&vic).await);
    })
    .await;
}
