//! getRuntimeLogs and the tail.

use super::Source;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use pintle_core::{Conn, credential};
use pintle_store::params;
use pintle_testing::{Answer, Caller, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};
use std::time::Duration;

fn objects(answer: Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A body that is still being written.
struct Open(Body);

impl Open {
    async fn get(pintle: &Pintle, caller: &Caller, path: &str) -> Self {
        let joiner = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{joiner}teamId={}", caller.team.as_ref().unwrap());
        let bearer = format!("Bearer {}", caller.token);
        let request = Request::get(path).header("authorization", bearer).body(Body::empty()).unwrap();
        let answer = pintle.api.answer(request).await;
        assert_eq!(answer.status(), 200);
        Self(answer.into_body())
    }

    async fn next(&mut self) -> Vec<Value> {
        let frame =
            tokio::time::timeout(Duration::from_secs(10), self.0.frame()).await.expect("a piece in time");
        let text = frame.unwrap().unwrap().into_data().unwrap();
        std::str::from_utf8(&text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Whether it ends before anything more comes.
    async fn ends(&mut self) -> bool {
        let frame = tokio::time::timeout(Duration::from_secs(10), self.0.frame()).await;
        frame.expect("an end in time").is_none()
    }

    async fn is_quiet(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(100), self.0.frame()).await.is_err()
    }
}

#[tokio::test]
async fn a_deployment_shows_its_lines_in_the_contracts_words() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let changed = |changes: Value| {
            let mut line = source.line("hello");
            line.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            line
        };
        let lines = [
            changed(json!({ "level": "fatal", "statusCode": 500, "path": "api/hello", "proxy": { "method": "GET" } })),
            changed(json!({ "source": "edge", "level": "warning" })),
            changed(json!({ "source": "edge", "type": "middleware-invocation" })),
            changed(json!({ "source": "redirect", "proxy": { "path": "/old", "statusCode": 308, "method": "GET" } })),
            changed(json!({ "source": "build" })),
            changed(json!({ "deploymentId": "dpl_two", "message": "\u{e9}".repeat(200_000) })),
            changed(json!({ "type": "delimiter" })),
        ];
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        source.send(pintle, body).await.ok(200);
        let path = |deployment: &str| {
            format!("/v1/projects/shop/deployments/{deployment}/runtime-logs?follow=false")
        };
        let answer = source.team.get(&path("dpl_one")).await;
        assert_eq!(answer.header("content-type"), Some("application/stream+json"));
        let rows = objects(answer);
        let expected = json!({
            "level": "error", "message": "hello", "rowId": "1573817187330377061717300000", "source": "serverless",
            "timestampInMs": 1_573_817_187_330_i64, "domain": "shop.example", "messageTruncated": false,
            "requestMethod": "GET", "requestPath": "/api/hello", "responseStatusCode": 500,
        });
        assert_eq!(rows[0], expected);
        let seen: Vec<[&Value; 4]> = rows
            .iter()
            .map(|row| ["source", "level", "requestPath", "responseStatusCode"].map(|key| &row[key]))
            .collect();
        assert_eq!(seen[1..], [
            [&json!("edge-function"), &json!("warning"), &json!(""), &json!(0)],
            [&json!("edge-middleware"), &json!("info"), &json!(""), &json!(0)],
            [&json!("request"), &json!("info"), &json!("/old"), &json!(308)],
            [&json!("delimiter"), &json!("info"), &json!(""), &json!(0)],
        ]);
        let two = objects(source.team.get(&path("dpl_two")).await);
        assert_eq!((two.len(), &two[0]["messageTruncated"]), (1, &json!(true)));

        source.team.get(&path("dpl_none")).await.says(404, "not_found", "Deployment not found");
        let other = source.team.project("other").await;
        let path = format!("/v1/projects/{other}/deployments/dpl_one/runtime-logs");
        source.team.get(&path).await.says(404, "not_found", "Deployment not found");
    })
    .await;
}

