//! Products of native integrations: `/pintle/v1/integrations/{idOrSlug}/products`, and what the contract shows of them.

use pintle_testing::{Caller, on_each_engine, on_sqlite};
use serde_json::{Value, json};

const APPS: &str = "/pintle/v1/integrations";
const PRODUCTS: &str = "/pintle/v1/integrations/acme-db/products";

async fn native(team: &Caller) -> Value {
    let app = json!({ "name": "Acme DB", "kind": "marketplace", "scopes": [], "baseUrl": "https://partner.example/api" });
    team.post(APPS, app).await.ok(201)
}

/// One of each `ui:control`, with what each can have.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {
                "type": "string", "ui:control": "input", "ui:label": "Name", "ui:placeholder": "a name", "minLength": 2,
                "maxLength": 8, "pattern": "^[a-z]+$", "ui:description": { "expr": "1 + 1" },
            },
            "size": { "type": "number", "ui:control": "input", "minimum": 1, "exclusiveMaximum": 65, "default": 8 },
            "backups": { "type": "boolean", "ui:control": "toggle", "default": true, "ui:hidden": "update" },
            "cpu": {
                "type": "array", "ui:control": "slider", "ui:steps": [1, 2, 4, 8], "minItems": 1, "maxItems": 2,
                "items": { "type": "number", "minimum": 1, "maximum": 8 }, "default": [1, 2],
            },
            "tier": {
                "type": "string", "ui:control": "select", "default": "hobby", "ui:read-only": "update",
                "ui:options": [
                    { "value": "hobby", "label": "Hobby" },
                    { "value": "pro", "label": "Pro", "hidden": { "expr": "x" } },
                    { "value": "old", "label": "Old", "disabled": true },
                ],
            },
            "extensions": {
                "type": "array", "ui:control": "multi-select", "items": { "type": "string" }, "example": ["vector"],
                "ui:options": [{ "value": "vector", "label": "Vector" }, { "value": "cron", "label": "Cron" }],
            },
            "region": { "type": "string", "ui:control": "vercel-region", "ui:options": ["iad1", { "value": "fra1" }] },
            "replicas": {
                "type": "array", "ui:control": "multi-vercel-region", "items": { "type": "string" }, "default": ["fra1"],
                "ui:options": ["iad1", { "value": "fra1", "label": "Frankfurt" }],
            },
            "domain": { "type": "string", "ui:control": "domain" },
        },
        "required": ["name", "region"],
    })
}

/// What the contract's answers show of it.
fn plain_schema() -> Value {
    let mut schema = schema();
    let name = schema["properties"]["name"].as_object_mut().unwrap();
    name.retain(|rule, _| !["minLength", "maxLength", "pattern"].contains(&rule.as_str()));
    let iad1 = json!({ "value": "iad1", "label": "iad1" });
    schema["properties"]["region"]["ui:options"] = json!([iad1, { "value": "fra1", "label": "fra1" }]);
    schema["properties"]["replicas"]["ui:options"][0] = iad1;
    schema
}

fn whole() -> Value {
    json!({
        "name": "Acme Postgres", "slug": "acme-pg", "shortDescription": "Postgres", "plansDescription": "From $5 a month",
        "protocols": {
            "storage": { "status": "enabled", "repl": { "enabled": true, "supportsReadOnlyMode": true, "welcomeMessage": "Hi" } },
            "experimentation": { "status": "disabled", "edgeConfigSyncingSupport": true },
            "logDrain": {
                "status": "enabled", "endpoint": "https://partner.example/logs", "headers": { "a": "b" }, "format": "ndjson",
            },
            "traceDrain": { "status": "disabled", "endpoint": "https://partner.example/traces", "format": "proto" },
            "checks": { "status": "enabled" },
        },
        "primaryProtocol": "storage", "metadataSchema": schema(), "logo": "https://partner.example/logo.png",
        "tags": ["sql", "serverless"],
        "guides": [{
            "framework": "nextjs", "title": "Next.js", "steps": [{ "title": "Install", "content": "`npm i pg`" }],
        }],
        "resourceLinks": [{ "title": "Docs", "href": "https://partner.example/docs" }],
        "snippets": [{ "name": ".env", "language": "bash", "content": "URL={{process.env.DATABASE_URL}}" }],
        "deploymentActions": [{ "slug": "branch", "name": "Make a branch" }],
    })
}

