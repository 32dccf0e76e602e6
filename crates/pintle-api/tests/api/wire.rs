//! What every route has in common: prefixes and versions, HEAD, content types, headers, and what happens to bad requests.

use axum::body::Body;
use axum::http::{Method, Request};
use pintle_testing::{Caller, on_each_engine, on_sqlite};
use serde_json::json;

/// A request that is not the ordinary kind: chosen headers, a body as it is.
fn raw(caller: &Caller, method: Method, path: &str, content_type: &str, body: &str) -> Request<Body> {
    let team = caller.team.as_ref().unwrap();
    Request::builder()
        .method(method)
        .uri(format!("{path}?teamId={team}"))
        .header("authorization", format!("Bearer {}", caller.token))
        .header("content-type", content_type)
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn a_route_answers_under_any_version_without_one_and_below_api() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let body = json!({ "url": "https://example.com", "events": ["project.created"] });
        let hook = team.post("/v1/webhooks", body).await.ok(200);
        let id = hook["id"].as_str().unwrap();
        for prefix in ["/v1", "/v4", "/v13", "", "/api", "/api/v1", "/now", "/v3/now"] {
            assert_eq!(
                team.get(&format!("{prefix}/webhooks/{id}")).await.ok(200)["id"],
                hook["id"],
                "{prefix}"
            );
        }
        assert_eq!(
            team.get(&format!("/v1/webhooks/{id}/")).await.ok(200)["id"],
            hook["id"],
            "a trailing slash"
        );
    })
    .await;
}

#[tokio::test]
async fn json_is_taken_whatever_the_content_type_says() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let body = r#"{ "url": "https://example.com", "events": ["project.created"] }"#;
        for content_type in ["text/plain;charset=UTF-8", "application/json", "application/octet-stream"] {
            pintle.send(raw(&team, Method::POST, "/v1/webhooks", content_type, body)).await.ok(200);
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_has_the_platforms_headers_and_a_204_has_no_content_type() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let body = json!({ "url": "https://example.com", "events": ["project.created"] });
        let made = team.post("/v1/webhooks", body).await;
        assert_eq!(made.header("content-type"), Some("application/json; charset=utf-8"));
        let (region, rest) = made.header("x-vercel-id").unwrap().split_once("::").unwrap();
        assert!(!region.is_empty() && rest.split('-').count() == 3, "{region}::{rest}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let gone = team.delete(&format!("/v1/webhooks/{id}")).await;
        assert_eq!((gone.status, gone.text.as_str(), gone.header("content-type")), (204, "", None));
    })
    .await;
}

#[tokio::test]
async fn head_is_answered_where_get_is() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        assert_eq!(
            pintle.send(raw(&team, Method::HEAD, "/v1/webhooks", "application/json", "")).await.status,
            200
        );
        let missing = raw(&team, Method::HEAD, "/v1/webhooks/account_hook_none", "application/json", "");
        assert_eq!(pintle.send(missing).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_bad_request_gets_a_clear_answer() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        team.get("/v1/no-such-thing").await.fails(404, "not_found");
        team.request(Method::PUT, "/v1/webhooks", None).await.fails(405, "method_unknown");
        let post = |body: &'static str| {
            pintle.send(raw(&team, Method::POST, "/v1/webhooks", "application/json", body))
        };
        let error = post(r#"{ "url": "#).await.fails(400, "bad_request");
        assert!(error["message"].as_str().unwrap().starts_with("Invalid JSON: "), "{error}");
        post("").await.says(400, "bad_request", "Invalid request: missing required property `url`.");
        post("[]").await.says(400, "bad_request", "Invalid request: should be object.");
        post("{} {}").await.fails(400, "bad_request");
        let large = Box::leak("x".repeat((8 << 20) + 1).into_boxed_str());
        post(large).await.fails(413, "request_entity_too_large");
        assert_eq!(team.get("/v1/webhooks").await.ok(200), json!([]), "nothing was made");
    })
    .await;
}
