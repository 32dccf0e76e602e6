//! OTLP/HTTP, in both of its encodings.

use super::Source;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use pintle_core::logs::{self, Batch, Kind, Wanted};
use pintle_testing::{Pintle, on_each_engine, on_sqlite};
use prost::Message;
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// One record, with these attributes of its resource.
fn export(resource: Vec<Value>, record: Value) -> Value {
    json!({ "resourceLogs": [{
        "resource": { "attributes": resource }, "scopeLogs": [{ "logRecords": [record] }],
    }] })
}

/// Status, content type and bytes of an answer that is no text.
async fn raw(pintle: &Pintle, key: &str, path: &str, body: Vec<u8>) -> (u16, String, Vec<u8>) {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/x-protobuf")
        .body(Body::from(body))
        .unwrap();
    let (parts, body) = pintle.api.answer(request).await.into_parts();
    let content_type = parts.headers["content-type"].to_str().unwrap().to_owned();
    (parts.status.as_u16(), content_type, body.collect().await.unwrap().to_bytes().to_vec())
}

async fn traces(pintle: &Pintle, source: &Source) -> Vec<Batch> {
    let wanted = Wanted { kind: Kind::Trace, projects: None };
    let conn = pintle.core.db.read().await.unwrap();
    logs::read_after(&conn, &source.owner, 0, &wanted, i64::MAX).await.unwrap()
}

#[tokio::test]
async fn a_record_becomes_a_line() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let resource = vec![
            text("service.name", "shop-api"),
            text("vercel.deploymentId", "dpl_one"),
            text("deployment.environment.name", "prod"),
            text("telemetry.sdk.language", "nodejs"),
        ];
        let record = json!({
            "timeUnixNano": "1700000000123456789", "severityNumber": 13, "body": { "stringValue": "hello" },
            "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331",
            "attributes": [
                text("url.path", "/cart"), { "key": "http.response.status_code", "value": { "intValue": "502" } },
                text("vercel.requestId", "iad1::a"), text("vercel.proxy.method", "GET"), text("user", "ada"),
            ],
        });
        let answer = source.send_to(pintle, "/v1/logs", &[JSON], export(resource, record).to_string()).await;
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(answer.ok(200), json!({ "partialSuccess": null }));
        let line = source.lines(pintle).await.remove(0);
        assert!(line["id"].as_str().unwrap().starts_with("1700000000123"));
        let mut rest = line.as_object().unwrap().clone();
        rest.remove("id");
        let expected = json!({
            "timestamp": 1_700_000_000_123_i64, "level": "warning", "message": "hello", "deploymentId": "dpl_one",
            "environment": "production", "projectName": "shop-api", "projectId": source.project, "source": "lambda",
            "host": "shop", "traceId": "0af7651916cd43dd8448eb211c80319c", "trace.id": "0af7651916cd43dd8448eb211c80319c",
            "spanId": "b7ad6b7169203331", "span.id": "b7ad6b7169203331", "path": "/cart", "statusCode": 502,
            "requestId": "iad1::a", "proxy": { "method": "GET" }, "attributes": { "user": "ada" },
            "resource": { "telemetry.sdk.language": "nodejs" },
        });
        assert_eq!(Value::Object(rest), expected);
    })
    .await;
}

