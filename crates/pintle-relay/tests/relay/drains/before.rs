//! Before a drain is sent to: samples, and the verification of its endpoint.

use super::{http, path};
use crate::receiver::{Act, Receiver};
use pintle_core::drains::verification::Verification;
use pintle_core::signature;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

fn trial(delivery: &Value, schemas: &[&str]) -> Value {
    let schemas: Value =
        schemas.iter().map(|name| ((*name).to_owned(), json!({ "version": "v1" }))).collect();
    json!({ "schemas": schemas, "delivery": delivery })
}

#[tokio::test]
async fn samples_arrive_as_those_of_a_drain_would() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        let mut delivery = http(&receiver, "json");
        let schemas = ["log", "analytics", "speed_insights"];
        assert_eq!(team.post("/v1/drains/test", trial(&delivery, &schemas)).await.ok(200), json!({}));
        let received = receiver.received();
        assert_eq!(received.len(), 3);
        let named = |schema: &str| received.iter().any(|request| request.json()[0]["schema"] == schema);
        assert!(named("vercel.analytics.v1") && named("vercel.speed_insights.v1"));
        let logs = received.iter().find(|request| request.json().as_array().unwrap().len() == 3).unwrap();
        let lines = logs.json();
        let sources: Vec<&str> =
            lines.as_array().unwrap().iter().map(|line| line["source"].as_str().unwrap()).collect();
        assert_eq!(sources, ["build", "lambda", "static"]);
        for line in lines.as_array().unwrap() {
            assert!(line["message"].as_str().unwrap().starts_with("SAMPLE MESSAGE:"), "{line}");
            let id = line["id"].as_str().unwrap();
            assert!(id.len() == 26 && id.starts_with(&line["timestamp"].to_string()), "{id}");
        }
        assert_eq!(logs.header("x-vercel-signature"), None);

        delivery["secret"] = json!("s3cret");
        delivery["encoding"] = json!("ndjson");
        team.post("/v1/drains/test", trial(&delivery, &["log"])).await.ok(200);
        let signed = receiver.received().remove(3);
        let signature = signature::sign("s3cret", &signed.body).unwrap();
        assert_eq!(signed.header("x-vercel-signature"), Some(signature.as_str()));
        assert_eq!(signed.body.iter().filter(|byte| **byte == b'\n').count(), 3);

        let otlp = json!({
            "type": "otlphttp", "endpoint": { "traces": receiver.url }, "encoding": "json", "headers": {},
        });
        team.post("/v1/drains/test", trial(&otlp, &["trace"])).await.ok(200);
        let span = receiver.received().remove(4).json();
        let span = &span["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert!(span["name"].as_str().unwrap().starts_with("SAMPLE MESSAGE:"), "{span}");
        assert_eq!(team.get("/v1/drains").await.ok(200), json!({ "drains": [] }));
    })
    .await;
}

