//! Group `access-groups`.

use pintle_core::permissions::Role;
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};

async fn make(owner: &Caller, body: Value) -> Value {
    owner.post("/v1/access-groups", body).await.ok(200)
}

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/v1/access-groups{query}")).await.ok(200);
    let groups = list["accessGroups"].as_array().unwrap();
    groups.iter().map(|group| group["name"].as_str().unwrap().to_owned()).collect()
}

/// A team with two projects, and two contributors.
async fn team(pintle: &Pintle) -> (Caller, [String; 2], [Caller; 2]) {
    let owner = pintle.team("acme").await;
    let projects = [owner.project("site").await, owner.project("shop").await];
    let ann = pintle.member(&owner, "ann", Role::Contributor).await;
    let bob = pintle.member(&owner, "bob", Role::Contributor).await;
    (owner, projects, [ann, bob])
}

#[tokio::test]
async fn a_group_lives_from_creation_to_deletion() {
    on_each_engine(async |pintle| {
        let (owner, [site, shop], [ann, bob]) = team(pintle).await;
        let made = make(
            &owner,
            json!({ "name": "Front end", "projects": [{ "projectId": site, "role": "ADMIN" }], "membersToAdd": [ann.user] }),
        )
        .await;
        let id = made["accessGroupId"].as_str().unwrap();
        assert!(id.starts_with("ag_"));
        assert_eq!((&made["membersCount"], &made["projectsCount"]), (&json!(1), &json!(1)));
        let path = format!("/v1/access-groups/{id}");
        assert_eq!(owner.get(&path).await.ok(200)["name"], "Front end");
        assert_eq!(owner.get("/v1/access-groups/Front%20end").await.ok(200)["accessGroupId"], id);
        pintle.clock.advance(5);
        let changed = owner
            .post(&path, json!({
                "name": "Web", "membersToAdd": [bob.user], "membersToRemove": [ann.user],
                "projects": [{ "projectId": site, "role": null }, { "projectId": shop, "role": "PROJECT_VIEWER" }],
            }))
            .await
            .ok(200);
        assert_eq!((&changed["name"], &changed["membersCount"], &changed["projectsCount"]), (&json!("Web"), &json!(1), &json!(1)));
        assert_ne!(changed["updatedAt"], made["updatedAt"]);
        assert_eq!(changed["createdAt"], made["createdAt"]);
        let members = owner.get(&format!("{path}/members")).await.ok(200);
        assert_eq!((&members["members"][0]["username"], &members["members"][0]["teamRole"]), (&json!("bob"), &json!("CONTRIBUTOR")));
        let projects = owner.get(&format!("{path}/projects")).await.ok(200);
        assert_eq!((&projects["projects"][0]["projectId"], &projects["projects"][0]["project"]["name"]), (&json!(shop), &json!("shop")));
        let seen = owner.get("/v3/teams/acme/members?search=bob").await.ok(200);
        assert_eq!(seen["members"][0]["accessGroups"], json!([{ "id": id, "name": "Web" }]));
        assert_eq!(owner.delete(&path).await.text, "");
        owner.get(&path).await.fails(404, "not_found");
        owner.delete(&path).await.fails(404, "not_found");
        let kinds = "access-group-created,access-group-updated,access-group-deleted,access-group-user-added,\
            access-group-user-removed,access-group-project-updated";
        let log = owner.get(&format!("/v3/events?types={kinds}")).await.ok(200);
        assert_eq!(log["events"].as_array().unwrap().len(), 9);
    })
    .await;
}

