//! What answers of projects have beside the settings.

use super::{named, run, with};
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

#[tokio::test]
async fn custom_environments_stand_in_every_answer_with_their_domains() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let made = team.post("/v11/projects", named("site")).await.ok(200);
        assert_eq!(made["customEnvironments"], json!([]));
        team.project("bare").await;
        let path = "/v9/projects/site/custom-environments";
        let qa = team.post(path, json!({ "slug": "qa" })).await.ok(201);
        pintle.clock.advance(1);
        let staging = team.post(path, json!({ "slug": "staging" })).await.ok(201);
        let mut domains = Vec::new();
        for name in ["b.example.com", "a.example.com"] {
            let body = json!({ "name": name, "customEnvironmentId": staging["id"] });
            domains.insert(0, team.post("/v10/projects/site/domains", body).await.ok(200));
        }
        team.post("/v10/projects/site/domains", json!({ "name": "example.com" })).await.ok(200);
        let staging = with(staging, json!({ "domains": domains }));
        assert_eq!(team.get(&format!("{path}/staging")).await.ok(200), staging);
        assert_eq!(team.patch(&format!("{path}/staging"), json!({})).await.ok(200), staging);
        let expected = json!([qa, staging]);
        assert_eq!(team.get(path).await.ok(200)["environments"], expected);
        assert_eq!(team.get("/v9/projects/site").await.ok(200)["customEnvironments"], expected);
        let changed = team.patch("/v9/projects/site", json!({ "gitLFS": true })).await.ok(200);
        assert_eq!(changed["customEnvironments"], expected);
        let path = format!("/v1/data-cache/projects/{}", made["id"].as_str().unwrap());
        assert_eq!(
            team.patch(&path, json!({ "disabled": true })).await.ok(200)["customEnvironments"],
            expected
        );
        let listed = team.get("/v10/projects").await.ok(200)["projects"].clone();
        let of = |at: usize| (listed[at]["name"].clone(), listed[at]["customEnvironments"].clone());
        assert_eq!((of(0), of(1)), ((json!("site"), expected), (json!("bare"), json!([]))));
    })
    .await;
}

#[tokio::test]
async fn one_names_the_installations_that_reach_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (site, other) = (team.project("site").await, team.project("other").await);
        let scopes = ["read-write:project"];
        let all = team.install_with("all", &scopes, json!({})).await;
        pintle.clock.advance(1);
        let some = team.install_with("some", &scopes, json!({ "projects": [other] })).await;
        pintle.clock.advance(1);
        let partner = team.install_native("acme-db").await;
        pintle.product(&partner, "db").await;
        let stranger = pintle.team("other").await;
        stranger.install("theirs").await;
        let store = partner.import("res-1", json!([])).await;
        partner.import("res-2", json!([])).await;
        let path = format!("/v1/storage/stores/{store}/connections");
        team.post(&path, json!({ "projectId": site })).await.ok(201);

        let of = async |caller: &pintle_testing::Caller, project: &str| {
            caller.get(&format!("/v9/projects/{project}")).await.ok(200)["integrations"].clone()
        };
        let enabled = |id: &str, resources: Value| json!({ "installationId": id, "resources": resources });
        let resource = json!([{ "externalResourceId": "res-1" }]);
        let expected = [enabled(&all.id, json!([])), enabled(&partner.id, resource.clone())];
        assert_eq!(of(&team, &site).await, json!(expected));
        let expected =
            [enabled(&all.id, json!([])), enabled(&some.id, json!([])), enabled(&partner.id, json!([]))];
        assert_eq!(of(&team, &other).await, json!(expected));
        assert_eq!(of(&all.caller, &site).await, json!([enabled(&all.id, json!([]))]), "itself and no other");

        // A resource that was connected before stays, whatever is selected from then on.
        run(pintle, format!("UPDATE configurations SET selected = 1 WHERE id = '{}'", partner.id)).await;
        run(pintle, format!("UPDATE configurations SET disabled_at = 1 WHERE id = '{}'", all.id)).await;
        assert_eq!(of(&team, &site).await, json!([enabled(&partner.id, resource)]));
        assert_eq!(of(&team, &other).await, json!([enabled(&some.id, json!([]))]));
    })
    .await;
}
