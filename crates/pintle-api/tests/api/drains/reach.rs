//! Who sees which drains, and when they go.

use super::{drain, with, without_secret};
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

#[tokio::test]
async fn a_caller_sees_its_own_and_no_other_owners_drains() {
    on_each_engine(async |pintle| {
        let (team, other) = (pintle.team("acme").await, pintle.team("other").await);
        let (one, two) = (team.install("one").await, team.install("two").await);
        let account = team.post("/v1/drains", drain("account")).await.ok(200);
        pintle.clock.advance(1);
        let source = json!({ "source": { "externalResourceId": "ext-1" } });
        let own = one.caller.post("/v1/drains", with(drain("own"), source)).await.ok(200);
        assert_eq!(own["createdFrom"], "integration");
        assert_eq!(own["configurationId"], one.id.as_str());
        assert_eq!(own["clientId"], one.integration.as_str());
        let source = json!({
            "kind": "integration", "integrationId": one.integration, "integrationConfigurationId": one.id,
            "externalResourceId": "ext-1",
        });
        assert_eq!(own["source"], source);
        let self_served = with(drain("own"), json!({ "source": { "kind": "self-served" } }));
        one.caller.post("/v1/drains", self_served).await.fails(400, "bad_request");

        let names = async |caller: &Caller| {
            let drains = caller.get("/v1/drains").await.ok(200);
            let names = drains["drains"].as_array().unwrap().iter();
            names.map(|drain| drain["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&team).await, ["own", "account"]);
        assert_eq!(names(&one.caller).await, ["own"]);
        assert!(names(&two.caller).await.is_empty() && names(&other).await.is_empty());

        let cases = [(&own, &two.caller), (&own, &other), (&account, &one.caller), (&account, &other)];
        for (record, stranger) in cases {
            let path = format!("/v1/drains/{}", record["id"].as_str().unwrap());
            stranger.get(&path).await.says(404, "not_found", "Drain not found");
            stranger.patch(&path, json!({ "name": "mine" })).await.fails(404, "not_found");
            stranger.delete(&path).await.fails(404, "not_found");
        }
        let path = format!("/v1/drains/{}", own["id"].as_str().unwrap());
        let resource = json!({ "source": { "resourceId": "res-1" } });
        assert_eq!(one.caller.patch(&path, resource).await.ok(200)["source"]["resourceId"], "res-1");
        let kind = json!({ "source": { "kind": "self-served" } });
        team.patch(&path, kind).await.fails(400, "bad_request");
        assert_eq!(team.patch(&path, json!({ "status": "disabled" })).await.ok(200)["status"], "disabled");

        let narrow = team.install_with("narrow", &["read:project"], json!({})).await;
        narrow.caller.get("/v1/drains").await.says(403, "forbidden", "Not authorized");
        narrow.caller.post("/v1/drains", drain("one")).await.says(403, "forbidden", "Not authorized");
    })
    .await;
}

#[tokio::test]
async fn a_list_can_be_for_a_project_and_tell_of_projects_and_integrations() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let one = team.post("/v11/projects", json!({ "name": "one", "framework": "astro" })).await.ok(200);
        let (one, two) = (one["id"].as_str().unwrap().to_owned(), team.project("two").await);
        let installed =
            team.install_with("bridge", &["read-write:drain"], json!({ "projects": [one] })).await;
        let some = |id: &str| json!({ "projects": "some", "projectIds": [id] });
        team.post("/v1/drains", drain("all")).await.ok(200);
        team.post("/v1/drains", with(drain("first"), some(&one))).await.ok(200);
        team.post("/v1/drains", with(drain("second"), some(&two))).await.ok(200);
        installed.caller.post("/v1/drains", drain("selected")).await.ok(200);
        let refused = installed.caller.post("/v1/drains", with(drain("beyond"), some(&two))).await;
        refused.fails(403, "forbidden");
        team.post("/v1/drains", with(drain("a"), some("prj_unknown"))).await.fails(404, "not_found");

        let names = async |query: &str| {
            let drains = team.get(&format!("/v1/drains?{query}")).await.ok(200);
            let names = drains["drains"].as_array().unwrap().iter();
            let mut names: Vec<_> = names.map(|drain| drain["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names("").await, ["all", "first", "second", "selected"]);
        assert_eq!(names(&format!("projectId={one}")).await, ["all", "first", "selected"]);
        assert_eq!(names(&format!("projectId={two}")).await, ["all", "second"]);
        team.get("/v1/drains?projectId=prj_unknown").await.says(404, "not_found", "Project not found");
        let message = "Invalid request: `includeMetadata` should be boolean.";
        team.get("/v1/drains?includeMetadata=perhaps").await.says(400, "bad_request", message);

        let drains = team.get("/v1/drains?includeMetadata=true").await.ok(200);
        let find = |name: &str| {
            drains["drains"].as_array().unwrap().iter().find(|drain| drain["name"] == name).unwrap().clone()
        };
        let metadata = json!([{ "id": one, "name": "one", "framework": "astro" }]);
        assert_eq!(find("first")["projectsMetadata"], metadata);
        assert_eq!(find("all").get("projectsMetadata"), None);
        let plain = team.get("/v1/drains").await.ok(200);
        assert!(
            plain["drains"].as_array().unwrap().iter().all(|drain| drain.get("projectsMetadata").is_none())
        );
    })
    .await;
}

#[tokio::test]
async fn the_integrations_icon_and_pages_are_part_of_the_metadata() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = json!({
            "name": "Bridge", "slug": "bridge", "scopes": ["read-write:drain"], "icon": "https://example.com/icon.png",
            "website": "https://example.com", "configurationUrl": "https://example.com/configure",
            "redirectUrl": "https://example.com/callback",
        });
        let app = team.post("/pintle/v1/integrations", app).await.ok(201);
        let installed = team.install_app(&app, json!({})).await;
        let own = installed.caller.post("/v1/drains", drain("own")).await.ok(200);
        let drains = team.get("/v1/drains?includeMetadata=true").await.ok(200);
        let shown = team.get(&format!("/v1/log-drains/{}", own["id"].as_str().unwrap())).await.ok(200);
        for record in [&drains["drains"][0], &shown] {
            assert_eq!(record["integrationIcon"], "https://example.com/icon.png");
            assert_eq!(record["integrationWebsite"], "https://example.com");
            assert_eq!(record["integrationConfigurationUri"], "https://example.com/configure");
        }
    })
    .await;
}

