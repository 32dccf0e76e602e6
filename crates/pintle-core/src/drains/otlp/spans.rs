//! The spans that a drain gets.

use crate::drains::Selection;
use crate::drains::sampling::Sampled;
use crate::{Error, Result};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message;
use std::collections::HashMap;

/// How a resource calls its environment, the newest convention last.
const ENVIRONMENT: &[&str] = &["vercel.environment", "deployment.environment", "deployment.environment.name"];

/// How a span calls the path of its request.
const PATH: &[&str] = &["url.path", "http.target", "http.route"];

/// The spans of exports as they were taken in, one behind the other, that a selection takes. A trace is taken or left as a whole, by the
/// path of its first span here that has one.
///
/// # Errors
/// Where they are no exports.
pub fn spans(exports: &[u8], selection: &Selection) -> Result<ExportTraceServiceRequest> {
    let all = ExportTraceServiceRequest::decode(exports);
    let mut all = all.map_err(|error| Error::internal(format_args!("batches of spans: {error}")))?;
    if selection.takes_every_line() {
        return Ok(all);
    }
    let paths = paths(&all);
    for resource in &mut all.resource_spans {
        let environment = environment(resource);
        for scope in &mut resource.scope_spans {
            scope.spans.retain(|span| {
                let path = paths.get(&span.trace_id).map(String::as_str);
                selection.takes_span(Sampled {
                    environment: environment.as_deref(),
                    path,
                    key: &span.trace_id,
                })
            });
        }
        resource.scope_spans.retain(|scope| !scope.spans.is_empty());
    }
    all.resource_spans.retain(|resource| !resource.scope_spans.is_empty());
    Ok(all)
}

fn environment(resource: &ResourceSpans) -> Option<String> {
    let attributes = &resource.resource.as_ref()?.attributes;
    ENVIRONMENT.iter().rev().find_map(|name| text(attributes, name)).map(str::to_owned)
}

/// The path of each trace.
fn paths(all: &ExportTraceServiceRequest) -> HashMap<Vec<u8>, String> {
    let mut paths = HashMap::new();
    let scopes = all.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    for span in scopes.flat_map(|scope| &scope.spans) {
        if let Some(path) = path(span)
            && !paths.contains_key(&span.trace_id)
        {
            paths.insert(span.trace_id.clone(), path.to_owned());
        }
    }
    paths
}

fn path(span: &Span) -> Option<&str> {
    PATH.iter().find_map(|name| text(&span.attributes, name))
}

fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// How many spans there are.
pub fn count(export: &ExportTraceServiceRequest) -> usize {
    let scopes = export.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drains::filter::{Environment, Sampling, SamplingType};
    use opentelemetry_proto::tonic::common::v1::AnyValue;
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::ScopeSpans;

    fn attribute(key: &str, text: &str) -> KeyValue {
        let value = AnyValue { value: Some(Value::StringValue(text.to_owned())) };
        KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
    }

    /// A root with a path, and a child.
    fn export(environment: &str, trace: u8, path: &str) -> Vec<u8> {
        let root = Span {
            trace_id: vec![trace; 16],
            attributes: vec![attribute("url.path", path)],
            ..Span::default()
        };
        let child = Span { trace_id: vec![trace; 16], name: "child".to_owned(), ..Span::default() };
        let scope = ScopeSpans { spans: vec![child, root], ..ScopeSpans::default() };
        let resource = Resource {
            attributes: vec![attribute("vercel.environment", environment)],
            ..Resource::default()
        };
        let spans =
            ResourceSpans { resource: Some(resource), scope_spans: vec![scope], ..ResourceSpans::default() };
        ExportTraceServiceRequest { resource_spans: vec![spans] }.encode_to_vec()
    }

    #[test]
    fn a_trace_is_taken_whole_by_environment_and_path() {
        let rule = |env, path: Option<&str>, rate| Sampling {
            kind: SamplingType::HeadSampling,
            rate,
            env,
            request_path: path.map(str::to_owned),
        };
        let exports = [
            export("production", 1, "/api/users"),
            export("production", 2, "/health"),
            export("preview", 3, "/api/users"),
        ]
        .concat();
        let taken = |rules: Vec<Sampling>| {
            let export = spans(&exports, &Selection::sampled(rules)).unwrap();
            let scopes = export.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
            scopes.flat_map(|scope| &scope.spans).map(|span| span.trace_id[0]).collect::<Vec<_>>()
        };
        assert_eq!(taken(vec![]), [1, 1, 2, 2, 3, 3]);
        assert_eq!(taken(vec![rule(None, Some("/api"), 1.0)]), [1, 1, 3, 3]);
        assert_eq!(taken(vec![rule(Some(Environment::Production), Some("api/"), 1.0)]), [1, 1]);
        assert_eq!(taken(vec![rule(None, Some("/health"), 0.0), rule(None, None, 1.0)]), [1, 1, 3, 3]);
        assert!(spans(b"no export", &Selection::default()).is_err());
    }
}
