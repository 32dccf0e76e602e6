//! Log lines as OTLP records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value as Json;

/// The fields of a line that speak of the deployment, so stand once for its lines; and how OTLP calls them.
const RESOURCE: &[(&str, &str)] = &[
    ("projectName", "service.name"),
    ("projectId", "vercel.projectId"),
    ("projectName", "vercel.projectName"),
    ("deploymentId", "vercel.deploymentId"),
    ("environment", "deployment.environment.name"),
    ("branch", "vercel.branch"),
];

/// The fields of a line that a record has a place of its own for.
const PLACED: &[&str] = &["timestamp", "level", "message", "traceId", "spanId", "trace.id", "span.id"];

/// Lines as an export of records: time, severity, text and trace where OTLP has them, what speaks of the deployment as attributes of the
/// resource, and every other field as an attribute `vercel.FIELD`.
pub fn records(lines: &[Json]) -> ExportLogsServiceRequest {
    let mut groups: Vec<ResourceLogs> = Vec::new();
    let mut last: Option<Vec<Option<&Json>>> = None;
    for line in lines {
        let about: Vec<Option<&Json>> = RESOURCE.iter().map(|(key, _)| line.get(key)).collect();
        if last.as_ref() != Some(&about) {
            groups.push(group(&about));
            last = Some(about);
        }
        let scope = groups.last_mut().and_then(|group| group.scope_logs.first_mut());
        if let Some(scope) = scope {
            scope.log_records.push(record(line));
        }
    }
    ExportLogsServiceRequest { resource_logs: groups }
}

fn group(about: &[Option<&Json>]) -> ResourceLogs {
    let attributes = RESOURCE.iter().zip(about).filter_map(|((_, name), value)| attribute(name, (*value)?));
    let resource = Resource { attributes: attributes.collect(), ..Resource::default() };
    let scope = InstrumentationScope { name: "pintle".to_owned(), ..InstrumentationScope::default() };
    let scope = ScopeLogs { scope: Some(scope), ..ScopeLogs::default() };
    ResourceLogs { resource: Some(resource), scope_logs: vec![scope], ..ResourceLogs::default() }
}

fn record(line: &Json) -> LogRecord {
    let text = |key: &str| line.get(key).and_then(Json::as_str);
    let level = text("level").unwrap_or_default();
    let millis = line.get("timestamp").and_then(Json::as_u64).unwrap_or_default();
    let nanos = millis.saturating_mul(1_000_000);
    LogRecord {
        time_unix_nano: nanos,
        observed_time_unix_nano: nanos,
        severity_number: severity(level) as i32,
        severity_text: level.to_owned(),
        body: text("message").map(|text| value(Value::StringValue(text.to_owned()))),
        attributes: attributes(line),
        trace_id: text("traceId").or_else(|| text("trace.id")).map(bytes::<16>).unwrap_or_default(),
        span_id: text("spanId").or_else(|| text("span.id")).map(bytes::<8>).unwrap_or_default(),
        ..LogRecord::default()
    }
}

fn severity(level: &str) -> SeverityNumber {
    match level {
        "info" => SeverityNumber::Info,
        "warning" => SeverityNumber::Warn,
        "error" => SeverityNumber::Error,
        "fatal" => SeverityNumber::Fatal,
        _ => SeverityNumber::Unspecified,
    }
}

/// An id of so many bytes from its hexadecimal digits; none where it is another text.
fn bytes<const N: usize>(text: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    digits
        .filter(|digits| digits.len() == 2 * N)
        .map(|digits| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        .unwrap_or_default()
}

fn attributes(line: &Json) -> Vec<KeyValue> {
    let mut attributes = Vec::new();
    let placed = |key: &str| PLACED.contains(&key) || RESOURCE.iter().any(|(field, _)| *field == key);
    for (key, field) in line.as_object().into_iter().flatten().filter(|(key, _)| !placed(key)) {
        match field {
            Json::Object(inner) => attributes.extend(
                inner.iter().filter_map(|(name, field)| attribute(&format!("vercel.{key}.{name}"), field)),
            ),
            field => attributes.extend(attribute(&format!("vercel.{key}"), field)),
        }
    }
    attributes
}

fn attribute(name: &str, field: &Json) -> Option<KeyValue> {
    let value = any(field)?;
    Some(KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() })
}

/// `None` for null and for an object, which nests deeper than lines do.
fn any(field: &Json) -> Option<AnyValue> {
    Some(value(match field {
        Json::String(text) => Value::StringValue(text.clone()),
        Json::Bool(bool) => Value::BoolValue(*bool),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::IntValue(whole),
            None => Value::DoubleValue(number.as_f64()?),
        },
        Json::Array(items) => {
            Value::ArrayValue(ArrayValue { values: items.iter().filter_map(any).collect() })
        }
        Json::Null | Json::Object(_) => return None,
    }))
}

fn value(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drains::delivery::OtlpEncoding;
    use crate::drains::otlp::encode;
    use prost::Message;
    use serde_json::json;

    #[test]
    fn lines_of_one_deployment_share_a_resource_and_nothing_is_lost() {
        let line = |id: &str, deployment: &str| {
            json!({
                "id": id, "timestamp": 1_700_000_000_123_u64, "level": "warning", "message": "hello", "source": "lambda",
                "projectId": "prj_1", "deploymentId": deployment, "environment": "preview", "statusCode": 200,
                "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "no span", "buildId": null,
                "proxy": { "method": "GET", "userAgent": ["a", "b"] },
            })
        };
        let export = records(&[line("1", "dpl_1"), line("2", "dpl_1"), line("3", "dpl_2")]);
        let json: Json = serde_json::from_slice(&encode(OtlpEncoding::Json, &export).unwrap()).unwrap();
        let groups = json["resourceLogs"].as_array().unwrap();
        let sizes: Vec<usize> = groups
            .iter()
            .map(|group| group["scopeLogs"][0]["logRecords"].as_array().unwrap().len())
            .collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!(
            groups[1]["resource"]["attributes"],
            json!([
                { "key": "vercel.projectId", "value": { "stringValue": "prj_1" } },
                { "key": "vercel.deploymentId", "value": { "stringValue": "dpl_2" } },
                { "key": "deployment.environment.name", "value": { "stringValue": "preview" } },
            ])
        );
        let record = &groups[1]["scopeLogs"][0]["logRecords"][0];
        assert_eq!(record["timeUnixNano"], "1700000000123000000");
        assert_eq!((&record["severityNumber"], &record["severityText"]), (&json!(13), &json!("warning")));
        assert_eq!(record["body"], json!({ "stringValue": "hello" }));
        assert_eq!(record["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(record["spanId"], "", "what is no id is left out");
        assert_eq!(
            record["attributes"],
            json!([
                { "key": "vercel.id", "value": { "stringValue": "3" } },
                { "key": "vercel.source", "value": { "stringValue": "lambda" } },
                { "key": "vercel.statusCode", "value": { "intValue": "200" } },
                { "key": "vercel.proxy.method", "value": { "stringValue": "GET" } },
                {
                    "key": "vercel.proxy.userAgent",
                    "value": { "arrayValue": { "values": [{ "stringValue": "a" }, { "stringValue": "b" }] } },
                },
            ])
        );
        let packed = encode(OtlpEncoding::Proto, &export).unwrap();
        assert_eq!(ExportLogsServiceRequest::decode(packed.as_slice()).unwrap(), export);
    }
}