#[tokio::test]
async fn what_does_not_arrive_is_told_and_what_cannot_be_sent_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Answer(401), Act::Close]).await;
        let mut delivery = http(&receiver, "json");
        let test =
            async |delivery: &Value, schema| team.post("/v1/drains/test", trial(delivery, &[schema])).await;
        let refused = test(&delivery, "log").await.ok(200);
        assert_eq!(
            refused,
            json!({
                "status": "error", "error": "The endpoint answered with status 401", "endpoint": receiver.url,
            })
        );
        let closed = test(&delivery, "log").await.ok(200);
        assert!(closed["error"].as_str().unwrap().starts_with("The endpoint did not answer: "), "{closed}");
        let syslog = json!({ "type": "syslog", "endpoint": "tcp://127.0.0.1:1", "secret": "" });
        let unheard = test(&syslog, "log").await.ok(200);
        assert_eq!(unheard["endpoint"], "syslog+tcp://127.0.0.1:1");
        test(&delivery, "trace").await.says(
            400,
            "bad_request",
            "Invalid request: `schemas.trace` cannot be delivered to what `delivery.type` says.",
        );
        test(&syslog, "analytics").await.fails(400, "bad_request");
        delivery["endpoint"] = json!("nowhere");
        test(&delivery, "log").await.fails(400, "bad_request");
        delivery["endpoint"] = json!("http://10.0.0.1/");
        test(&delivery, "log").await.fails(400, "bad_request");
        let header = json!({
            "type": "http", "endpoint": receiver.url, "encoding": "json", "headers": { "bad name": "x" },
        });
        test(&header, "log").await.says(
            400,
            "bad_request",
            "Invalid request: `delivery.headers.bad name` should be a header of HTTP.",
        );
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_answers_200_before_a_drain_leads_to_it_where_the_operator_wants_that() {
    on_each_engine(async |pintle| {
        let strict = pintle.verifying(Verification::Answer).await;
        let team = pintle.team("acme").await.at(&strict);
        let receiver = Receiver::new([Act::Answer(404), Act::Answer(204), Act::Answer(200)]).await;
        let drain = |name: &str| {
            let delivery = json!({
                "type": "http", "endpoint": receiver.url, "encoding": "ndjson", "headers": { "x-key": "1" },
                "secret": "s3cret",
            });
            json!({ "name": name, "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery })
        };
        for status in [404, 204] {
            let text = format!(
                "The endpoint of the drain could not be verified: it answered with status {status} instead of 200"
            );
            team.post("/v1/drains", drain("one")).await.says(400, "bad_request", &text);
        }
        let made = team.post("/v1/drains", drain("one")).await.ok(200);
        let asked = receiver.received().remove(2);
        assert_eq!(asked.body, b"{}");
        assert_eq!((asked.header("x-vercel-signature"), asked.header("x-key")), (None, Some("1")));
        // Another endpoint is asked, the same one is not.
        let mut delivery = http(&receiver, "json");
        team.patch(&path(&made), json!({ "delivery": delivery })).await.ok(200);
        assert_eq!(receiver.received().len(), 3);
        receiver.then(Act::Answer(500));
        delivery["endpoint"] = json!(format!("{}/other", receiver.url));
        team.patch(&path(&made), json!({ "delivery": delivery })).await.fails(400, "bad_request");
        let log_drain = json!({ "url": receiver.url, "deliveryFormat": "json", "sources": ["lambda"] });
        receiver.then(Act::Answer(500));
        team.post("/v1/log-drains", log_drain.clone()).await.fails(400, "bad_request");
        team.post("/v1/log-drains", log_drain).await.ok(200);
        // Nobody is asked without the option.
        let before = receiver.received().len();
        team.at(pintle).post("/v1/drains", drain("two")).await.ok(200);
        assert_eq!(receiver.received().len(), before);
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_repeats_its_owners_code_where_the_operator_wants_that() {
    on_each_engine(async |pintle| {
        let strict = pintle.verifying(Verification::Code).await;
        let team = pintle.team("acme").await.at(&strict);
        let other = pintle.team("other").await.at(&strict);
        let told = team.get("/pintle/v1/drains/verification").await.ok(200);
        assert_eq!(told, team.get("/pintle/v1/drains/verification").await.ok(200));
        assert_eq!((&told["verification"], &told["header"]), (&json!("code"), &json!("x-vercel-verify")));
        let code = told["code"].as_str().unwrap();
        assert!(code.len() == 40 && code.chars().all(|c| c.is_ascii_hexdigit()));
        let foreign = other.get("/pintle/v1/drains/verification").await.ok(200);
        assert_ne!(foreign["code"], told["code"]);

        let answer = |code: &str| Act::AnswerWith(200, Box::leak(format!("x-vercel-verify: {code}\r\n").into_boxed_str()));
        let receiver =
            Receiver::new([Act::Answer(200), answer(foreign["code"].as_str().unwrap()), answer(code)]).await;
        let body = json!({
            "name": "one", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": http(&receiver, "json"),
        });
        for what in ["no code", "another code"] {
            let text = format!(
                "The endpoint of the drain could not be verified: its answer has {what} in the header x-vercel-verify"
            );
            team.post("/v1/drains", body.clone()).await.says(400, "bad_request", &text);
        }
        team.post("/v1/drains", body).await.ok(200);
    })
    .await;
}
