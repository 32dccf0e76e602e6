//! A client of the server over HTTP.

use serde_json::Value;
use std::time::Duration;
use ureq::http::Request;

#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    /// The user's token.
    token: String,
    team: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub request: String,
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn unexpected(&self) -> String {
        format!("{} answered {} {}", self.request, self.status, self.body)
    }
}

impl Client {
    pub fn new(url: &str, ready: &Value) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)));
        let text = |name: &str| ready[name].as_str().expect("a demo workspace").to_owned();
        Self { agent: config.build().into(), url: url.to_owned(), token: text("token"), team: text("teamId") }
    }

    /// The same user in another team.
    pub fn for_team(&self, team: &str) -> Self {
        Self { team: team.to_owned(), ..self.clone() }
    }

    /// As the user; `None` is a server that is gone.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        self.send_as(&self.token, method, path, body)
    }

    pub fn send_as(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let joiner = if path.contains('?') { '&' } else { '?' };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}{joiner}teamId={}", self.url, self.team))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body.to_string()).expect("a request")).ok()?,
            None => self.agent.run(request.body(()).expect("a request")).ok()?,
        };
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(64 << 20).read_to_string().ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer { request: format!("{method} {path}"), status, body })
    }

    /// A read that must succeed.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, None).expect("a running server");
        assert_eq!(answer.status, 200, "{}", answer.unexpected());
        answer.body
    }

    pub fn status(&self, path: &str) -> u16 {
        self.send("GET", path, None).expect("a running server").status
    }
}
