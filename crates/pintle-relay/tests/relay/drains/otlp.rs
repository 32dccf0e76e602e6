//! OTLP over HTTP: spans and records, as JSON and as protobuf.

use super::{append, drain, log};
use crate::receiver::{Received, Receiver};
use crate::{deliveries, relay, until};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use pintle_core::logs::Kind;
use pintle_testing::on_each_engine;
use prost::Message;
use serde_json::{Value, json};

fn export(name: &str) -> Vec<u8> {
    let span = Span {
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        name: name.to_owned(),
        start_time_unix_nano: 1_700_000_000_000_000_000,
        ..Span::default()
    };
    let scope = ScopeSpans { spans: vec![span], ..ScopeSpans::default() };
    let spans = ResourceSpans { scope_spans: vec![scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![spans] }.encode_to_vec()
}

fn otlp(receiver: &Receiver, encoding: &str) -> Value {
    let traces = receiver.url.replace("/hook", "/v1/traces");
    json!({ "type": "otlphttp", "endpoint": { "traces": traces }, "encoding": encoding, "headers": {} })
}

fn to(receiver: &Receiver, path: &str) -> Vec<Received> {
    let begin = format!("POST {path} ");
    receiver.received().into_iter().filter(|request| request.head.starts_with(&begin)).collect()
}

#[tokio::test]
async fn spans_and_lines_arrive_each_at_its_own_address() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let (json, proto) = (Receiver::new([]).await, Receiver::new([]).await);
        let schemas = json!({ "schemas": { "log": { "version": "v1" }, "trace": { "version": "v1" } } });
        drain(&team, otlp(&json, "json"), schemas.clone()).await;
        drain(&team, otlp(&proto, "proto"), schemas).await;
        append(pintle, &team, &project, Kind::Trace, 1, &export("one")).await;
        append(pintle, &team, &project, Kind::Trace, 1, &export("two")).await;
        log(pintle, &team, &project, 0..2).await;
        let _relay = relay(pintle).await;
        until("all of it arrives", async || json.received().len() + proto.received().len() == 4).await;

        let spans = to(&json, "/v1/traces").remove(0);
        assert_eq!(spans.header("content-type"), Some("application/json"));
        let names: Vec<Value> = spans.json()["resourceSpans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|resource| resource["scopeSpans"][0]["spans"][0]["name"].clone())
            .collect();
        assert_eq!(json!(names), json!(["one", "two"]));
        let span = &spans.json()["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(
            (&span["traceId"], &span["startTimeUnixNano"]),
            (&json!("ab".repeat(16)), &json!("1700000000000000000"))
        );
        let records = to(&json, "/v1/logs").remove(0).json();
        let records = &records["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
        assert_eq!(records[1]["body"], json!({ "stringValue": "1" }));

        let spans = to(&proto, "/v1/traces").remove(0);
        assert_eq!(spans.header("content-type"), Some("application/x-protobuf"));
        assert!(spans.header("x-vercel-signature").is_some());
        let spans = ExportTraceServiceRequest::decode(spans.body.as_slice()).unwrap();
        assert_eq!(spans.resource_spans.len(), 2);
        let records = to(&proto, "/v1/logs").remove(0);
        let records = ExportLogsServiceRequest::decode(records.body.as_slice()).unwrap();
        assert_eq!(records.resource_logs[0].scope_logs[0].log_records.len(), 2);
        until("all is recorded", async || deliveries(&team, "state=delivered").await.len() == 4).await;
    })
    .await;
}

#[tokio::test]
async fn a_drain_of_spans_gets_no_lines_until_it_asks_for_them() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        let made =
            drain(&team, otlp(&receiver, "json"), json!({ "schemas": { "trace": { "version": "v1" } } }))
                .await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        append(pintle, &team, &project, Kind::Trace, 1, &export("one")).await;
        until("spans arrive", async || receiver.received().len() == 1).await;
        let schemas = json!({ "schemas": { "log": { "version": "v1" } } });
        team.patch(&super::path(&made), schemas).await.ok(200);
        append(pintle, &team, &project, Kind::Trace, 1, &export("two")).await;
        log(pintle, &team, &project, 1..2).await;
        until("lines arrive", async || to(&receiver, "/v1/logs").len() == 1).await;
        let records = to(&receiver, "/v1/logs").remove(0).json();
        let records = records["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap().clone();
        assert_eq!((records.len(), &records[0]["body"]["stringValue"]), (1, &json!("1")));
        assert_eq!(receiver.received().len(), 2);
    })
    .await;
}
