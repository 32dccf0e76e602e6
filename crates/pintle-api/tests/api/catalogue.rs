//! What the command line reads of integrations: `/v2/integrations/…`.

use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

const APPS: &str = "/pintle/v1/integrations";

fn slugs(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["slug"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_integration_is_shown_with_its_products() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("dev").await;
        let app = json!({
            "name": "Acme DB", "kind": "marketplace", "baseUrl": "https://partner.example", "eulaUrl": "https://partner.example/eula",
            "privacyUrl": "https://partner.example/privacy", "description": "Databases", "icon": "icon",
            "listing": { "shortDescription": "DBs", "category": "databases" },
        });
        let app = developer.post(APPS, app).await.ok(201);
        let product = json!({
            "name": "Acme PG", "shortDescription": "Postgres", "tags": ["sql"],
            "protocols": {
                "storage": { "status": "enabled" }, "ai": { "status": "disabled" },
                "logDrain": { "status": "enabled", "endpoint": "https://partner.example/logs", "headers": { "key": "s3cret" }, "format": "json" },
            },
            "snippets": [{ "name": "a", "language": "b", "content": "c" }],
        });
        let product = developer.post(&format!("{APPS}/acme-db/products"), product).await.ok(201);
        let shown = json!({
            "id": app["id"], "slug": "acme-db", "name": "Acme DB", "icon": "icon", "shortDescription": "DBs",
            "description": "Databases", "eulaDocUri": "https://partner.example/eula",
            "privacyDocUri": "https://partner.example/privacy", "isMarketplace": true, "canInstall": true,
            "installationLevelBillingPlans": false, "tagIds": ["tag_databases"],
            "products": [{
                "id": product["id"], "slug": "acme-pg", "name": "Acme PG", "shortDescription": "Postgres",
                "protocols": ["storage", "logDrain"], "metadataSchema": product["metadataSchema"], "tags": ["sql"],
                "guides": [], "resourceLinks": [], "snippets": product["snippets"],
            }],
        });
        let team = pintle.team("acme").await;
        for name in ["acme-db", app["id"].as_str().unwrap()] {
            assert_eq!(team.get(&format!("/v2/integrations/integration/{name}")).await.ok(200), shown);
        }
        team.get("/v2/integrations/integration/none").await.says(404, "not_found", "Integration not found");
        let without_team = team.without_team().get("/v2/integrations/integration/acme-db").await.ok(200);
        assert_eq!(without_team, shown);
    })
    .await;
}

#[tokio::test]
async fn the_catalogue_has_what_is_listed_and_what_is_ones_own() {
    on_sqlite(async |pintle| {
        let developer = pintle.team("dev").await;
        let apps = [
            json!({ "name": "Listed DB", "kind": "marketplace", "listing": { "listed": true, "category": "databases" } }),
            json!({ "name": "Listed Bridge", "listing": { "listed": true, "category": "ai-tools" } }),
            json!({ "name": "Own", "kind": "marketplace", "listing": { "category": "logging" } }),
        ];
        for app in apps {
            developer.post(APPS, app).await.ok(201);
        }
        let team = pintle.team("acme").await;
        let list = "/v2/integrations/integrations";
        let all = team.get(list).await.ok(200);
        assert_eq!(slugs(&all), ["listed-bridge", "listed-db"]);
        assert_eq!((&all[0]["isMarketplace"], &all[0]["canInstall"]), (&json!(false), &json!(true)));
        assert_eq!((&all[1]["isMarketplace"], &all[1]["canInstall"]), (&json!(true), &json!(false)), "without a baseUrl");
        assert_eq!(slugs(&developer.get(list).await.ok(200)), ["listed-bridge", "listed-db", "own"]);
        let filtered = [
            ("integrationType=marketplace", vec!["listed-db"]),
            ("integrationType=external", vec!["listed-bridge"]),
            ("category=ai-tools&category=databases", vec!["listed-bridge", "listed-db"]),
            ("category=ai-tools&integrationType=marketplace", vec![]),
        ];
        for (query, expected) in filtered {
            assert_eq!(slugs(&team.get(&format!("{list}?{query}")).await.ok(200)), expected, "{query}");
        }
        team.get(&format!("{list}?integrationType=native")).await.fails(400, "bad_request");
        let categories = team.get("/v2/integrations/categories").await.ok(200);
        let shown = json!([
            { "id": "tag_ai-tools", "slug": "ai-tools", "title": "Ai Tools" },
            { "id": "tag_databases", "slug": "databases", "title": "Databases" },
        ]);
        assert_eq!(categories, shown);
    })
    .await;
}
