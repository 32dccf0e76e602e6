//! The two log-drain APIs, through the wire.

use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn one_drain_shows_through_all_three_apis() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        let body = json!({
            "name": "My first log drain", "url": "https://example.com/logs", "deliveryFormat": "ndjson",
            "sources": ["build", "edge"], "environments": ["production"], "headers": { "Authorization": "Bearer 123" },
            "secret": "a1Xsfd325fXcs",
        });
        let made = installed.caller.post("/v2/integrations/log-drains", body).await.ok(200);
        let id = made["id"].as_str().unwrap();
        assert!(id.starts_with("ld_") && id.len() == 19, "{id}");
        assert_eq!(made["configurationId"], installed.id.as_str());
        assert_eq!(made["clientId"], installed.integration.as_str());
        assert_eq!(made["createdFrom"], "integration");
        let source = json!({
            "kind": "integration", "integrationId": installed.integration,
            "integrationConfigurationId": installed.id,
        });
        assert_eq!(made["source"], source);
        assert_eq!(made["secret"], "a1Xsfd325fXcs");

        let list = installed.caller.get("/v2/integrations/log-drains").await.ok(200);
        let mut shown = made.clone();
        shown.as_object_mut().unwrap().remove("secret");
        assert_eq!(list, json!([shown]));
        assert_eq!(team.get("/v2/integrations/log-drains").await.ok(200), list);

        let drain = team.get(&format!("/v1/drains/{id}")).await.ok(200);
        let delivery = json!({
            "type": "http", "endpoint": "https://example.com/logs", "encoding": "ndjson",
            "headers": { "Authorization": "Bearer 123" },
        });
        assert_eq!(drain["delivery"], delivery);
        assert_eq!(drain["schemas"], json!({ "log": { "version": "v1" } }));
        let filter = json!({
            "version": "v2",
            "filter": {
                "type": "basic", "log": { "sources": ["build", "edge"] },
                "deployment": { "environments": ["production"] },
            },
        });
        assert_eq!(drain["filterV2"], filter);

        let configurable = team.get(&format!("/v1/log-drains/{id}")).await.ok(200);
        for (name, value) in drain.as_object().unwrap() {
            assert_eq!(&configurable[name], value, "{name}");
        }
        for name in ["url", "deliveryFormat", "sources", "environments", "headers"] {
            assert_eq!(configurable[name], made[name], "{name}");
        }
    })
    .await;
}
