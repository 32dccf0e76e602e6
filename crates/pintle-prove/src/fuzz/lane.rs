//! One client: it picks an operation, sends a request, and looks at the answer.

use super::Tally;
use super::content::Content;
use super::document::Operation;
use super::memory::Memory;
use crate::dice::Dice;
use crate::server::Server;
use parking_lot::Mutex;
use serde_json::Value as Json;
use std::time::{Duration, Instant};
use ureq::http::Request;
use url::form_urlencoded::byte_serialize;

/// A request that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Their answers do not end.
const STREAMS: [&str; 3] = ["streamListener", "tailLogs", "getRuntimeLogs"];

/// They end what the others work with: seldom.
const ENDS: [&str; 5] =
    ["deleteTeam", "deleteAuthToken", "deleteProject", "removeTeamMember", "requestDelete"];

pub struct Lane<'a> {
    agent: ureq::Agent,
    server: &'a Server,
    operations: &'a [Operation],
    dice: Dice,
    memory: Memory,
    token: String,
    team: String,
}

impl<'a> Lane<'a> {
    pub fn new(server: &'a Server, operations: &'a [Operation], seed: u64) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE));
        let text = |name: &str| server.ready[name].as_str().expect("a demo workspace").to_owned();
        let mut lane = Self {
            agent: config.build().into(),
            server,
            operations,
            dice: Dice::new(seed),
            memory: Memory::default(),
            token: text("token"),
            team: text("teamId"),
        };
        lane.memory.learn("/nothing", &[], &server.ready, &mut lane.dice);
        lane.look_around();
        lane
    }

    /// Reads every list that needs no parameters, to learn what there is.
    fn look_around(&mut self) {
        let lists = self.operations.iter().filter(|one| one.method == "GET" && one.parameters() == 0);
        for operation in lists.filter(|one| !STREAMS.contains(&one.id.as_str())) {
            let path = format!("{}?teamId={}&view=account", operation.path, self.team);
            let Ok(mut answer) = self.send("GET", &path, Some(&self.token), None) else { continue };
            let text = answer.body_mut().read_to_string().unwrap_or_default();
            if let Ok(answer) = serde_json::from_str(&text) {
                self.memory.learn(&operation.path, &[], &answer, &mut self.dice);
            }
        }
    }

    pub fn run(&mut self, requests: usize, tally: &Mutex<Tally>) {
        for _ in 0..requests {
            let operation = self.dice.pick(self.operations);
            if ENDS.contains(&operation.id.as_str()) && !self.dice.chance(3) {
                continue;
            }
            let status = self.one(operation);
            *tally.lock().entry(operation.id.clone()).or_default().entry(status).or_default() += 1;
        }
    }

    /// Sends one request; its status.
    fn one(&mut self, operation: &Operation) -> u16 {
        let parameters = self.parameters(operation);
        let path = self.path(operation, &parameters);
        let body = self.body(operation);
        let token = self.bearer();
        let said = format!("{} {path} {}", operation.method, body.as_deref().map_or_else(String::new, shown));
        let began = Instant::now();
        // The server may close a connection of which it has not read all, and the next request on it hears nothing.
        let again = |_| self.send(&operation.method, &path, token.as_deref(), body.as_deref());
        let answer = self.send(&operation.method, &path, token.as_deref(), body.as_deref()).or_else(again);
        let mut answer = answer.unwrap_or_else(|error| {
            panic!("{said}: no answer ({error}) after {} ms", began.elapsed().as_millis())
        });
        let status = answer.status().as_u16();
        if STREAMS.contains(&operation.id.as_str()) && status == 200 {
            return status;
        }
        let read = answer.body_mut().with_config().limit(64 << 20).read_to_string();
        let text = read.unwrap_or_else(|error| panic!("{said}: half an answer ({error})"));
        let answer: Json = serde_json::from_str(&text).unwrap_or(Json::Null);
        // What a partner who cannot be reached would have said is nobody's fault here.
        let of_a_partner = status == 502 && answer["error"]["code"].is_string();
        assert!(status < 500 || of_a_partner, "{said}: {status} {text}");
        if status < 300 {
            self.memory.learn(&operation.path, &parameters, &answer, &mut self.dice);
        }
        status
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server.url))
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        match body {
            Some(body) => self.agent.run(request.body(body).expect("a request")),
            None => self.agent.run(request.body(()).expect("a request")),
        }
    }

    fn content(&mut self) -> Content<'_> {
        Content { dice: &mut self.dice, memory: &self.memory }
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<String> {
        let count = operation.parameters();
        let mut known = match self.dice.chance(85) {
            true => self.memory.chain(&operation.path, count, &mut self.dice),
            false => Vec::new(),
        };
        let names = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        for name in names.skip(known.len()) {
            let text = self.content().named(name);
            known.push(text);
        }
        known
    }

    fn path(&mut self, operation: &Operation, parameters: &[String]) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let mut values = parameters.iter();
        let mut path: String = operation
            .path
            .split('/')
            .skip(1)
            .map(|part| match part.starts_with('{') {
                true => format!("/{}", encoded(values.next().map_or("none", |text| text))),
                false => format!("/{part}"),
            })
            .collect();
        let mut query = Vec::new();
        if self.dice.chance(90) {
            query.push(format!("teamId={}", self.team));
        }
        for (name, schema) in &operation.query {
            if self.dice.chance(20) {
                let value = match self.content().of(name, schema, 0) {
                    Json::String(text) => text,
                    other => other.to_string(),
                };
                query.push(format!("{}={}", encoded(name), encoded(&value)));
            }
        }
        // A request line has an end.
        path.truncate(4_000);
        let mut query = query.join("&");
        if query.len() > 4_000 {
            query.truncate(4_000);
            // Not within an escape.
            let whole = query.trim_end_matches(|c: char| c == '%' || c.is_ascii_hexdigit()).len();
            query.truncate(whole);
        }
        format!("{path}?{query}")
    }

    fn body(&mut self, operation: &Operation) -> Option<String> {
        if operation.method == "GET" {
            return None;
        }
        let junk = Json::Object(serde_json::Map::new());
        let text = self.content().of("", operation.body.as_ref().unwrap_or(&junk), 0).to_string();
        match self.dice.between(0, 99) {
            0 => None,
            1 => Some(String::new()),
            // Cut short, at a place that is one.
            2 => Some(text.chars().take(text.chars().count() / 2).collect()),
            3 => Some("[".repeat(2_000)),
            4 => Some(format!("[{text}]")),
            _ => Some(text),
        }
    }

    fn bearer(&mut self) -> Option<String> {
        match self.dice.between(0, 99) {
            0 | 1 => None,
            2 => Some("pnt_unknown".to_owned()),
            3..12 => self.memory.token(&mut self.dice).or_else(|| Some(self.token.clone())),
            _ => Some(self.token.clone()),
        }
    }
}

/// A body's beginning.
fn shown(body: &str) -> String {
    body.chars().take(2_000).collect()
}
