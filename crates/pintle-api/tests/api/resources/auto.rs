//! auto-provision, which command lines call.

use super::world;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

const PATH: &str = "/v1/integrations/integration/acme-db/marketplace/auto-provision/db";

#[tokio::test]
async fn one_request_makes_a_resource() {
    on_each_engine(async |pintle| {
        let (team, installed) = world(pintle).await;
        let _server = pintle.partner_of(&installed).await;
        let made = team
            .post(PATH, json!({ "name": "main", "metadata": {}, "acceptedPolicies": {}, "source": "cli" }))
            .await
            .ok(201);
        assert_eq!(
            (
                &made["kind"],
                &made["installation"]["id"],
                &made["integration"]["slug"],
                &made["product"]["slug"]
            ),
            (&json!("provisioned"), &json!(installed.id), &json!("acme-db"), &json!("db"))
        );
        assert_eq!(
            (&made["resource"]["status"], &made["resource"]["secretKeys"], &made["billingPlan"]["id"]),
            (&json!("available"), &json!(["DATABASE_URL", "API_KEY"]), &json!("free"))
        );
        let id = made["resource"]["id"].as_str().unwrap();
        team.get(&format!("/v1/storage/stores/{id}")).await.ok(200);
        team.post(PATH, json!({ "name": "main" })).await.fails(409, "conflict");
        let wrong = PATH.replace("/db", "/none");
        team.post(&wrong, json!({ "name": "other" })).await.fails(404, "not_found");
    })
    .await;
}

/// What a command line reads of a 422: the keys stand inside `error`, and beside it.
fn reasons(error: &Value) -> (&str, &str) {
    (error["kind"].as_str().unwrap(), error["reason"].as_str().unwrap())
}

#[tokio::test]
async fn where_a_person_must_decide_it_says_what() {
    on_each_engine(async |pintle| {
        let (team, installed) = world(pintle).await;
        let _server = pintle.partner_of(&installed).await;
        let product = format!("/pintle/v1/integrations/{}/products/db", installed.integration);
        let schema = json!({ "type": "object", "required": ["region"], "properties": {
            "region": { "type": "string", "ui:control": "input" },
        } });
        team.patch(&product, json!({ "metadataSchema": schema })).await.ok(200);
        let answer = team.post(PATH, json!({ "name": "main" })).await;
        let body = answer.json();
        let error = answer.fails(422, "additional_setup_required");
        assert_eq!(reasons(&error), ("metadata", "metadata_invalid"));
        for key in ["kind", "url", "integration", "product", "error_message"] {
            assert_eq!(body[key], error[key], "{key}");
        }
        assert_eq!(error["url"], "http://pintle.test/integrations/acme-db/new");
        let with = |more: Value| {
            let mut body = json!({ "name": "main", "metadata": { "region": "x" } });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let error = team.post(PATH, with(json!({ "billingPlanId": "none" }))).await;
        let error = error.fails(422, "additional_setup_required");
        assert_eq!(reasons(&error), ("unknown", "billing_plan_required"));
        // Not installed yet, with policies that nobody has accepted.
        let app = format!("/pintle/v1/integrations/{}", installed.integration);
        team.patch(&app, json!({ "eulaUrl": "https://example.com/eula" })).await.ok(200);
        let other = pintle.team("other").await;
        let error = other.post(PATH, with(json!({}))).await.fails(422, "additional_setup_required");
        assert_eq!(reasons(&error), ("unknown", "policies_not_accepted"));
        let accepted = json!({ "acceptedPolicies": { "eula": "2026-01-01T00:00:00Z" } });
        let made = other.post(PATH, with(accepted)).await.ok(201);
        assert_ne!(made["installation"]["id"], json!(installed.id));
    })
    .await;
}
