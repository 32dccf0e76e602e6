//! URLs that a server does not send to are refused where they are written down.

use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

const FORBIDDEN: [&str; 8] = [
    "http://127.0.0.1:3000/hook",
    "http://localhost/hook",
    "https://10.1.2.3/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::ffff:192.168.0.1]/",
    "http://user@[fd00:ec2::254]/",
];

/// What the URL of a webhook, a drain or an integration is written down with.
fn creations(url: &str) -> Vec<(&'static str, &'static str, Value)> {
    let http = json!({ "type": "http", "endpoint": url, "encoding": "json", "headers": {} });
    let traces =
        json!({ "type": "otlphttp", "endpoint": { "traces": url }, "encoding": "json", "headers": {} });
    let drain = |delivery: &Value, schema: &str| {
        let schemas = json!({ schema: { "version": "v1" } });
        json!({ "name": "drain", "projects": "all", "schemas": schemas, "delivery": delivery })
    };
    vec![
        ("url", "/v1/webhooks", json!({ "url": url, "events": ["project.created"] })),
        ("delivery.endpoint", "/v1/drains", drain(&http, "log")),
        ("delivery.endpoint.traces", "/v1/drains", drain(&traces, "trace")),
        ("url", "/v1/log-drains", json!({ "url": url, "deliveryFormat": "json", "sources": ["build"] })),
        ("webhookUrl", "/pintle/v1/integrations", json!({ "name": "Bridge", "webhookUrl": url })),
    ]
}

async fn refused(caller: &Caller, field: &str, path: &str, body: Value) {
    let error = caller.post(path, body.clone()).await.fails(400, "bad_request");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("Invalid request: `{field}` is refused: ")), "{body}: {message}");
    assert!(message.contains("--allow-egress"), "{message}");
}

#[tokio::test]
async fn what_leads_inside_is_refused_at_creation() {
    on_each_engine(async |pintle| {
        let open = pintle.team("acme").await;
        let team = open.at(&pintle.guarded().await);
        let installed = team.install("app").await;
        for url in FORBIDDEN {
            for (field, path, body) in creations(url) {
                refused(&team, field, path, body).await;
            }
            let own = json!({ "name": "own", "url": url });
            refused(&installed.caller, "url", "/v2/integrations/log-drains", own).await;
        }
        assert_eq!(team.get("/v1/webhooks").await.ok(200), json!([]));
        assert_eq!(team.get("/v1/drains").await.ok(200)["drains"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_syslog_receiver_inside_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await.at(&pintle.guarded().await);
        let forms = [
            "10.1.2.3:6514",
            "127.1",
            "localhost:601",
            "syslog+tcp://0x7f000001:514",
            "syslog+tls://[::ffff:10.0.0.1]:6514",
            "tls://[fd12::1]",
            "tcp://%31%32%37.0.0.1",
            "syslog://１２７.0.0.1",
        ];
        for endpoint in forms {
            let delivery = json!({ "type": "syslog", "endpoint": endpoint, "secret": "" });
            let schemas = json!({ "log": { "version": "v1" } });
            let drain = json!({ "name": "d", "projects": "all", "schemas": schemas, "delivery": delivery });
            refused(&team, "delivery.endpoint", "/v1/drains", drain).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_leads_inside_is_refused_at_a_change() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await.at(&pintle.guarded().await);
        let body = |url: &str| {
            let delivery = json!({ "type": "http", "endpoint": url, "encoding": "json", "headers": {} });
            json!({ "name": "drain", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery })
        };
        // A name that nobody knows may be known later.
        let drain = team.post("/v1/drains", body("https://logs.example/in")).await.ok(200);
        let path = format!("/v1/drains/{}", drain["id"].as_str().unwrap());
        let app = json!({ "name": "Bridge", "slug": "bridge", "webhookUrl": "https://bridge.example/hook" });
        team.post("/pintle/v1/integrations", app).await.ok(201);
        for url in FORBIDDEN {
            team.patch(&path, json!({ "delivery": body(url)["delivery"] })).await.fails(400, "bad_request");
            let app = json!({ "webhookUrl": url });
            team.patch("/pintle/v1/integrations/bridge", app).await.fails(400, "bad_request");
        }
        assert_eq!(team.get(&path).await.ok(200)["delivery"]["endpoint"], "https://logs.example/in");
        let app = team.get("/pintle/v1/integrations/bridge").await.ok(200);
        assert_eq!(app["webhookUrl"], "https://bridge.example/hook");
    })
    .await;
}

#[tokio::test]
async fn a_server_for_development_takes_this_machine() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        for (_, path, body) in creations("http://localhost:3000/hook") {
            let status = team.post(path, body).await.status;
            assert!((200..300).contains(&status), "{path}: {status}");
        }
    })
    .await;
}
