//! Faults that a developer orders for Pintle's own operations.

use pintle_api::Options;
use pintle_core::faults;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PATH: &str = "/pintle/v1/faults";

async fn order(caller: &Caller, fault: Value) -> String {
    caller.post(PATH, fault).await.ok(201)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_operation_fails_so_many_times_and_then_succeeds() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        assert_eq!(ada.get("/v2/teams").await.header("x-pintle-faults"), None);
        let id =
            order(&ada, json!({ "route": "getTeams", "status": 503, "times": 2, "retryAfter": 7 })).await;
        let listed = ada.get(PATH).await.ok(200);
        assert_eq!(listed["faults"][0]["id"], id.as_str());
        assert_eq!((&listed["faults"][0]["times"], &listed["faults"][0]["met"]), (&json!(2), &json!(0)));

        for left in [2, 1] {
            let answer = ada.get("/v2/teams").await;
            let named = format!("getTeams id={id} status=503 retryAfter=7 times={left}");
            assert_eq!(answer.header("x-pintle-faults"), Some(named.as_str()));
            assert_eq!(answer.header("retry-after"), Some("7"));
            answer.fails(503, "service_unavailable");
        }
        let answer = ada.get("/v2/teams").await;
        assert_eq!((answer.status, answer.header("x-pintle-faults")), (200, None));
        assert_eq!(ada.get(PATH).await.ok(200), json!({ "faults": [] }));
    })
    .await;
}

#[tokio::test]
async fn an_operation_is_named_by_its_path_too_and_others_are_spared() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let made = ada.post(PATH, json!({ "route": "get /v1/webhooks/any", "status": 500 })).await.ok(201);
        assert_eq!(made["route"], "getWebhook");
        let answer = ada.get("/v2/webhooks/account_hook_none").await;
        answer.fails(500, "internal_server_error");
        let answer = ada.get("/v1/webhooks").await;
        let named = format!("getWebhook id={} status=500", made["id"].as_str().unwrap());
        assert_eq!((answer.status, answer.header("x-pintle-faults")), (200, Some(named.as_str())));
        assert_eq!(ada.get(PATH).await.ok(200)["faults"][0]["met"], 1);
    })
    .await;
}

#[tokio::test]
async fn too_many_requests_has_the_contracts_body() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        order(&ada, json!({ "route": "getTeams", "status": 429, "retryAfter": 30, "times": 1 })).await;
        let answer = ada.get("/v2/teams").await;
        assert_eq!(answer.header("retry-after"), Some("30"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
        let reset: i64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
        let error = answer.fails(429, "rate_limited");
        assert_eq!(error["limit"]["remaining"], 0);
        assert_eq!(error["limit"]["reset"], reset);
        assert!((28..=31).contains(&(reset - pintle.clock.now() / 1000)), "{reset}");
        ada.get("/v2/teams").await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn latency_comes_before_the_work() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let id = order(&ada, json!({ "route": "getTeams", "latencyMs": 150 })).await;
        let start = Instant::now();
        ada.get("/v2/teams").await.ok(200);
        assert!(start.elapsed() >= Duration::from_millis(150), "{:?}", start.elapsed());
        ada.delete(&format!("{PATH}/{id}")).await.ok(204);
        ada.delete(&format!("{PATH}/{id}")).await.fails(404, "not_found");
        let start = Instant::now();
        ada.get("/v2/teams").await.ok(200);
        assert!(start.elapsed() < Duration::from_millis(150), "{:?}", start.elapsed());
    })
    .await;
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_work_done_and_nothing_on_the_wire() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        order(&ada, json!({ "route": "createProject", "dropAnswer": true, "times": 1 })).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(pintle_api::serve(pintle.api.clone(), listener, async { drop(stopped.await) }));

        let mut wire = TcpStream::connect(address).await.unwrap();
        let body = r#"{"name":"storefront"}"#;
        let request = format!(
            "POST /v11/projects HTTP/1.1\r\nhost: pintle.test\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            ada.token,
            body.len()
        );
        wire.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), wire.read_to_end(&mut answer)).await;
        drop(ended.expect("the connection ends"));
        assert_eq!(String::from_utf8_lossy(&answer), "");

        assert_eq!(ada.get("/v9/projects/storefront").await.ok(200)["name"], "storefront");
        drop(stop);
        server.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_fault_is_refused() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let cases = [
            (json!({ "status": 500 }), "exactly one of `route` and `target` is needed."),
            (
                json!({ "route": "getTeams", "target": "https://example.com", "status": 500 }),
                "exactly one of `route` and `target` is needed.",
            ),
            (
                json!({ "route": "getTeams" }),
                "at least one of `status`, `latencyMs` and `dropAnswer` is needed.",
            ),
            (
                json!({ "route": "getTeams", "status": 500, "dropAnswer": true }),
                "`status` answers in place of the work, `dropAnswer` does it: only one of them is possible.",
            ),
            (json!({ "route": "getTeams", "status": 200 }), "`status` should be 400 to 599."),
            (json!({ "target": "https://example.com", "status": 600 }), "`status` should be 200 to 599."),
            (
                json!({ "target": format!("https://example.com/{}", "a".repeat(200)), "status": 500 }),
                "`target` should be no longer than 200 characters.",
            ),
            (
                json!({ "route": "getTeams", "latencyMs": 10, "retryAfter": 7 }),
                "`retryAfter` is a part of the answer that `status` gives: name that too.",
            ),
            (json!({ "route": "getTeams", "latencyMs": 600_001 }), "`latencyMs` should be <= 600000."),
            (json!({ "route": "getTeams", "status": 500, "times": 0 }), "`times` should be >= 1."),
            (json!({ "route": "getNothing", "status": 500 }), "an operation's id, or a method and a path."),
            (json!({ "route": "GET /nowhere", "status": 500 }), "an operation's id, or a method and a path."),
            (json!({ "route": "createFault", "status": 500 }), "`createFault` is never faulty."),
        ];
        for (body, text) in cases {
            let error = ada.post(PATH, body.clone()).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().ends_with(text), "{body}: {error}");
        }
        for _ in 0..20 {
            order(&ada, json!({ "target": "https://example.com", "status": 500 })).await;
        }
        ada.post(PATH, json!({ "target": "https://example.com", "status": 500 }))
            .await
            .fails(400, "bad_request");
        ada.delete(PATH).await.ok(204);
        assert_eq!(ada.get(PATH).await.ok(200), json!({ "faults": [] }));
    })
    .await;
}

#[tokio::test]
async fn a_later_start_finds_what_is_left() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        order(&ada, json!({ "route": "getTeams", "status": 500, "times": 3 })).await;
        ada.get("/v2/teams").await.fails(500, "internal_server_error");
        let again = pintle.reopened().await;
        assert!(!again.core.faults.any(), "only --dev asks for them");
        faults::restore(&again.core).await.unwrap();
        let fault = &ada.at(&again).get(PATH).await.ok(200)["faults"][0];
        assert_eq!((&fault["times"], &fault["met"]), (&json!(2), &json!(1)));
    })
    .await;
}

#[tokio::test]
async fn without_dev_there_are_none() {
    on_each_engine(async |pintle| {
        let server = pintle.beside(Options::default(), false).await;
        let ada = pintle.user("ada").await.at(&server);
        ada.post(PATH, json!({ "route": "getTeams", "status": 500 })).await.fails(404, "not_found");
        ada.get(PATH).await.fails(404, "not_found");
        ada.delete(PATH).await.fails(404, "not_found");
        assert!(!server.core.faults.any());
    })
    .await;
}