#[tokio::test]
async fn a_deployment_is_followed_while_it_logs() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        source.send(pintle, source.line("past").to_string()).await.ok(200);
        let path = "/v1/projects/shop/deployments/dpl_one/runtime-logs";
        let mut open = Open::get(pintle, &source.team, path).await;
        assert_eq!(open.next().await[0]["message"], "past");
        assert!(open.is_quiet().await);
        source.send(pintle, source.line("live").to_string()).await.ok(200);
        assert_eq!(open.next().await[0]["message"], "live");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_read_any_more_is_sent_nothing_more() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        source.send(pintle, source.line("past").to_string()).await.ok(200);
        for path in ["/pintle/v1/logs?follow=1", "/v1/projects/shop/deployments/dpl_one/runtime-logs"] {
            let mut open = Open::get(pintle, &source.team, path).await;
            let mut left = Open::get(pintle, &source.team, path).await;
            assert_eq!(open.next().await.last().unwrap()["message"], "past");
            left.next().await;
            // As every way to take a token away does.
            let token = credential::hash(&source.team.token);
            let end = |at: Option<i64>| {
                let token = token.clone();
                let set = async move |tx: &Conn| {
                    let sql = "UPDATE tokens SET expires_at = $2 WHERE id = $1";
                    Ok::<_, pintle_core::Error>(tx.execute(sql, &params![&token, at]).await?)
                };
                pintle.core.db.write(set)
            };
            assert_eq!(end(Some(1)).await.unwrap(), 1);
            source.send(pintle, source.line("secret").to_string()).await.ok(200);
            assert!(open.ends().await, "{path}");
            // Where nothing comes either.
            assert!(left.ends().await, "{path}");
            end(None).await.unwrap();
            source.send(pintle, source.line("past").to_string()).await.ok(200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_tail_begins_with_the_last_lines() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let other = source.team.project("other").await;
        for batch in 0..3 {
            let body: String = (0..4).map(|n| format!("{{\"message\":\"{batch}-{n}\"}}\n")).collect();
            source.send(pintle, body).await.ok(200);
        }
        let elsewhere = format!("/pintle/v1/logs?projectId={other}");
        source.team.post(&elsewhere, json!({ "message": "elsewhere" })).await.ok(200);
        let messages = async |query: &str| {
            let answer = source.team.get(&format!("/pintle/v1/logs{query}")).await;
            assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
            let messages =
                objects(answer).into_iter().map(|line| line["message"].as_str().unwrap().to_owned());
            messages.collect::<Vec<_>>()
        };
        assert_eq!(messages("?limit=2").await, ["2-3", "elsewhere"]);
        assert_eq!(messages("?projectId=shop&limit=6").await, ["1-2", "1-3", "2-0", "2-1", "2-2", "2-3"]);
        assert_eq!(messages("?projectId=shop").await.len(), 12);
        assert_eq!(messages("?limit=0").await, [""; 0]);

        let mut open =
            Open::get(pintle, &source.team, "/pintle/v1/logs?projectId=shop&limit=1&follow=1").await;
        assert_eq!(open.next().await[0]["message"], "2-3");
        source.team.post(&elsewhere, json!({ "message": "elsewhere" })).await.ok(200);
        assert!(open.is_quiet().await);
        source.send(pintle, "{\"message\":\"live\"}").await.ok(200);
        assert_eq!(open.next().await[0]["message"], "live");
    })
    .await;
}

#[tokio::test]
async fn who_sees_only_some_projects_must_name_one() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        source.send(pintle, "{\"message\":\"one\"}").await.ok(200);
        let app =
            source.team.install_with("reader", &["read:deployment"], json!({ "projects": [source.project] }));
        let app = app.await.caller;
        app.get("/pintle/v1/logs").await.fails(400, "bad_request");
        assert_eq!(objects(app.get("/pintle/v1/logs?projectId=shop").await).len(), 1);
    })
    .await;
}
