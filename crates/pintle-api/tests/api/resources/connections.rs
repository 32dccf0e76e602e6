//! A resource in projects.

use super::{EVERYWHERE, connect, secret, store, variable, variables, world};
use pintle_core::permissions::Role;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

#[tokio::test]
async fn variables_come_and_go_with_a_connection() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let project = team.get("/v9/projects/site").await.ok(200)["id"].clone();
        let id = partner.import("res-1", json!([secret("URL", "one")])).await;
        let path = format!("/v1/integrations/installations/{}/resources/{id}/connections", partner.id);
        let answer = team.post(&path, json!({ "projectId": project })).await;
        assert_eq!((answer.status, answer.text.as_str()), (201, ""));
        assert_eq!(variables(&team, "site").await, [variable("URL", "one", EVERYWHERE)]);

        let listed = team.get("/v9/projects/site/env").await.ok(200)["envs"][0].clone();
        let product = store(&team, &id).await["product"]["id"].clone();
        assert_eq!(listed["configurationId"], json!(partner.id));
        assert_eq!(
            listed["contentHint"],
            json!({
                "type": "integration-store-secret", "storeId": id, "integrationId": partner.integration,
                "integrationProductId": product, "integrationConfigurationId": partner.id,
            })
        );
        let connected = store(&team, &id).await["projectsMetadata"].clone();
        assert_eq!(connected.as_array().unwrap().len(), 1);
        assert_eq!(
            (&connected[0]["name"], &connected[0]["projectId"], &connected[0]["environmentVariables"]),
            (&json!("site"), &project, &json!(["URL"]))
        );
        let told = &pintle.outbox("integration-resource.project-connected").await[0];
        assert_eq!(told.kind, "storage-connect-project");
        assert_eq!(
            told.payload,
            json!({
                "configuration": { "id": partner.id }, "installationId": partner.id, "resourceId": "res-1",
                "project": { "id": project, "name": "site" }, "projectId": project,
                "targets": ["production", "preview", "development"],
                "team": { "id": team.team }, "user": { "id": team.user },
            })
        );
        assert_eq!(pintle.outbox("project.env-variable.created").await.len(), 1);

        // Once is enough, also by the partner's id.
        for id in [id.as_str(), "res-1"] {
            let path = format!("/v1/integrations/installations/{}/resources/{id}/connections", partner.id);
            team.post(&path, json!({ "projectId": project })).await.fails(409, "conflict");
        }
        let connection = connected[0]["id"].as_str().unwrap();
        assert!(connection.starts_with("spc_"), "{connection}");
        let path = format!("/v1/storage/stores/{id}/connections/{connection}");
        team.delete(&path).await.ok(204);
        team.delete(&path).await.fails(404, "not_found");
        assert_eq!(variables(&team, "site").await, []);
        assert_eq!(store(&team, &id).await["projectsMetadata"], json!([]));
        let told = &pintle.outbox("integration-resource.project-disconnected").await[0];
        assert_eq!(
            (&told.payload["project"], told.kind.as_str()),
            (&json!({ "id": project }), "storage-disconnect-project")
        );
        assert_eq!(pintle.outbox("project.env-variable.deleted").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn all_connections_of_a_store_end_at_once() {
    on_sqlite(async |pintle| {
        let (team, partner) = world(pintle).await;
        team.project("other").await;
        let [one, two] = [
            partner.import("res-1", json!([secret("URL", "one")])).await,
            partner.import("res-2", json!([secret("KEY", "two")])).await,
        ];
        for (store, project) in [(&one, "site"), (&one, "other"), (&two, "site")] {
            connect(&team, store, project, json!({})).await;
        }
        team.delete(&format!("/v1/storage/stores/{one}/connections")).await.ok(204);
        assert_eq!(variables(&team, "site").await, [variable("KEY", "two", EVERYWHERE)]);
        assert_eq!(variables(&team, "other").await, []);
        // There is nothing left to end, which is as good.
        team.delete(&format!("/v1/storage/stores/{one}/connections")).await.ok(204);
    })
    .await;
}

#[tokio::test]
async fn a_name_that_the_project_has_refuses_the_connection() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let own = json!({ "key": "URL", "value": "mine", "type": "plain", "target": ["preview"] });
        team.post("/v10/projects/site/env", own).await.ok(201);
        let id = partner.import("res-1", json!([secret("KEY", "k"), secret("URL", "one")])).await;
        let path = format!("/v1/storage/stores/{id}/connections");
        let error = team.post(&path, json!({ "projectId": "site" })).await.fails(409, "ENV_CONFLICT");
        assert_eq!(
            (&error["envVarKey"], &error["target"]),
            (&json!("URL"), &json!(["production", "preview", "development"]))
        );
        assert_eq!(variables(&team, "site").await, [variable("URL", "mine", "preview")]);
        assert_eq!(store(&team, &id).await["projectsMetadata"], json!([]));
        assert_eq!(pintle.outbox("integration-resource.project-connected").await.len(), 0);
        // Elsewhere than that variable, or under another name, there is room.
        let elsewhere = json!({ "envVarEnvironments": ["development", "production"] });
        let made = connect(&team, &id, "site", elsewhere).await;
        assert_eq!(made["environments"], json!(["production", "development"]));
        team.delete(&path).await.ok(204);
        connect(&team, &id, "site", json!({ "envVarPrefix": "DB_" })).await;
        let keys: Vec<_> = variables(&team, "site").await.into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys, ["DB_KEY", "DB_URL", "URL"]);
        let wrong = json!({ "projectId": "site", "envVarEnvironments": [] });
        team.post(&path, wrong).await.fails(400, "bad_request");
        let secrets = json!({ "secrets": [secret("9TH", "x")] });
        partner.set_secrets("res-1", secrets).await.ok(201);
        assert_eq!(variables(&team, "site").await[0].0, "DB_9TH");
        team.delete(&path).await.ok(204);
        let error = team.post(&path, json!({ "projectId": "site" })).await.fails(400, "bad_request");
        assert!(error["message"].as_str().unwrap().contains("`9TH`"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn only_projects_that_the_installation_was_given() {
    on_sqlite(async |pintle| {
        let (team, partner) = world(pintle).await;
        let other = team.project("other").await;
        let id = partner.import("res-1", json!([])).await;
        let configuration = format!("/v1/integrations/configuration/{}", partner.id);
        team.patch(&configuration, json!({ "projects": [other] })).await.ok(200);
        let path = format!("/v1/storage/stores/{id}/connections");
        team.post(&path, json!({ "projectId": "site" })).await.fails(403, "forbidden");
        team.post(&path, json!({ "projectId": "other" })).await.ok(201);
        team.post(&path, json!({ "projectId": "none" })).await.fails(404, "not_found");
        // What was connected before follows on.
        let site = team.get("/v9/projects/site").await.ok(200)["id"].clone();
        team.patch(&configuration, json!({ "projects": [site] })).await.ok(200);
        partner.set_secrets("res-1", json!({ "secrets": [secret("URL", "one")] })).await.ok(201);
        assert_eq!(variables(&team, "other").await, [variable("URL", "one", EVERYWHERE)]);
    })
    .await;
}

#[tokio::test]
async fn where_a_team_demands_it_they_are_sensitive() {
    on_sqlite(async |pintle| {
        let (team, partner) = world(pintle).await;
        let id = team.team.clone().unwrap();
        team.patch(&format!("/v2/teams/{id}"), json!({ "sensitiveEnvironmentVariablePolicy": "on" }))
            .await
            .ok(200);
        let id = partner.import("res-1", json!([secret("URL", "one")])).await;
        connect(&team, &id, "site", json!({})).await;
        let kinds = async || {
            let listed = team.get("/v9/projects/site/env").await.ok(200);
            let envs = listed["envs"].as_array().unwrap().iter();
            let mut kinds: Vec<(String, Value)> =
                envs.map(|env| (env["type"].as_str().unwrap().to_owned(), env["target"].clone())).collect();
            kinds.sort_by(|one, other| one.0.cmp(&other.0));
            kinds
        };
        let apart = [
            ("encrypted".to_owned(), json!(["development"])),
            ("sensitive".to_owned(), json!(["production", "preview"])),
        ];
        assert_eq!(kinds().await, apart);
        partner.set_secrets("res-1", json!({ "secrets": [secret("URL", "two")] })).await.ok(201);
        assert_eq!(kinds().await, apart);
        assert_eq!(store(&team, &id).await["projectsMetadata"][0]["environmentVariables"], json!(["URL"]));
    })
    .await;
}

#[tokio::test]
async fn a_thousand_variables_are_enough() {
    on_sqlite(async |pintle| {
        let (team, partner) = world(pintle).await;
        let one = |n: usize| json!({ "key": format!("K{n}"), "value": "x", "type": "plain", "target": ["preview"] });
        let many: Vec<Value> = (0..999).map(one).collect();
        team.post("/v10/projects/site/env", json!(many)).await.ok(201);
        let id = partner.import("res-1", json!([secret("A", "1"), secret("B", "2")])).await;
        let path = format!("/v1/storage/stores/{id}/connections");
        team.post(&path, json!({ "projectId": "site" })).await.fails(400, "MAX_ENVS_EXCEEDED");
        assert_eq!(variables(&team, "site").await.len(), 999);
        let elsewhere = json!({ "projectId": "site", "envVarEnvironments": ["production", "development"] });
        team.post(&path, elsewhere).await.ok(201);
    })
    .await;
}

#[tokio::test]
async fn a_removal_takes_them_and_says_so() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let id = partner.import("res-1", json!([secret("URL", "one")])).await;
        let connection = connect(&team, &id, "site", json!({})).await["id"].clone();
        let project = team.get("/v9/projects/site").await.ok(200)["id"].clone();
        let path = format!("/v1/integrations/configuration/{}", partner.id);
        team.delete(&path).await.ok(204);
        assert_eq!(variables(&team, "site").await, []);
        assert_eq!(team.get("/v1/storage/stores").await.ok(200), json!({ "stores": [] }));
        let receipt =
            team.get(&format!("/pintle/v1/removals/{}", partner.id)).await.ok(200)["removed"].clone();
        assert_eq!(receipt["resources"], json!([{ "id": id, "name": "res-1" }]));
        assert_eq!(
            receipt["connections"],
            json!([{ "id": connection, "name": "res-1", "projectId": project }])
        );
        assert_eq!(receipt["environmentVariables"].as_array().unwrap().len(), 1);
        let told = pintle.outbox("integration-resource.project-disconnected").await;
        assert_eq!(told[0].payload["resourceId"], "res-1");
        assert_eq!(told[0].receivers.len(), 0, "the integration did not ask for it");
    })
    .await;
}

