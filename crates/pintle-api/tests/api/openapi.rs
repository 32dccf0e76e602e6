//! The document of the API is what the routes say.

use pintle_testing::on_sqlite;
use serde_json::Value;

/// Where it stands; with `PINTLE_WRITE_OPENAPI=1` the test writes it.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[tokio::test]
async fn the_document_says_what_the_routes_say() {
    on_sqlite(async |pintle| {
        let described = pintle_api::describe(&pintle.core).await;
        if std::env::var_os("PINTLE_WRITE_OPENAPI").is_some() {
            std::fs::write(FILE, &described).unwrap();
        }
        let written = std::fs::read_to_string(FILE).unwrap();
        let hint = "write it anew: PINTLE_WRITE_OPENAPI=1 cargo test -p pintle-api --test api openapi";
        for (written, described) in written.lines().zip(described.lines()) {
            assert_eq!(written, described, "{hint}");
        }
        assert!(written == described, "{hint}");
    })
    .await;
}

#[tokio::test]
async fn every_route_is_in_it() {
    on_sqlite(async |pintle| {
        let document: Value = serde_json::from_str(&pintle_api::describe(&pintle.core).await).unwrap();
        for route in pintle_api::routes() {
            let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
            assert_eq!(operation["operationId"], route.id);
        }
        let body = |path: &str| {
            &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        };
        let webhook = body("/v1/webhooks");
        assert_eq!(webhook["properties"]["url"]["type"], "string");
        assert!(webhook["required"].as_array().unwrap().contains(&"url".into()), "{webhook}");
        let environment = body("/v9/projects/{idOrName}/custom-environments");
        let matcher = &environment["properties"]["branchMatcher"]["properties"];
        assert_eq!(matcher["type"]["enum"], serde_json::json!(["equals", "startsWith", "endsWith"]));
        let list = document["paths"]["/v1/env"]["get"]["parameters"].as_array().unwrap();
        assert!(list.iter().any(|one| one["name"] == "exclude-ids" && one["in"] == "query"), "{list:?}");
    })
    .await;
}
