//! One client: it picks an operation, sends a request, and looks at the answer.

use super::callers::Caller;
use super::content::Content;
use super::document::Operation;
use super::memory::Memory;
use super::{Tally, names, seeds};
use crate::dice::Dice;
use crate::server::Server;
use parking_lot::Mutex;
use serde_json::Value as Json;
use std::time::{Duration, Instant};
use ureq::http::Request;
use url::form_urlencoded::byte_serialize;

/// Their answers do not end.
const STREAMS: [&str; 3] = ["streamListener", "tailLogs", "getRuntimeLogs"];

/// They end what the others work with: seldom.
const ENDS: [&str; 13] = [
    "deleteAuthToken",
    "deleteConfiguration",
    "deleteIntegration",
    "deleteProduct",
    "deleteProject",
    "deleteTeam",
    "disableConfiguration",
    "finalize-billing",
    "requestDelete",
    "revokeInstallationCredential",
    "rotateIntegrationSecret",
    "transferConfiguration",
    "uninstallConfiguration",
];

/// They need what only some have: a partner its installation's token.
const PARTNERS: [&str; 2] = ["/v1/installations/", "/v1/deployments/"];

pub struct Lane<'a> {
    agent: ureq::Agent,
    server: &'a Server,
    operations: &'a [Operation],
    memory: &'a Mutex<Memory>,
    dice: Dice,
}

