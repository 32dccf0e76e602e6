use super::{made, patched};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn holds_for_every_write() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({ "dark": true })).await;
        let at = format!("{path}/schema");
        team.get(&at).await.fails(404, "not_found");
        team.delete(&at).await.fails(404, "not_found");
        let strict = json!({ "type": "object", "additionalProperties": { "type": "boolean" } });
        let dry = team.post(&format!("{at}?dryRun=1"), json!({ "definition": strict })).await;
        assert_eq!(dry.ok(200), strict);
        team.get(&at).await.fails(404, "not_found");
        assert_eq!(team.post(&at, json!({ "definition": strict })).await.ok(200), strict);
        assert_eq!(team.get(&at).await.ok(200), strict);
        assert_eq!(team.get(&path).await.ok(200)["schema"], strict);
        assert_eq!(team.get("/v1/edge-config").await.ok(200)[0]["schema"], strict);
        let wrong = json!([{ "operation": "upsert", "key": "dark", "value": "yes" }]);
        patched(&team, &path, wrong.clone()).await.says(
            400,
            "schema_validation_failed",
            "The items do not fit the schema: `dark` should be boolean",
        );
        patched(&team, &path, json!([{ "operation": "upsert", "key": "dark", "value": false }]))
            .await
            .ok(200);
        team.delete(&at).await.ok(204);
        team.get(&at).await.fails(404, "not_found");
        assert_eq!(team.get(&path).await.ok(200).get("schema"), None);
        patched(&team, &path, wrong).await.ok(200);
        // What is there must fit it.
        team.post(&at, json!({ "definition": strict })).await.fails(400, "schema_validation_failed");
        assert_eq!(pintle.audited("edge-config-schema-updated").await, 1);
        assert_eq!(pintle.audited("edge-config-schema-deleted").await, 1);
    })
    .await;
}

#[tokio::test]
async fn that_is_none_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let at = format!("{}/schema", made(&team, json!({})).await);
        let cases = [
            (json!(true), "`definition` should be object."),
            (
                json!({ "type": "text" }),
                "`definition` is no schema: `type` should be a type or a list of types.",
            ),
            (
                json!({ "$ref": "https://example.com" }),
                "`definition` is no schema: `$ref` should name a place in this schema, as `#/$defs/name`.",
            ),
            (
                json!({ "description": "x".repeat(64 << 10) }),
                "`definition` should NOT be larger than 65536 bytes.",
            ),
        ];
        for (definition, message) in cases {
            let message = format!("Invalid request: {message}");
            team.post(&at, json!({ "definition": definition })).await.says(400, "bad_request", &message);
        }
        team.post(&at, json!({})).await.fails(400, "bad_request");
        team.post(&format!("{at}?dryRun=maybe"), json!({ "definition": {} })).await.fails(400, "bad_request");
        team.get(&at).await.fails(404, "not_found");
    })
    .await;
}
