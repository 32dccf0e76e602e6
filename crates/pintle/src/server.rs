//! A running server, as the commands that talk to one see it.

use crate::failure::{Failure, Result};
use crate::options::ServerArgs;
use serde_json::Value as Json;
use std::io::Read;
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request, Response, StatusCode};
use ureq::{Agent, Body};

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
        let body = body.map(Json::to_string).unwrap_or_default();
        self.send(method, path, body.as_bytes())?.good()
    }

    /// Any answer, whole.
    pub fn send(&self, method: Method, path: &str, body: &[u8]) -> Result<Answer> {
        let mut answer = self.run(&self.agent, method, path, body)?;
        let text = answer.body_mut().read_to_string().map_err(|error| self.unreachable(error))?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        let (parts, _) = answer.into_parts();
        Ok(Answer { url: self.args.url.clone(), status: parts.status, headers: parts.headers, json })
    }

    /// The body of a good answer, to be read as it comes, for as long as it comes.
    pub fn open(&self, path: &str) -> Result<impl Read> {
        self.follow(path, None)?.map_err(|answer| answer.failure())
    }

    /// The same, or the answer that is none; a silence of such a length ends the body with an error.
    pub fn follow(&self, path: &str, silence: Option<Duration>) -> Result<Result<impl Read + use<>, Answer>> {
        let patient = Agent::config_builder().http_status_as_error(false).timeout_per_read(silence);
        let answer = self.run(&patient.build().into(), Method::GET, path, b"")?;
        if answer.status().is_success() {
            return Ok(Ok(answer.into_body().into_reader()));
        }
        let (parts, mut body) = answer.into_parts();
        let text = body.read_to_string().map_err(|error| self.unreachable(error))?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Err(Answer { url: self.args.url.clone(), status: parts.status, headers: parts.headers, json }))
    }

    fn run(&self, agent: &Agent, method: Method, path: &str, body: &[u8]) -> Result<Response<Body>> {
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
            .body(body)
            .map_err(|error| Failure::usage(format_args!("{url} is not a URL that can be used: {error}")))?;
        agent.run(request).map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, error: ureq::Error) -> Failure {
        Failure::failed(format_args!(
            "cannot reach {}: {error}. Is pintle serve running there? --url or PINTLE_URL names another server",
            self.args.url
        ))
    }
}

/// What a server answered.
pub struct Answer {
    url: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `null` where the body is no JSON.
    pub json: Json,
}

impl Answer {
    pub fn good(self) -> Result<Json> {
        if self.status.is_success() { Ok(self.json) } else { Err(self.failure()) }
    }

    /// The error that it is, in the server's words.
    pub fn failure(&self) -> Failure {
        let error = &self.json["error"];
        Failure::failed(match (error["message"].as_str(), error["code"].as_str()) {
            (Some(message), Some(code)) => {
                format!("{message} ({}, {code}){}", self.status.as_u16(), remedy(error))
            }
            _ => format!("{} answered {}: is it a pintle server?", self.url, self.status),
        })
    }
}

/// What to do about an answer that speaks of what the command was given.
fn remedy(error: &Json) -> &'static str {
    let on = |key: &str| error[key] == true;
    match error["code"].as_str() {
        _ if on("missingToken") || on("invalidToken") => {
            ": give a token of this server with --token or PINTLE_TOKEN"
        }
        Some("team_unauthorized") => {
            ": --team or PINTLE_TEAM must be a team of the token's user, by id or slug"
        }
        _ if lacks_project(error) => ": say which with --project",
        _ => "",
    }
}

fn lacks_project(error: &Json) -> bool {
    error["message"].as_str().is_some_and(|message| message.contains("missing required property `projectId`"))
}

/// What was typed, as a part of a URL.
pub fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