impl<'a> Lane<'a> {
    /// `patience`: a request that takes longer hangs.
    pub fn new(
        server: &'a Server,
        operations: &'a [Operation],
        memory: &'a Mutex<Memory>,
        patience: Duration,
        seed: u64,
    ) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(patience));
        Self { agent: config.build().into(), server, operations, memory, dice: Dice::new(seed) }
    }

    /// Reads what can be read, to learn what there is: lists first, then what is in them.
    pub fn look_around(&mut self) {
        let mut reads: Vec<&Operation> = self.operations.iter().filter(|one| one.method == "GET").collect();
        reads.retain(|one| !STREAMS.contains(&one.id.as_str()));
        reads.sort_by_key(|one| one.parameters());
        for operation in reads {
            let (who, caller) = self.caller(operation, true);
            let parameters = self.parameters(operation, &caller);
            let team = caller.team.as_ref().map_or_else(String::new, |team| format!("teamId={team}&"));
            let path = format!("{}?{team}view=account", filled(operation, &parameters));
            let Ok(mut answer) = self.send("GET", &path, Some(&caller.token), None) else { continue };
            let text = answer.body_mut().read_to_string().unwrap_or_default();
            if answer.status().is_success() {
                self.learn(operation, &parameters, who, &text);
            }
        }
    }

    /// Sends so many requests, or fewer where the workspace ends before; how many it sent.
    pub fn run(&mut self, requests: usize, tally: &Mutex<Tally>) -> usize {
        for sent in 0..requests {
            if sent % 50 == 0 && !self.is_there() {
                return sent;
            }
            let operation = self.next(tally);
            let status = self.one(operation);
            *tally.lock().entry(operation.id.clone()).or_default().entry(status).or_default() += 1;
        }
        requests
    }

    /// Whether the workspace is still there, and its owner may still ask.
    fn is_there(&self) -> bool {
        let owner = self.memory.lock().callers()[0].clone();
        let path = format!("/v2/teams/{}", owner.team.unwrap_or_default());
        self.send("GET", &path, Some(&owner.token), None).is_ok_and(|answer| answer.status().is_success())
    }

    /// Any operation; every other time the one of two that has succeeded less often.
    fn next(&mut self, tally: &Mutex<Tally>) -> &'a Operation {
        loop {
            let [one, other] = [0; 2].map(|_| self.dice.pick(self.operations));
            let tally = tally.lock();
            let rarer = super::successes(&tally, &other.id) < super::successes(&tally, &one.id);
            let next = if rarer && self.dice.chance(50) { other } else { one };
            let often = if super::successes(&tally, &next.id) == 0 { 12 } else { 2 };
            if !ENDS.contains(&next.id.as_str()) || self.dice.chance(often) {
                return next;
            }
        }
    }

    /// Sends one request; its status.
    fn one(&mut self, operation: &Operation) -> u16 {
        let (who, caller) = self.caller(operation, false);
        let parameters = self.parameters(operation, &caller);
        let path = self.path(operation, &parameters, &caller);
        let body = self.body(operation);
        let token = self.bearer(&caller);
        let said = format!("{} {path} {}", operation.method, body.as_deref().map_or_else(String::new, shown));
        let began = Instant::now();
        // The server may close a connection of which it has not read all, and the next request on it hears nothing.
        let send = || self.send(&operation.method, &path, token.as_deref(), body.as_deref());
        let again = |error| if matches!(error, ureq::Error::Timeout(_)) { Err(error) } else { send() };
        let answer = send().or_else(again);
        let mut answer = answer.unwrap_or_else(|error| {
            panic!("no answer ({error}) after {} ms: {said}", began.elapsed().as_millis())
        });
        let status = answer.status().as_u16();
        if STREAMS.contains(&operation.id.as_str()) && status == 200 {
            return status;
        }
        let read = answer.body_mut().with_config().limit(64 << 20).read_to_string();
        let text = read.unwrap_or_else(|error| panic!("half an answer ({error}): {said}"));
        // What a partner who cannot be reached would have said is nobody's fault here.
        let coded =
            |text| serde_json::from_str::<Json>(text).is_ok_and(|text| text["error"]["code"].is_string());
        let of_a_partner = status == 502 && coded(&text);
        assert!(status < 500 || of_a_partner, "{status} {}: {said}", shown(&text));
        if status < 300 {
            self.learn(operation, &parameters, who, &text);
            if let Some(Ok(body)) = body.as_deref().map(serde_json::from_str) {
                self.memory.lock().took(&operation.id, body, &mut self.dice);
            }
        }
        status
    }

    fn learn(&mut self, operation: &Operation, parameters: &[String], who: usize, answer: &str) {
        let answer = serde_json::from_str(answer).unwrap_or(Json::Null);
        let mut memory = self.memory.lock();
        memory.fits(&operation.id, who, &mut self.dice);
        match operation.method.as_str() {
            "DELETE" => memory.forget(&operation.path, parameters),
            _ => memory.learn(&operation.path, parameters, &answer, &mut self.dice),
        }
    }

    /// Who asks, and its place: mostly somebody whose like was heard before.
    fn caller(&mut self, operation: &Operation, first: bool) -> (usize, Caller) {
        let memory = self.memory.lock();
        let callers = memory.callers();
        let partners: Vec<usize> = (0..callers.len()).filter(|at| callers[*at].is_installation()).collect();
        let is_partners = PARTNERS.iter().any(|start| operation.path.starts_with(start));
        let known = memory.fitting(&operation.id, &mut self.dice);
        let at = match (known, self.dice.between(0, 99)) {
            // The first is the owner of the workspace; the first partner has resources.
            _ if first => {
                if is_partners {
                    partners[0]
                } else {
                    0
                }
            }
            (Some(known), 0..70) => known,
            (None, 0..80) if is_partners => *self.dice.pick(&partners),
            (_, 0..85) if !is_partners && known.is_some() => 0,
            (None, 0..60) => 0,
            _ => self.dice.between(0, callers.len() - 1),
        };
        (at, callers[at].clone())
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

    fn parameters(&mut self, operation: &Operation, caller: &Caller) -> Vec<String> {
        let memory = self.memory.lock();
        let kinds = names::parameters(&operation.path);
        let mut known = match self.dice.chance(75) {
            true => memory.chain(&operation.path, kinds.len(), &mut self.dice),
            false => Vec::new(),
        };
        let parts = operation.path.split('/');
        let of: Vec<&str> = parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        for at in known.len()..kinds.len() {
            let name = memory.name(&kinds[at], &mut self.dice).filter(|_| self.dice.chance(90));
            let mut content = Content { dice: &mut self.dice, memory: &memory };
            known.push(name.unwrap_or_else(|| content.named(of[at])));
        }
        for (kind, value) in kinds.iter().zip(&mut known) {
            if let Some((_, own)) = caller.own.as_ref().filter(|(one, _)| one == kind && self.dice.chance(90))
            {
                value.clone_from(own);
            }
            if let Some(own) = caller.team.as_ref().filter(|_| kind == "team" && self.dice.chance(60)) {
                value.clone_from(own);
            }
        }
        known
    }

    fn path(&mut self, operation: &Operation, parameters: &[String], caller: &Caller) -> String {
        let path = filled(operation, parameters);
        let mut query = Vec::new();
        if let Some(team) = caller.team.as_ref().filter(|_| self.dice.chance(95)) {
            query.push(format!("teamId={team}"));
        }
        let memory = self.memory.lock();
        for (name, schema) in &operation.query {
            if self.dice.chance(20) {
                let value = match (Content { dice: &mut self.dice, memory: &memory }).of(name, schema, 0) {
                    Json::String(text) => text,
                    other => other.to_string(),
                };
                query.push(format!("{}={}", encoded(name), encoded(&value)));
            }
        }
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
        let text = self.content(operation).to_string();
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

    /// What fits, nearly fits, or is junk.
    fn content(&mut self, operation: &Operation) -> Json {
        let memory = self.memory.lock();
        let seed = match self.dice.between(0, 99) {
            0..20 => memory.body(&operation.id, &mut self.dice),
            20..70 => seeds::body(&operation.id, &memory, &mut self.dice),
            _ => None,
        };
        let junk = Json::Object(serde_json::Map::new());
        let mut content = Content { dice: &mut self.dice, memory: &memory };
        match seed {
            Some(seed) if content.dice.chance(30) => content.spoilt(seed),
            Some(seed) => seed,
            None => content.of("", operation.body.as_ref().unwrap_or(&junk), 0),
        }
    }

    fn bearer(&mut self, caller: &Caller) -> Option<String> {
        match self.dice.between(0, 99) {
            0 | 1 => None,
            2 => Some("pnt_unknown".to_owned()),
            _ => Some(caller.token.clone()),
        }
    }
}

/// The operation's path with its parameters.
fn filled(operation: &Operation, parameters: &[String]) -> String {
    let mut values = parameters.iter();
    let parts = operation.path.split('/').skip(1);
    let part = |part: &str| match part.starts_with('{') {
        true => format!("/{}", encoded(values.next().map_or("none", |text| text))),
        false => format!("/{part}"),
    };
    let mut path: String = parts.map(part).collect();
    // A request line has an end.
    path.truncate(4_000);
    path
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A body's beginning.
fn shown(body: &str) -> String {
    body.chars().take(2_000).collect()
}
