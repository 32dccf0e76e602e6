use super::made;
use axum::http::Method;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

#[tokio::test]
async fn show_once_and_are_deleted_by_value_or_id() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let path = made(&team, json!({})).await;
        let create = async |label: &str| team.post(&format!("{path}/token"), json!({ "label": label })).await;
        team.get(&format!("{path}/tokens")).await.fails(404, "not_found");
        let newer = format!("{}/tokens", path.replace("edge-config", "global-config"));
        assert_eq!(team.get(&newer).await.ok(200), json!([]));
        let first = create("first").await.ok(201);
        pintle.clock.advance(1);
        let second = create("second").await.ok(201);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let secret = text(&first["token"]);
        let list = team.get(&newer).await;
        assert!(!list.text.contains(&secret), "{}", list.text);
        let list = list.ok(200);
        assert_eq!((&list[0]["label"], &list[1]["label"]), (&json!("second"), &json!("first")));
        let partial = format!("ect_****{}", &secret[secret.len() - 4..]);
        assert_eq!((&list[1]["partialToken"], &list[1]["token"]), (&json!(partial), &json!(partial)));
        // The contract has one where newer clients have a list.
        let one = team.get(&format!("{path}/tokens")).await.ok(200);
        assert_eq!((&one["id"], &one["tokens"]), (&second["id"], &list));
        let by_value = team.get(&format!("{path}/token/{secret}")).await.ok(200);
        assert_eq!((&by_value["id"], &by_value["token"]), (&first["id"], &json!(secret)));
        let by_id = team.get(&format!("{path}/token/{}", text(&first["id"]))).await.ok(200);
        assert_eq!(by_id, list[1]);
        let remove =
            async |body: Value| team.request(Method::DELETE, &format!("{path}/tokens"), Some(body)).await;
        remove(json!({})).await.says(
            400,
            "bad_request",
            "Invalid request: missing required property `tokens`.",
        );
        remove(json!({ "tokens": [secret, "unknown"] })).await.fails(404, "not_found");
        assert_eq!(team.get(&newer).await.ok(200), list);
        remove(json!({ "tokens": [] })).await.ok(204);
        remove(json!({ "tokens": [secret, secret], "ids": [first["id"]] })).await.ok(204);
        team.get(&format!("{path}/token/{secret}")).await.fails(404, "not_found");
        remove(json!({ "ids": [second["id"]] })).await.ok(204);
        assert_eq!(team.get(&newer).await.ok(200), json!([]));
        create(&"x".repeat(53)).await.fails(400, "bad_request");
        assert_eq!(pintle.audited("edge-config-token-created").await, 2);
        assert_eq!(pintle.audited("edge-config-token-deleted").await, 2);
    })
    .await;
}

#[tokio::test]
async fn are_a_hundred_at_most_and_only_of_their_own_edge_config() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let [path, other] = [made(&team, json!({})).await, made(&team, json!({})).await];
        let create = async || team.post(&format!("{path}/token"), json!({ "label": "" })).await;
        let mut last = Value::Null;
        for _ in 0..100 {
            last = create().await.ok(201);
        }
        create().await.fails(400, "edge_config_tokens_limit_reached");
        let token = last["token"].as_str().unwrap();
        team.get(&format!("{other}/token/{token}")).await.fails(404, "not_found");
        let body = json!({ "tokens": [token] });
        team.request(Method::DELETE, &format!("{other}/tokens"), Some(body)).await.fails(404, "not_found");
    })
    .await;
}
