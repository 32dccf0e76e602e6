//! Secrets: sealed, never shown, and the same in every connected project.

use super::{EVERYWHERE, connect, secret, store, variable, variables, world};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn connected_projects_follow_in_the_same_transaction() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        team.project("other").await;
        let secrets = json!([secret("URL", "one"), { "name": "KEY", "value": "k", "prefix": "ACME" }]);
        let id = partner.import("res-1", secrets).await;
        connect(&team, &id, "site", json!({})).await;
        connect(&team, &id, "other", json!({ "envVarPrefix": "DB", "envVarEnvironments": ["preview"] }))
            .await;
        let site = [variable("ACME_KEY", "k", EVERYWHERE), variable("URL", "one", EVERYWHERE)];
        assert_eq!(variables(&team, "site").await, site);
        let other = [variable("DB_KEY", "k", "preview"), variable("DB_URL", "one", "preview")];
        assert_eq!(variables(&team, "other").await, other);

        // The given ones over those that it had.
        let partial = json!({ "secrets": [secret("URL", "two"), secret("NEW", "n")], "partial": true });
        let answer = partner.set_secrets("res-1", partial).await;
        assert_eq!((answer.status, answer.text.as_str()), (201, ""));
        let site = [
            variable("ACME_KEY", "k", EVERYWHERE),
            variable("NEW", "n", EVERYWHERE),
            variable("URL", "two", EVERYWHERE),
        ];
        assert_eq!(variables(&team, "site").await, site);
        let updated = pintle.outbox("project.env-variable.updated").await;
        assert_eq!(updated.len(), 2, "one in each project; what stayed is no news");

        // These and no others, by the older path.
        let path = format!("/v1/installations/{}/products/db/resources/res-1/secrets", partner.id);
        let full = json!({ "secrets": [
            { "name": "URL", "value": "two", "environmentOverrides": { "development": "local" } },
        ] });
        super::put(&partner, &path, full).await.ok(201);
        let site = [variable("URL", "local", "development"), variable("URL", "two", "production preview")];
        assert_eq!(variables(&team, "site").await, site);
        assert_eq!(variables(&team, "other").await, [variable("DB_URL", "two", "preview")]);
        assert_eq!(store(&team, &id).await["secrets"], json!([{ "name": "URL", "length": 3 }]));
        let wrong = path.replace("/products/db/", "/products/none/");
        super::put(&partner, &wrong, json!({ "secrets": [] })).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_a_connected_project_has_changes_nothing_at_all() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        team.project("other").await;
        let id = partner.import("res-1", json!([secret("URL", "one")])).await;
        connect(&team, &id, "other", json!({})).await;
        connect(&team, &id, "site", json!({})).await;
        let own = json!({ "key": "TAKEN", "value": "x", "type": "plain", "target": ["preview"] });
        team.post("/v10/projects/site/env", own).await.ok(201);
        let before = (variables(&team, "site").await, variables(&team, "other").await);
        let new = json!({ "secrets": [secret("URL", "two"), secret("TAKEN", "y")] });
        let error = partner.set_secrets("res-1", new).await.fails(409, "ENV_CONFLICT");
        assert_eq!(error["envVarKey"], "TAKEN");
        assert!(error["message"].as_str().unwrap().starts_with("Project site: "), "{error}");
        assert_eq!((variables(&team, "site").await, variables(&team, "other").await), before);
        assert_eq!(store(&team, &id).await["secrets"].as_array().unwrap().len(), 1);
        // The same as part of an update, which changes nothing else either.
        let update = json!({ "status": "error", "secrets": [secret("TAKEN", "y")] });
        partner.caller.patch(&partner.resource("res-1"), update).await.fails(409, "ENV_CONFLICT");
        assert_eq!(store(&team, &id).await["status"], "available");
    })
    .await;
}

#[tokio::test]
async fn no_row_has_them_readable() {
    on_each_engine(async |pintle| {
        let (team, partner) = world(pintle).await;
        let secrets = json!([{ "name": "URL", "value": "a-secret-value", "environmentOverrides": { "preview": "another-secret-value" } }]);
        let id = partner.import("res-1", secrets).await;
        connect(&team, &id, "site", json!({})).await;
        let conn = pintle.core.db.read().await.unwrap();
        for table in ["resources", "resource_connections", "envs", "events", "delivery_contents"] {
            let rows: Vec<(String,)> = conn.all(&format!("SELECT doc FROM {table}"), &[]).await.unwrap();
            assert!(rows.iter().all(|(doc,)| !doc.contains("secret-value")), "{table}");
        }
        let listed = team.get("/v9/projects/site/env").await.ok(200);
        assert!(!listed.to_string().contains("secret-value"), "{listed}");
        let answers = [team.get("/v1/storage/stores").await, team.get(&format!("/v1/storage/stores/{id}")).await];
        assert!(answers.iter().all(|answer| !answer.text.contains("secret-value")));
    })
    .await;
}
