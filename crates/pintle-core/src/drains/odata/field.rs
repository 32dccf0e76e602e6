//! The fields that a filter may speak of.

use serde_json::Value as Json;

/// Where a value stands in a line: the key, and the key inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    key: &'static str,
    inner: Option<&'static str>,
}

/// The fields of a line (semantics.md 6.4).
const LINE: &[&str] = &[
    "id",
    "deploymentId",
    "source",
    "host",
    "timestamp",
    "projectId",
    "level",
    "message",
    "buildId",
    "entrypoint",
    "path",
    "destination",
    "type",
    "statusCode",
    "requestId",
    "environment",
    "branch",
    "projectName",
    "executionRegion",
    "ja3Digest",
    "ja4Digest",
    "edgeType",
    "traceId",
    "spanId",
    "trace.id",
    "span.id",
];

/// The fields of its `proxy`.
const PROXY: &[&str] = &[
    "timestamp",
    "method",
    "host",
    "path",
    "userAgent",
    "region",
    "referer",
    "statusCode",
    "clientIp",
    "scheme",
    "responseByteSize",
    "cacheId",
    "pathType",
    "pathTypeVariant",
    "vercelId",
    "vercelCache",
    "lambdaRegion",
    "wafAction",
    "wafRuleId",
];

/// The fields by the objects that a basic filter sorts them under.
const SORTED: &[(&str, &str)] = &[
    ("project/id", "projectId"),
    ("project/name", "projectName"),
    ("deployment/id", "deploymentId"),
    ("deployment/environment", "environment"),
    ("deployment/branch", "branch"),
    ("deployment/host", "host"),
];

impl Field {
    /// The field of this name: as the line has it (`source`, `proxy/method`, `proxy.method`), or as a basic filter sorts it (`log/source`,
    /// `project/id`, `deployment/environment`).
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = |list: &'static [&'static str], name: &str| list.iter().find(|known| **known == name);
        let proxied = name.strip_prefix("proxy/").or_else(|| name.strip_prefix("proxy."));
        if let Some(inner) = proxied {
            return known(PROXY, inner).map(|inner| Self { key: "proxy", inner: Some(inner) });
        }
        let sorted = SORTED.iter().find(|(sorted, _)| *sorted == name).map(|(_, plain)| *plain);
        let plain = sorted.or_else(|| name.strip_prefix("log/")).unwrap_or(name);
        known(LINE, plain).map(|key| Self { key, inner: None })
    }

    pub(super) fn of(self, line: &Json) -> Option<&Json> {
        let value = line.get(self.key)?;
        self.inner.map_or(Some(value), |inner| value.get(inner))
    }
}