#[tokio::test]
async fn a_project_that_goes_leaves_the_resource() {
    on_sqlite(async |pintle| {
        let (team, partner) = world(pintle).await;
        let id = partner.import("res-1", json!([secret("URL", "one")])).await;
        connect(&team, &id, "site", json!({})).await;
        team.delete("/v9/projects/site").await.ok(204);
        assert_eq!(store(&team, &id).await["projectsMetadata"], json!([]));
        assert_eq!(pintle.outbox("integration-resource.project-disconnected").await.len(), 1);
        partner.set_secrets("res-1", json!({ "secrets": [secret("URL", "two")] })).await.ok(201);
    })
    .await;
}

#[tokio::test]
async fn who_may_not_change_installations_may_not_connect() {
    on_sqlite(async |pintle| {
        let (team, partner) = world(pintle).await;
        let id = partner.import("res-1", json!([])).await;
        let viewer = pintle.member(&team, "viewer", Role::Viewer).await;
        let path = format!("/v1/storage/stores/{id}/connections");
        viewer.post(&path, json!({ "projectId": "site" })).await.fails(403, "forbidden");
        assert_eq!(store(&viewer, &id).await["name"], "res-1");
        let manager = pintle.member(&team, "manager", Role::Viewer).await;
        pintle.extend(&manager, "IntegrationManager").await;
        manager.post(&path, json!({ "projectId": "site" })).await.ok(201);
    })
    .await;
}
