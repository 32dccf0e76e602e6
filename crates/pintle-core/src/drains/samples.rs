//! Sample events, for testDrain.

use crate::clock::{self, Millis};
use crate::entropy::Entropy;
use crate::logs::{Kind, Stretch};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, span::SpanKind};
use prost::Message;
use serde_json::{Value as Json, json};

const PROJECT: &str = "prj_sample";
const DEPLOYMENT: &str = "dpl_sample";
const HOST: &str = "sample.example.com";

/// Samples of a schema; `None` where there are none.
pub(super) fn of(schema: &str, now: Millis, entropy: &Entropy) -> Option<Stretch> {
    let (kind, lines, body) = match schema {
        "log" => lines(&logs(now)),
        "analytics" => lines(&[page_view(now)]),
        "speed_insights" => lines(&[measurement(now)]),
        "trace" => (Kind::Trace, 1, span(now, entropy).encode_to_vec()),
        _ => return None,
    };
    Some(Stretch { kind, lines, body: body.into() })
}

fn lines(lines: &[Json]) -> (Kind, usize, Vec<u8>) {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    (Kind::Log, lines.len(), body.into_bytes())
}

/// A line of a build, of a function and of a static file (semantics.md 6.4).
fn logs(now: Millis) -> Vec<Json> {
    let line = |number: u8, source: &str, message: &str| {
        json!({
            "id": format!("{now}{number:013}"), "deploymentId": DEPLOYMENT, "source": source, "host": HOST, "timestamp": now,
            "projectId": PROJECT, "projectName": "sample", "level": "info", "environment": "production",
            "message": format!("SAMPLE MESSAGE: {message}"),
        })
    };
    let with = |mut line: Json, path: &str, request: Json| {
        line["path"] = json!(path);
        line["statusCode"] = json!(200);
        line["requestId"] = json!(format!("iad1::sample-{now}-0123456789ab"));
        line["proxy"] = request;
        line
    };
    let request = |path: &str| {
        json!({
            "timestamp": now, "method": "GET", "host": HOST, "path": path, "userAgent": ["sample"], "region": "iad1",
            "statusCode": 200, "clientIp": "192.0.2.1", "scheme": "https",
        })
    };
    let mut build = line(1, "build", "a line of a build");
    build["type"] = json!("stdout");
    build["buildId"] = json!("bld_sample");
    vec![
        build,
        with(line(2, "lambda", "a line of a function"), "api/sample", request("/api/sample")),
        with(line(3, "static", "a request for a file"), "/sample.html", request("/sample.html")),
    ]
}

fn page_view(now: Millis) -> Json {
    json!({
        "schema": "vercel.analytics.v1", "eventType": "pageview", "timestamp": now, "projectId": PROJECT, "ownerId": "team_sample",
        "dataSourceName": "web-analytics", "sessionId": 1, "deviceId": 1, "origin": format!("https://{HOST}"), "path": "/sample",
        "referrer": "", "queryParams": "", "route": "/sample", "vercelEnvironment": "production", "vercelUrl": HOST,
        "deployment": DEPLOYMENT,
    })
}

fn measurement(now: Millis) -> Json {
    json!({
        "schema": "vercel.speed_insights.v1", "timestamp": clock::text(now), "projectId": PROJECT, "ownerId": "team_sample",
        "deviceId": 1, "metricType": "LCP", "value": 1200, "origin": format!("https://{HOST}"), "path": "/sample",
        "route": "/sample", "vercelEnvironment": "production", "vercelUrl": HOST, "deploymentId": DEPLOYMENT,
    })
}

fn span(now: Millis, entropy: &Entropy) -> ExportTraceServiceRequest {
    let end = now.unsigned_abs() * 1_000_000;
    let span = Span {
        trace_id: entropy.bytes::<16>().to_vec(),
        span_id: entropy.bytes::<8>().to_vec(),
        name: "SAMPLE MESSAGE: a request".to_owned(),
        kind: SpanKind::Server as i32,
        start_time_unix_nano: end - 12_000_000,
        end_time_unix_nano: end,
        attributes: vec![attribute("http.request.method", "GET"), attribute("url.path", "/sample")],
        ..Span::default()
    };
    let attributes = vec![
        attribute("service.name", "sample"),
        attribute("vercel.projectId", PROJECT),
        attribute("vercel.deploymentId", DEPLOYMENT),
    ];
    let resource = Some(Resource { attributes, ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }],
    }
}

fn attribute(key: &str, text: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