#[tokio::test]
async fn a_product_is_registered_read_changed_and_deleted() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let app = native(&team).await;
        let made = team.post(PRODUCTS, whole()).await.ok(201);
        assert!(made["id"].as_str().unwrap().starts_with("iap_"), "{made}");
        assert_eq!(made["integrationId"], app["id"]);
        for (field, value) in whole().as_object().unwrap() {
            assert_eq!(&made[field], value, "{field}");
        }
        for name in ["acme-pg", made["id"].as_str().unwrap()] {
            assert_eq!(team.get(&format!("{PRODUCTS}/{name}")).await.ok(200), made);
        }
        pintle.clock.advance(1);
        let small = team.post(PRODUCTS, json!({ "name": "Acme KV" })).await.ok(201);
        assert_eq!(small["metadataSchema"], json!({ "type": "object", "properties": {} }));
        assert_eq!((&small["slug"], &small["protocols"]), (&json!("acme-kv"), &json!({})));
        assert_eq!(team.get(PRODUCTS).await.ok(200)["products"], json!([made, small]));
        team.post(PRODUCTS, whole()).await.fails(409, "slug_taken");
        team.patch(&format!("{PRODUCTS}/acme-kv"), json!({ "slug": "acme-pg" }))
            .await
            .fails(409, "slug_taken");

        let patch =
            json!({ "shortDescription": null, "tags": [], "metadataSchema": null, "primaryProtocol": null });
        let after = team.patch(&format!("{PRODUCTS}/acme-pg"), patch).await.ok(200);
        assert_eq!((after.get("shortDescription"), after.get("primaryProtocol")), (None, None));
        assert_eq!((&after["tags"], &after["metadataSchema"]), (&json!([]), &small["metadataSchema"]));
        assert_eq!((&after["guides"], &after["createdAt"]), (&made["guides"], &made["createdAt"]));
        assert!(after["updatedAt"].as_i64() > made["updatedAt"].as_i64());

        team.delete(&format!("{PRODUCTS}/acme-kv")).await.ok(204);
        team.get(&format!("{PRODUCTS}/acme-kv")).await.says(404, "not_found", "Product not found");
        team.delete(&format!("{PRODUCTS}/acme-kv")).await.fails(404, "not_found");
        let other = pintle.team("other").await;
        other.get(PRODUCTS).await.says(404, "not_found", "Integration not found");
        other.get(&format!("{PRODUCTS}/acme-pg")).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn only_native_integrations_have_products() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.post(APPS, json!({ "name": "Bridge" })).await.ok(201);
        team.post(&format!("{APPS}/bridge/products"), whole()).await.fails(409, "not_native");
        team.post(&format!("{APPS}/nothing/products"), whole()).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn an_installation_is_shown_what_it_can_have() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("dev").await;
        let app = native(&developer).await;
        let product = developer.post(PRODUCTS, whole()).await.ok(201);
        let team = pintle.team("acme").await;
        let partner = pintle.partner().await;
        partner.serve(pintle, app["id"].as_str().unwrap()).await;
        let path = "/v2/integrations/integration/acme-db/marketplace/install";
        let configuration = team.post(path, json!({})).await.ok(200)["id"].clone();
        let path = format!("/v1/integrations/configuration/{}/products", configuration.as_str().unwrap());
        let shown = json!({
            "products": [{
                "id": product["id"], "slug": "acme-pg", "name": "Acme Postgres", "protocols": product["protocols"],
                "primaryProtocol": "storage", "metadataSchema": plain_schema(),
            }],
            "integration": { "id": app["id"], "slug": "acme-db", "name": "Acme DB" },
            "configuration": { "id": configuration },
        });
        assert_eq!(team.get(&path).await.ok(200), shown);
        developer.get(&path).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn every_field_of_a_product_is_held_to_its_rule() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        native(&team).await;
        team.post(PRODUCTS, json!({ "name": "Good" })).await.ok(201);
        let many = |n: usize, item: Value| json!(vec![item; n]);
        let drain = json!({ "logDrain": { "status": "enabled", "endpoint": "ftp://x", "format": "json" } });
        let cases = [
            ("name", json!(""), "`name` should NOT be shorter"),
            ("name", json!("x".repeat(65)), "NOT be longer than 64"),
            ("slug", json!("a_b"), "`slug` should match pattern"),
            ("shortDescription", json!("x".repeat(257)), "NOT be longer than 256"),
            ("plansDescription", json!("x".repeat(30)), "NOT be longer than 29"),
            ("protocols", json!({ "email": { "status": "enabled" } }), "additional property `email`"),
            (
                "protocols",
                json!({ "ai": { "status": "on" } }),
                "`protocols.ai.status` should be equal to one of the allowed values \"enabled, disabled\"",
            ),
            ("protocols", json!({ "logDrain": { "status": "enabled" } }), "`protocols.logDrain.endpoint`"),
            ("protocols", drain, "`protocols.logDrain.endpoint` should match pattern"),
            ("primaryProtocol", json!("storage"), "should be one of the enabled `protocols`"),
            ("primaryProtocol", json!("email"), "one of the allowed values \"storage, experimentation, "),
            ("logo", json!("logo.png"), "`logo` should match pattern"),
            ("tags", json!(["a", "a"]), "duplicate items"),
            ("tags", json!([""]), "`tags[0]` should NOT be shorter"),
            (
                "guides",
                json!([{ "framework": "x", "title": "y", "steps": [] }]),
                "`guides[0].steps` should NOT have fewer",
            ),
            (
                "resourceLinks",
                json!([{ "title": "x", "href": "javascript:1" }]),
                "`resourceLinks[0].href` should match",
            ),
            (
                "snippets",
                many(7, json!({ "name": "a", "language": "b", "content": "c" })),
                "NOT have more than 6 items",
            ),
            (
                "deploymentActions",
                json!([{ "slug": "A", "name": "a" }]),
                "`deploymentActions[0].slug` should match",
            ),
            ("deploymentActions", many(2, json!({ "slug": "a", "name": "a" })), "duplicate items"),
            (
                "metadataSchema",
                json!({ "type": "object" }),
                "missing required property `metadataSchema.properties`",
            ),
            ("color", json!("red"), "additional property `color`"),
        ];
        for (field, value, text) in cases {
            let mut body = json!({ "name": "Other" });
            body[field] = value.clone();
            let error = team.post(PRODUCTS, body).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(text), "{field}: {error}");
            let error = team
                .patch(&format!("{PRODUCTS}/good"), json!({ field: value }))
                .await
                .fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(text), "{field}: {error}");
        }
        assert_eq!(team.get(PRODUCTS).await.ok(200)["products"].as_array().unwrap().len(), 1);
    })
    .await;
}