#[tokio::test]
async fn a_removal_takes_the_installations_drains_and_leaves_the_others() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.install("one").await, team.install("two").await);
        let account = team.post("/v1/drains", drain("account")).await.ok(200);
        let own = one.caller.post("/v1/drains", drain("own")).await.ok(200);
        let log_drain = json!({ "name": "logs", "url": "https://example.com" });
        let log_drain = one.caller.post("/v2/integrations/log-drains", log_drain).await.ok(200);
        pintle.clock.advance(1);
        let neighbours = two.caller.post("/v1/drains", drain("own")).await.ok(200);
        team.delete(&format!("/v1/integrations/configuration/{}", one.id)).await.ok(204);

        for gone in [&own, &log_drain] {
            team.get(&format!("/v1/drains/{}", gone["id"].as_str().unwrap())).await.fails(404, "not_found");
        }
        let left = team.get("/v1/drains").await.ok(200);
        assert_eq!(left, json!({ "drains": [without_secret(neighbours), without_secret(account)] }));
        let receipt = team.get(&format!("/pintle/v1/removals/{}", one.id)).await.ok(200);
        let mut expected =
            [json!({ "id": own["id"], "name": "own" }), json!({ "id": log_drain["id"], "name": "logs" })];
        expected.sort_by_key(|item| item["id"].as_str().unwrap().to_owned());
        assert_eq!(receipt["removed"]["drains"], json!(expected));
    })
    .await;
}

#[tokio::test]
async fn deleting_a_project_takes_it_out_of_drains_and_widens_none() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let some = |ids: Value| json!({ "projects": "some", "projectIds": ids });
        let both = team.post("/v1/drains", with(drain("both"), some(json!([one, two])))).await.ok(200);
        let only = team.post("/v1/drains", with(drain("only"), some(json!([one])))).await.ok(200);
        let filter = json!({ "type": "basic", "project": { "ids": [one] } });
        let filter = json!({ "filter": { "version": "v2", "filter": filter } });
        let filtered = team.post("/v1/drains", with(drain("filtered"), filter)).await.ok(200);
        team.delete(&format!("/v9/projects/{one}")).await.ok(204);

        let read = async |record: &Value| {
            team.get(&format!("/v1/drains/{}", record["id"].as_str().unwrap())).await.ok(200)
        };
        assert_eq!(read(&both).await["projectIds"], json!([two]));
        assert_eq!(read(&only).await["projectIds"], json!([]));
        assert_eq!(read(&filtered).await["filterV2"]["filter"]["project"]["ids"], json!([]));
        let drains = team.get(&format!("/v1/drains?projectId={two}")).await.ok(200);
        assert_eq!(drains["drains"].as_array().unwrap().len(), 1, "{drains}");
    })
    .await;
}