#[tokio::test]
async fn severities_and_bodies_of_every_kind() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let cases = [
            (json!({ "severityNumber": 1 }), "info", Value::Null),
            (json!({ "severityNumber": 24, "body": { "intValue": 7 } }), "fatal", json!("7")),
            (json!({ "severityText": "WARN" }), "warning", Value::Null),
            (json!({ "severityNumber": 17, "severityText": "INFO" }), "error", Value::Null),
            (
                json!({ "body": { "kvlistValue": { "values": [{ "key": "a", "value": { "arrayValue": { "values": [
                    { "boolValue": true }, { "doubleValue": 1.5 }, { "bytesValue": "AQI=" }, {}
                ] } } }] } } }),
                "info",
                json!(r#"{"a":[true,1.5,"AQI=",null]}"#),
            ),
        ];
        for (record, level, message) in cases {
            let body = export(vec![], record.clone()).to_string();
            source.send_to(pintle, "/v1/logs", &[JSON], body).await.ok(200);
            let line = source.lines(pintle).await.pop().unwrap();
            assert_eq!((&line["level"], &line["message"]), (&json!(level), &message), "{record}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_taken_is_a_partial_success() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let mut body = export(vec![text("vercel.projectId", "prj_other")], json!({}));
        body["resourceLogs"]
            .as_array_mut()
            .unwrap()
            .push(export(vec![], json!({}))["resourceLogs"][0].clone());
        let answer = source.send_to(pintle, "/v1/logs", &[JSON], body.to_string()).await.ok(200);
        let text_of = "record 1: `projectId` is not the project that is fed.";
        let expected = json!({ "rejectedLogRecords": 1, "errorMessage": text_of });
        assert_eq!(answer["partialSuccess"], expected);
        assert_eq!(source.lines(pintle).await.len(), 1);

        let request: ExportLogsServiceRequest = serde_json::from_value(body).unwrap();
        let (status, content_type, bytes) =
            raw(pintle, &source.key, "/v1/logs", request.encode_to_vec()).await;
        assert_eq!((status, content_type.as_str()), (200, "application/x-protobuf"));
        let answer = ExportLogsServiceResponse::decode(&bytes[..]).unwrap();
        assert_eq!(answer.partial_success.unwrap().rejected_log_records, 1);
        assert_eq!(source.lines(pintle).await.len(), 2);
    })
    .await;
}

fn spans(resource: Vec<Value>, count: usize) -> Value {
    let span = json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "GET /", "kind": 2,
        "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000100000000",
    });
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource }, "scopeSpans": [{ "spans": vec![span; count] }],
    }] })
}

#[tokio::test]
async fn spans_are_kept_and_told_which_project_they_are_of() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let body = spans(vec![text("vercel.deploymentId", "dpl_one"), text("service.name", "shop")], 3);
        let answer = source.send_to(pintle, "/v1/traces", &[JSON], body.to_string()).await.ok(200);
        assert_eq!(answer, json!({ "partialSuccess": null }));
        let request: ExportTraceServiceRequest = serde_json::from_value(spans(vec![], 2)).unwrap();
        let (status, _, bytes) = raw(pintle, &source.key, "/v1/traces", request.encode_to_vec()).await;
        assert_eq!(status, 200);
        assert_eq!(ExportTraceServiceResponse::decode(&bytes[..]).unwrap().partial_success, None);
        let other = spans(vec![text("vercel.projectId", "prj_other")], 2);
        let answer = source.send_to(pintle, "/v1/traces", &[JSON], other.to_string()).await.ok(200);
        assert_eq!(answer["partialSuccess"]["rejectedSpans"], 2);

        let kept = traces(pintle, &source).await;
        assert_eq!(kept.iter().map(|batch| batch.lines).collect::<Vec<_>>(), [3, 2]);
        let attributes = kept.iter().map(|batch| {
            let request = ExportTraceServiceRequest::decode(&batch.body[..]).unwrap();
            serde_json::to_value(&request.resource_spans[0].resource.as_ref().unwrap().attributes).unwrap()
        });
        let project = text("vercel.projectId", &source.project);
        let own = text("vercel.deploymentId", &source.project.replace("prj_", "dpl_"));
        let expected = [
            json!([text("vercel.deploymentId", "dpl_one"), text("service.name", "shop"), project]),
            json!([project, own]),
        ];
        assert_eq!(attributes.collect::<Vec<_>>(), expected);
    })
    .await;
}

#[tokio::test]
async fn errors_are_a_status_in_the_encoding_of_the_request() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        for path in ["/v1/logs", "/v1/traces"] {
            let answer = source.send_to(pintle, path, &[JSON], "{").await;
            assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(3)), "{}", answer.text);
            let answer = source.send_to(pintle, path, &[("content-type", "text/plain")], "{}").await;
            assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(3)));
            let (status, content_type, bytes) = raw(pintle, "pin_unknown", path, vec![]).await;
            assert_eq!((status, content_type.as_str()), (403, "application/x-protobuf"));
            // Field 1 is the code, a varint; field 2 the message.
            assert_eq!(bytes[..2], [8, 7]);
            assert_eq!(&bytes[2..18], b"\x12\x0eNot authorized");
            let (status, _, bytes) = raw(pintle, &source.key, path, b"\xff\xff".to_vec()).await;
            assert_eq!((status, &bytes[..2]), (400, &[8, 3][..]));
        }
    })
    .await;
}