#[tokio::test]
async fn a_groups_role_in_a_project_is_made_changed_and_taken_away() {
    on_each_engine(async |pintle| {
        let (owner, [site, _], _) = team(pintle).await;
        make(&owner, json!({ "name": "web" })).await;
        let path = "/v1/access-groups/web/projects";
        let body = json!({ "projectId": site, "role": "PROJECT_VIEWER" });
        let made = owner.post(path, body.clone()).await.ok(200);
        assert_eq!((&made["projectId"], &made["role"]), (&json!(site), &json!("PROJECT_VIEWER")));
        owner.post(path, body).await.fails(400, "access_group_project_exists");
        let path = format!("{path}/{site}");
        assert_eq!(owner.patch(&path, json!({ "role": "ADMIN" })).await.ok(200)["role"], "ADMIN");
        assert_eq!(owner.get(&path).await.ok(200)["role"], "ADMIN");
        assert_eq!(names(&owner, &format!("?projectId={site}")).await, ["web"]);
        owner.patch(&path, json!({ "role": "OWNER" })).await.fails(400, "bad_request");
        assert_eq!(owner.delete(&path).await.status, 200);
        for answer in [owner.get(&path).await, owner.delete(&path).await] {
            answer.fails(404, "not_found");
        }
        owner.patch(&path, json!({ "role": "ADMIN" })).await.fails(404, "not_found");
        assert_eq!(names(&owner, &format!("?projectId={site}")).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_breaks_the_contract_changes_nothing() {
    on_each_engine(async |pintle| {
        let (owner, [site, _], [ann, _]) = team(pintle).await;
        make(&owner, json!({ "name": "web" })).await;
        owner.post("/v1/access-groups", json!({ "name": "web" })).await.fails(400, "access_group_name_taken");
        for name in ["", "a/b", "ünder", &"x".repeat(51), "ag_1"] {
            owner.post("/v1/access-groups", json!({ "name": name })).await.fails(400, "bad_request");
        }
        owner.post("/v1/access-groups", json!({})).await.fails(400, "bad_request");
        let stranger = pintle.team("other").await;
        let foreign = stranger.project("theirs").await;
        let path = "/v1/access-groups/web";
        let both = json!({ "membersToAdd": [ann.user, stranger.user] });
        owner.post(path, both).await.fails(400, "member_not_found");
        let both = json!({ "name": "renamed", "projects": [{ "projectId": site, "role": "ADMIN" }, { "projectId": foreign, "role": "ADMIN" }] });
        owner.post(path, both).await.fails(404, "not_found");
        let web = owner.get(path).await.ok(200);
        assert_eq!((&web["membersCount"], &web["projectsCount"]), (&json!(0), &json!(0)));
        stranger.get(path).await.fails(404, "not_found");
        let personal = owner.without_team();
        personal.post("/v1/access-groups", json!({ "name": "mine" })).await.fails(400, "bad_request");
        assert_eq!(names(&personal, "").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended() {
    on_each_engine(async |pintle| {
        let (owner, [site, shop], [ann, bob]) = team(pintle).await;
        // All in one millisecond, which is what a bare stamp would lose.
        for n in 0..5 {
            make(
                &owner,
                json!({ "name": format!("Group {n}"), "membersToAdd": [ann.user, bob.user], "projects": [
                { "projectId": site, "role": "ADMIN" }, { "projectId": shop, "role": "ADMIN" },
            ] }),
            )
            .await;
        }
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = owner
                .get(&format!("/v1/access-groups?limit=2&membersLimit=1&projectsLimit=5{next}"))
                .await
                .ok(200);
            for group in page["accessGroups"].as_array().unwrap() {
                assert_eq!(
                    (group["members"].as_array().unwrap().len(), group["projects"].as_array().unwrap().len()),
                    (1, 2)
                );
                seen.push(group["name"].clone());
            }
            match page["pagination"]["next"].as_str() {
                Some(token) => next = format!("&next={token}"),
                None => break,
            }
        }
        seen.sort_by_key(ToString::to_string);
        assert_eq!(seen, (0..5).map(|n| json!(format!("Group {n}"))).collect::<Vec<_>>());
        assert_eq!(names(&owner, "?search=GROUP%203").await, ["Group 3"]);
        for kind in ["members", "projects"] {
            let path = format!("/v1/access-groups/Group%201/{kind}?limit=1");
            let first = owner.get(&path).await.ok(200);
            let token = first["pagination"]["next"].as_str().unwrap();
            let second = owner.get(&format!("{path}&next={token}")).await.ok(200);
            assert_eq!(second["pagination"], json!({ "count": 1, "next": null }));
            assert_ne!(first[kind], second[kind]);
        }
        let found = owner.get("/v1/access-groups/Group%201/members?search=ann").await.ok(200);
        assert_eq!(found["pagination"]["count"], 1);
        for query in ["limit=0", "membersLimit=101", "projectsLimit=0", "next=x"] {
            owner.get(&format!("/v1/access-groups?{query}")).await.fails(400, "bad_request");
        }
    })
    .await;
}

#[tokio::test]
async fn a_group_gives_what_it_says_for_as_long_as_it_does() {
    on_each_engine(async |pintle| {
        let (owner, [site, shop], [ann, _]) = team(pintle).await;
        let listed = async || {
            let list = ann.get("/v10/projects").await.ok(200);
            list["projects"].as_array().unwrap().iter().map(|project| project["id"].clone()).collect::<Vec<_>>()
        };
        ann.get("/v9/projects/site").await.fails(404, "not_found");
        let body = json!({ "name": "web", "membersToAdd": [ann.user], "projects": [{ "projectId": site, "role": "PROJECT_VIEWER" }] });
        make(&owner, body).await;
        assert_eq!(listed().await, [json!(site)]);
        ann.patch("/v9/projects/site", json!({ "framework": "nextjs" })).await.fails(403, "forbidden");
        let body = json!({ "name": "admins", "membersToAdd": [ann.user], "projects": [{ "projectId": site, "role": "ADMIN" }] });
        make(&owner, body).await;
        ann.patch("/v9/projects/site", json!({ "framework": "nextjs" })).await.ok(200);
        ann.get("/v9/projects/shop").await.fails(404, "not_found");
        let of_shop = format!("/v3/events?projectIds={shop}");
        assert_eq!(ann.get(&of_shop).await.ok(200)["events"], json!([]), "what it does not see it does not hear of");
        assert_ne!(owner.get(&of_shop).await.ok(200)["events"], json!([]));
        let of_groups = "/v3/events?types=access-group-created,access-group-project-updated&withPayload=true";
        assert_eq!(ann.get(of_groups).await.ok(200)["events"], json!([]), "a contributor knows of no groups");
        let seen = owner.get(of_groups).await.ok(200);
        assert_eq!(seen["events"].as_array().unwrap().len(), 4);
        let given = seen["events"].as_array().unwrap().iter().find(|event| event["type"] != "access-group-created");
        let payload = &given.unwrap()["payload"];
        assert_eq!((payload.get("previous_role"), &payload["next_role"]), (None, &json!("ADMIN")));
        assert_eq!(owner.delete("/v1/access-groups/admins").await.status, 200);
        ann.patch("/v9/projects/site", json!({ "framework": null })).await.fails(403, "forbidden");
        let path = format!("/v1/teams/acme/members/{}", ann.user);
        owner.patch(&path, json!({ "accessGroupsToRemove": ["web"] })).await.ok(200);
        assert_eq!(listed().await, Vec::<Value>::new());
        owner.patch(&path, json!({ "accessGroupsToAdd": ["web"] })).await.ok(200);
        assert_eq!(listed().await, [json!(site)]);
        owner.patch(&path, json!({ "accessGroupsToAdd": ["unknown"] })).await.fails(404, "not_found");
        let stamp = owner.get("/v1/access-groups/web").await.ok(200)["updatedAt"].clone();
        for change in ["accessGroupsToRemove", "accessGroupsToAdd"] {
            pintle.clock.advance(10);
            owner.patch(&path, json!({ change: ["web"] })).await.ok(200);
        }
        let group = owner.get("/v1/access-groups/web").await.ok(200);
        let at = |stamp: &Value| stamp.as_str().unwrap().parse::<i64>().unwrap();
        assert!(at(&group["updatedAt"]) >= at(&stamp) + 20, "whoever comes and goes changes the group");
        // Who leaves and comes back starts with nothing.
        owner.delete(&path).await.ok(200);
        assert_eq!(owner.get("/v1/access-groups/web").await.ok(200)["membersCount"], 0);
        let team = owner.team.clone().unwrap();
        pintle_core::teams::add_member(&pintle.core, &team, &ann.user, Role::Contributor).await.unwrap();
        assert_eq!(listed().await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn a_contributor_hears_only_of_its_projects_where_a_resource_is_connected() {
    on_each_engine(async |pintle| {
        let (owner, [site, _], [ann, _]) = team(pintle).await;
        let native = owner.install_native("base").await;
        pintle.product(&native, "db").await;
        let store = native.import("res-1", json!([])).await;
        for project in ["site", "shop"] {
            let body = json!({ "projectId": project });
            owner.post(&format!("/v1/storage/stores/{store}/connections"), body).await.ok(201);
        }
        let connected = async |caller: &Caller| {
            let store = caller.get(&format!("/v1/storage/stores/{store}")).await.ok(200)["store"].clone();
            let projects = store["projectsMetadata"].as_array().unwrap().clone();
            projects.iter().map(|project| project["projectId"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(connected(&owner).await.len(), 2);
        assert_eq!(connected(&ann).await, Vec::<Value>::new());
        let path = format!("/v1/projects/{site}/members");
        owner.post(&path, json!({ "uid": ann.user, "role": "PROJECT_VIEWER" })).await.ok(200);
        assert_eq!(connected(&ann).await, [json!(site)]);
    })
    .await;
}

#[tokio::test]
async fn who_leaves_while_it_is_given_something_has_nothing() {
    on_each_engine(async |pintle| {
        let (owner, [site, _], [ann, _]) = team(pintle).await;
        make(&owner, json!({ "name": "web" })).await;
        let leave = format!("/v1/teams/acme/members/{}", ann.user);
        let project = format!("/v1/projects/{site}/members");
        for _ in 0..12 {
            let (gone, grouped, given) = tokio::join!(
                owner.delete(&leave),
                owner.post("/v1/access-groups/web", json!({ "membersToAdd": [ann.user] })),
                owner.post(&project, json!({ "uid": ann.user, "role": "ADMIN" })),
            );
            gone.ok(200);
            for answer in [grouped, given] {
                if answer.status != 200 {
                    answer.fails(400, "member_not_found");
                }
            }
            let conn = pintle.core.db.read().await.unwrap();
            let sql = "SELECT COUNT(*) FROM project_roles WHERE user_id = $1";
            let roles: (i64,) = conn.one(sql, &pintle_store::params![ann.user.as_str()]).await.unwrap();
            let sql = "SELECT COUNT(*) FROM access_group_members WHERE user_id = $1";
            let groups: (i64,) = conn.one(sql, &pintle_store::params![ann.user.as_str()]).await.unwrap();
            assert_eq!((roles.0, groups.0), (0, 0));
            let team = owner.team.clone().unwrap();
            pintle_core::teams::add_member(&pintle.core, &team, &ann.user, Role::Contributor).await.unwrap();
        }
    })
    .await;
}
