//! One log record as a line. It is the way back from what a drain sends by OTLP (`drains::otlp`), and reads the common names of
//! OpenTelemetry beside.

use super::value;
use crate::credential::hex;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Map, Value as Json, json};

type Line = Map<String, Json>;

/// What OpenTelemetry calls a field of a line. Where two names lead to one field, the first that is there counts.
const NAMES: &[(&str, &str)] = &[
    ("host.name", "host"),
    ("server.address", "host"),
    ("url.path", "path"),
    ("http.target", "path"),
    ("http.route", "path"),
    ("http.response.status_code", "statusCode"),
    ("http.status_code", "statusCode"),
    ("log.iostream", "type"),
    ("vcs.ref.head.name", "branch"),
    ("deployment.environment.name", "environment"),
    ("deployment.environment", "environment"),
    ("service.name", "projectName"),
];

/// What a resource says of all its records.
pub(super) fn about(resource: Option<&Resource>) -> Line {
    let mut line = Line::new();
    place(&mut line, resource.map_or(&[], |resource| &resource.attributes), "resource");
    line
}

/// A record as a line, which may lack what only the intake fills in.
pub(super) fn line(about: &Line, record: &LogRecord) -> Line {
    let mut line = about.clone();
    let nanos =
        if record.time_unix_nano > 0 { record.time_unix_nano } else { record.observed_time_unix_nano };
    if nanos > 0 {
        line.insert("timestamp".into(), (nanos / 1_000_000).into());
    }
    line.insert("level".into(), level(record.severity_number, &record.severity_text).into());
    match value::json(record.body.as_ref()) {
        Json::Null => {}
        Json::String(text) => drop(line.insert("message".into(), text.into())),
        other => drop(line.insert("message".into(), other.to_string().into())),
    }
    for (id, bytes, keys) in
        [(&record.trace_id, 16, ["traceId", "trace.id"]), (&record.span_id, 8, ["spanId", "span.id"])]
    {
        if id.len() == bytes && id.iter().any(|byte| *byte != 0) {
            keys.iter().for_each(|key| drop(line.insert((*key).into(), hex(id).into())));
        }
    }
    place(&mut line, &record.attributes, "attributes");
    line
}

/// Puts attributes where a line has them: `vercel.FIELD` and what `NAMES` knows in their fields, the rest in one object, `rest`.
fn place(line: &mut Line, attributes: &[KeyValue], rest: &str) {
    for KeyValue { key, value, .. } in attributes {
        let value = value::json(value.as_ref());
        if let Some(field) = key.strip_prefix("vercel.") {
            match field.split_once('.') {
                Some((outer, inner)) => drop(object(line, outer).map(|map| map.insert(inner.into(), value))),
                None => drop(line.insert(field.into(), value)),
            }
        } else if let Some((_, field)) = NAMES.iter().find(|(name, _)| name == key) {
            line.entry(*field).or_insert(value);
        } else {
            object(line, rest).map(|map| map.insert(key.clone(), value));
        }
    }
    if let Some(Json::String(environment)) = line.get_mut("environment") {
        *environment = match environment.as_str() {
            "production" | "prod" => "production".into(),
            // Everything that is not production is a preview.
            _ => "preview".into(),
        };
    }
}

/// The object in a field, made where there is none; `None` where something else is there.
fn object<'a>(line: &'a mut Line, field: &str) -> Option<&'a mut Line> {
    line.entry(field).or_insert_with(|| json!({})).as_object_mut()
}

/// The level by the number of a severity, else by its text.
fn level(number: i32, text: &str) -> &'static str {
    match (number, text.to_ascii_lowercase().as_str()) {
        (21.., _) | (..=0, "fatal" | "critical" | "alert" | "emergency" | "panic") => "fatal",
        (17..=20, _) | (..=0, "error" | "err") => "error",
        (13..=16, _) | (..=0, "warning" | "warn") => "warning",
        _ => "info",
    }
}
