//! Lines as getRuntimeLogs shows them.

use super::line::{Level, Line};
use crate::drains::filter::LogSource;
use serde::Serialize;

/// One object of the answer. The contract's lists of sources and levels are shorter than those of log lines, and every field must be
/// there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row<'a> {
    level: &'static str,
    message: &'a str,
    row_id: &'a str,
    source: &'static str,
    timestamp_in_ms: i64,
    domain: &'a str,
    message_truncated: bool,
    request_method: &'a str,
    request_path: String,
    /// 0 where the line is about no answer.
    response_status_code: i64,
}

impl<'a> Row<'a> {
    /// `None` for a line of a build, which is not the deployment running.
    pub fn of(line: &'a Line<'_>) -> Option<Self> {
        let text = |text: &'a Option<super::Text<'_>>| text.as_ref().map_or("", |text| text.as_str());
        let proxy = line.proxy.as_ref();
        let status = line.status_code.or_else(|| proxy.and_then(|proxy| proxy.status_code));
        Some(Self {
            level: match line.level {
                None | Some(Level::Info) => "info",
                Some(Level::Warning) => "warning",
                Some(Level::Error | Level::Fatal) => "error",
            },
            message: text(&line.message),
            row_id: text(&line.id),
            source: source(line)?,
            timestamp_in_ms: line.at(),
            domain: text(&line.host),
            message_truncated: line.message_truncated.unwrap_or(false),
            request_method: proxy.map_or("", |proxy| text(&proxy.method)),
            request_path: line.request_path().unwrap_or_default().into_owned(),
            response_status_code: status.unwrap_or(0),
        })
    }
}

fn source(line: &Line<'_>) -> Option<&'static str> {
    let kind = line.kind.as_ref().map_or("", |kind| kind.as_str());
    let edge = line.edge_type.as_ref().map_or("", |kind| kind.as_str());
    Some(match line.source {
        Some(LogSource::Build) => return None,
        _ if kind == "delimiter" => "delimiter",
        None | Some(LogSource::Lambda) => "serverless",
        Some(LogSource::Edge) if kind.contains("middleware") || edge.contains("middleware") => {
            "edge-middleware"
        }
        Some(LogSource::Edge) => "edge-function",
        Some(LogSource::Static | LogSource::External | LogSource::Firewall | LogSource::Redirect) => {
            "request"
        }
    })
}
