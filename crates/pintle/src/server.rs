//! A running server, as the commands that talk to one see it.

use crate::failure::{Failure, Result};
use crate::options::ServerArgs;
use serde_json::Value as Json;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Method, Request};

pub struct Server<'a> {
    agent: Agent,
    args: &'a ServerArgs,
}

impl<'a> Server<'a> {
    pub fn new(args: &'a ServerArgs) -> Self {
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        Self { agent: config.build().into(), args }
    }

    pub fn get(&self, path: &str) -> Result<Json> {
        self.call(Method::GET, path, None)
    }

    pub fn post(&self, path: &str, body: &Json) -> Result<Json> {
        self.call(Method::POST, path, Some(body))
    }

    /// The JSON of a good answer; `null` where it is empty.
    pub fn call(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Json> {
        let ServerArgs { url, token, team } = self.args;
        if url.starts_with("https:") {
            return Err(Failure::usage("this command speaks no TLS: give the server's own http:// address"));
        }
        let base = url.trim_end_matches('/');
        let query = team.as_ref().map_or(String::new(), |team| {
            let joiner = if path.contains('?') { '&' } else { '?' };
            format!("{joiner}teamId={}", encode(team))
        });
        let request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}{query}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(body.map(Json::to_string).unwrap_or_default())
            .map_err(|error| Failure::usage(format_args!("{url} is not a URL that can be used: {error}")))?;
        let unreachable = |error| Failure::failed(format_args!("cannot reach {url}: {error}"));
        let mut answer = self.agent.run(request).map_err(unreachable)?;
        let status = answer.status();
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        let json: Json = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(json);
        }
        let error = &json["error"];
        Err(Failure::failed(match (error["message"].as_str(), error["code"].as_str()) {
            (Some(message), Some(code)) => format!("{message} ({}, {code})", status.as_u16()),
            _ => format!("{url} answered {status}: is it a pintle server?"),
        }))
    }
}

/// What was typed, as a part of a URL.
pub fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
