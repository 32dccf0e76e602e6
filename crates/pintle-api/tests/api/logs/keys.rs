//! Log keys, and the other tokens that feed.

use super::Source;
use axum::http::Method;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::json;

#[tokio::test]
async fn a_key_shows_once_and_feeds_until_it_is_deleted() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        assert!(source.key.starts_with("pin_") && source.key.len() == 42, "{}", source.key);
        source.send(pintle, r#"{"message":"one"}"#).await.ok(200);

        let path = format!("/pintle/v1/projects/{}/log-keys", source.project);
        let keys = source.team.get(&path).await.ok(200);
        let key = &keys["logKeys"][0];
        assert_eq!(key["name"], "collector");
        assert_eq!(key["projectId"], source.project);
        assert_eq!(key["suffix"], source.key[38..]);
        assert!(!keys.to_string().contains(&source.key));

        let path = format!("{path}/{}", key["id"].as_str().unwrap());
        assert_eq!(source.team.delete(&path).await.status, 204);
        source.team.delete(&path).await.says(404, "not_found", "Log key not found");
        let error = source.send(pintle, r#"{"message":"two"}"#).await.fails(403, "forbidden");
        assert_eq!(error["invalidToken"], true);
        assert_eq!(source.lines(pintle).await.len(), 1);

        let events = source.team.get("/v3/events").await.ok(200);
        let texts: Vec<&str> =
            events["events"].as_array().unwrap().iter().filter_map(|e| e["text"].as_str()).collect();
        assert!(texts.contains(&"acme-owner created log key collector"), "{texts:?}");
        assert!(texts.contains(&"acme-owner deleted log key collector"), "{texts:?}");
    })
    .await;
}

#[tokio::test]
async fn a_key_is_good_for_nothing_else() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let caller = source.team.with_token(&source.key);
        for path in ["/v2/user", "/v9/projects", "/v1/drains"] {
            let error = caller.get(path).await.fails(403, "forbidden");
            assert_eq!(error["invalidToken"], true, "{path}");
        }
        let other = source.team.project("other").await;
        let named = |id: &str| format!("/pintle/v1/logs?projectId={id}");
        let line = r#"{"message":"one"}"#;
        source.send_to(pintle, &named(&other), &[], line).await.says(404, "not_found", "Project not found");
        source.send_to(pintle, &named(&source.project), &[], line).await.ok(200);
        source.send_to(pintle, &named("shop"), &[], line).await.ok(200);
        let gone = source.team.delete(&format!("/v9/projects/{}", source.project)).await;
        assert_eq!(gone.status, 204);
        source.send(pintle, line).await.fails(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn any_other_token_names_the_project() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let line = || json!({ "message": "hello" });
        let answer = source.team.post("/pintle/v1/logs", line()).await;
        answer.says(400, "bad_request", "Invalid request: missing required property `projectId`.");
        let path = format!("/pintle/v1/logs?projectId={}", source.project);
        let answer = source.team.post(&path, line()).await.ok(200);
        assert_eq!(answer, json!({ "accepted": 1, "rejected": 0, "errors": [] }));
        let app = source.team.install_with("feeder", &["read-write:deployment"], json!({})).await;
        app.caller.post("/pintle/v1/logs?projectId=shop", line()).await.ok(200);
        let other = pintle.team("other").await;
        other.post(&path, line()).await.says(404, "not_found", "Project not found");
        assert_eq!(source.lines(pintle).await.len(), 2);
        let nobody = source.team.with_token("").without_team();
        let error = nobody.request(Method::POST, &path, Some(line())).await.fails(403, "forbidden");
        assert_eq!(error["missingToken"], true);
    })
    .await;
}
