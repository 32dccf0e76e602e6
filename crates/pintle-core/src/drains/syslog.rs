//! Log lines as syslog: RFC 5424 messages in the octet-counted frames of RFC 6587, over TLS (RFC 5425) or TCP.

use crate::{Error, Result};
use serde_json::Value as Json;
use std::fmt::{self, Write};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

/// Where syslog is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
    pub tls: bool,
}

/// local0, since none of the others fits; times 8, as it stands in a message.
const FACILITY: u8 = 16 * 8;

/// The SD-ID of the structured data. The number is the one that RFC 5612 sets aside for those who have none.
const STRUCTURED: &str = "pintle@32473";

/// What becomes structured data: how a line names it.
const PARAMETERS: &[&str] = &[
    "id",
    "projectId",
    "deploymentId",
    "source",
    "level",
    "type",
    "environment",
    "branch",
    "requestId",
    "traceId",
    "spanId",
    "path",
    "statusCode",
];

impl Address {
    /// Reads an endpoint: `syslog+tls://host:port`, `syslogs://`, `tls://`; `syslog://`, `syslog+tcp://`, `tcp://`; or `host:port`, which means
    /// TLS. The port is 6514 for TLS and 601 for TCP where none is named (RFC 5425, RFC 6587).
    ///
    /// # Errors
    /// 400 where it is none of these; `field` is how the body names it.
    pub fn parse(field: &str, endpoint: &str) -> Result<Self> {
        let bad = || {
            Error::invalid(format_args!(
                "`{field}` should be like \"syslog+tls://host:port\", \"syslog+tcp://host:port\" or \"host:port\"."
            ))
        };
        let (scheme, rest) = endpoint.split_once("://").unwrap_or(("tls", endpoint));
        let tls = match scheme {
            "syslog+tls" | "syslogs" | "tls" => true,
            "syslog" | "syslog+tcp" | "tcp" => false,
            _ => return Err(bad()),
        };
        // Hosts and ports as URLs have them.
        let url = Url::parse(&format!("syslog://{rest}")).map_err(|_| bad())?;
        let plain = url.username().is_empty() && url.password().is_none();
        let nothing_else =
            matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || !plain || !nothing_else || url.port() == Some(0) {
            return Err(bad());
        }
        Ok(Self { host, port: url.port().unwrap_or(if tls { 6514 } else { 601 }), tls })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "syslog+tls" } else { "syslog+tcp" };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

/// Adds a line as a frame: `LENGTH SP MESSAGE`.
pub fn push(frames: &mut Vec<u8>, line: &Json) {
    let message = message(line);
    frames.extend_from_slice(message.len().to_string().as_bytes());
    frames.push(b' ');
    frames.extend_from_slice(message.as_bytes());
}

/// `<PRI>1 TIMESTAMP HOST APP PROCID MSGID SD MSG`: the application is the project, the process the deployment, the kind of message the
/// source.
fn message(line: &Json) -> String {
    let text = |key: &str| line.get(key).and_then(Json::as_str);
    let mut out = format!("<{}>1 {}", FACILITY + severity(text("level")), timestamp(line));
    let application = text("projectName").or_else(|| text("projectId"));
    for (value, longest) in
        [(text("host"), 255), (application, 48), (text("deploymentId"), 128), (text("source"), 32)]
    {
        out.push(' ');
        out.push_str(&name(value.unwrap_or_default(), longest));
    }
    out.push(' ');
    structured(&mut out, line);
    if let Some(message) = text("message").filter(|message| !message.is_empty()) {
        out.push(' ');
        out.push_str(message);
    }
    out
}

fn severity(level: Option<&str>) -> u8 {
    match level {
        Some("fatal") => 2,
        Some("error") => 3,
        Some("warning") => 4,
        _ => 6,
    }
}

fn timestamp(line: &Json) -> String {
    let millis = line.get("timestamp").and_then(Json::as_i64);
    let moment = millis
        .and_then(|millis| OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok());
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_else(|| "-".to_owned())
}

/// A field of the header: visible ASCII, `-` for none. What else it holds is left out.
fn name(text: &str, longest: usize) -> String {
    let name: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

/// `[pintle@32473 id="…" …]`, or `-` where the line has nothing for it. Quotes, backslashes and closing brackets are escaped.
fn structured(out: &mut String, line: &Json) {
    let begin = out.len();
    for key in PARAMETERS {
        let value = match line.get(key) {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Number(number)) => number.to_string(),
            _ => continue,
        };
        // Writing to a text does not fail.
        let _ = write!(out, " {key}=\"");
        for c in value.chars() {
            if matches!(c, '"' | '\\' | ']') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
    }
    if out.len() == begin {
        out.push('-');
    } else {
        out.insert_str(begin, &format!("[{STRUCTURED}"));
        out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_endpoint_names_host_port_and_whether_it_is_tls() {
        let good = [
            ("syslog+tls://logs.example.com:6515", "logs.example.com", 6515, true),
            ("syslogs://logs.example.com", "logs.example.com", 6514, true),
            ("tls://192.0.2.1:1/", "192.0.2.1", 1, true),
            ("logs.example.com:6514", "logs.example.com", 6514, true),
            ("[2001:db8::1]:6514", "2001:db8::1", 6514, true),
            ("syslog+tcp://logs.example.com:5140", "logs.example.com", 5140, false),
            ("syslog://logs.example.com", "logs.example.com", 601, false),
            ("tcp://[::1]:5", "::1", 5, false),
        ];
        for (endpoint, host, port, tls) in good {
            let expected = Address { host: host.to_owned(), port, tls };
            assert_eq!(Address::parse("delivery.endpoint", endpoint).unwrap(), expected, "{endpoint}");
        }
        for endpoint in [
            "",
            ":1",
            "https://logs.example.com",
            "udp://logs.example.com",
            "logs.example.com:0",
            "tcp://a:99999",
            "tcp://user@a:1",
            "tcp://a:1/path",
            "tcp://a:1?query",
            "tls://",
            "a b:1",
        ] {
            let error = Address::parse("delivery.endpoint", endpoint).unwrap_err();
            assert!(
                error.message.starts_with("Invalid request: `delivery.endpoint` should be like"),
                "{endpoint}"
            );
        }
    }

    #[test]
    fn a_line_is_a_message_with_its_ids_as_structured_data() {
        let line = json!({
            "id": "1700000000123abc", "timestamp": 1_700_000_000_123_i64, "level": "error", "source": "lambda",
            "host": "site.example.com", "projectId": "prj_1", "projectName": "my site", "deploymentId": "dpl_1",
            "message": "first\nsecond \"ü\"", "path": "a\"b]c\\d", "statusCode": 500, "requestId": null,
        });
        let expected = "<131>1 2023-11-14T22:13:20.123Z site.example.com mysite dpl_1 lambda \
            [pintle@32473 id=\"1700000000123abc\" projectId=\"prj_1\" deploymentId=\"dpl_1\" source=\"lambda\" \
            level=\"error\" path=\"a\\\"b\\]c\\\\d\" statusCode=\"500\"] first\nsecond \"ü\"";
        assert_eq!(message(&line), expected);
        let levels = [("fatal", 130), ("warning", 132), ("info", 134), ("unheard", 134)];
        for (level, priority) in levels {
            let message = message(&json!({ "level": level }));
            assert!(message.starts_with(&format!("<{priority}>1 - - - - - [")), "{message}");
        }
        assert_eq!(message(&json!({})), "<134>1 - - - - - -");
        let long = message(&json!({ "source": "x".repeat(99), "host": "\u{e9}\t " }));
        assert!(long.contains(&format!(" - - - {} [", "x".repeat(32))), "{long}");
    }

    #[test]
    fn frames_are_taken_apart_by_their_counts_whatever_the_lines_hold() {
        let messages = ["a", "", "12 <131>1 ", "\n\n", "üöä 漢字"];
        let mut frames = Vec::new();
        for text in messages {
            push(&mut frames, &json!({ "message": text, "id": text }));
        }
        let mut rest = frames.as_slice();
        for text in messages {
            let space = rest.iter().position(|byte| *byte == b' ').unwrap();
            let count: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
            let (frame, after) = rest[space + 1..].split_at(count);
            let frame = std::str::from_utf8(frame).unwrap();
            assert!(frame.starts_with("<134>1 ") && frame.ends_with(text), "{frame}");
            rest = after;
        }
        assert!(rest.is_empty());
    }
}
