//! `pintle listen`: events come to the shell, and go on to a server of the developer's own.

mod forward;

use crate::failure::{Failure, Result};
use crate::options::ListenArgs;
use crate::serve::Stop;
use crate::server::{Answer, Server, encode};
use forward::{Forwarder, Outcome};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::io::{BufRead, BufReader, Read, Write, stdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use ureq::http::{Method, StatusCode};

/// The server says something every ten seconds: after so long a silence it is gone.
const SILENCE: Duration = Duration::from_secs(35);
/// Before the server is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// What a server hands out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handed {
    id: String,
    event_id: String,
    #[serde(rename = "type")]
    kind: String,
    created_at: i64,
    body: String,
    signature: String,
}

/// Listens until it is told to end.
pub fn run(args: ListenArgs) -> Result<()> {
    let forwarder = Forwarder::new(&args.forward_to, args.skip_verify)?;
    let args = Arc::new(args);
    let listener = Arc::new(Mutex::new(open(&args, &Server::new(&args.server))?));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut stop = Stop::new()?;
        let (tell, ended) = tokio::sync::oneshot::channel();
        let (args, listener) = (args.clone(), listener.clone());
        std::thread::spawn(move || {
            let shell = Shell { server: Server::new(&args.server), args: &args, forwarder, listener };
            // Nobody listens to why it ended once the end was asked for.
            drop(tell.send(shell.listen()));
        });
        tokio::select! {
            () = stop.asked() => Ok(()),
            ended = ended => ended.unwrap_or_else(|_| Err(Failure::failed("it stopped listening"))),
        }
    });
    let id = listener.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // It would go by itself too.
    drop(Server::new(&args.server).call(Method::DELETE, &path(&id, ""), None));
    ended
}

fn path(listener: &str, rest: &str) -> String {
    format!("/pintle/v1/listeners/{}{rest}", encode(listener))
}

/// Makes a listener, and says how what it hears is signed.
fn open(args: &ListenArgs, server: &Server<'_>) -> Result<String> {
    let mut body = Map::new();
    body.insert("forwardTo".into(), json!(args.forward_to));
    if !args.events.is_empty() {
        body.insert("events".into(), json!(args.events));
    }
    if let Some(integration) = &args.integration {
        body.insert("integrationId".into(), json!(integration));
    }
    let made = server.post("/pintle/v1/listeners", &Json::Object(body))?;
    let text = |key: &str| made[key].as_str().unwrap_or_default();
    let signed = match made["secret"].as_str() {
        Some(secret) => format!("signing secret: {secret}"),
        None => format!("signed with the client secret of {}", text("integrationId")),
    };
    let whose = if args.integration.is_some() { text("integrationId") } else { text("ownerId") };
    say(&format!("listening for events of {whose}, forwarding to {}\n{signed}", args.forward_to))?;
    Ok(text("id").to_owned())
}

fn say(line: &str) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn pause() {
    #[expect(clippy::disallowed_methods, reason = "this is a command, and no server's thread")]
    std::thread::sleep(PAUSE);
}

struct Shell<'a> {
    server: Server<'a>,
    args: &'a ListenArgs,
    forwarder: Forwarder,
    listener: Arc<Mutex<String>>,
}

impl Shell<'_> {
    fn id(&self) -> String {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Listens for ever, through ends and restarts of the server.
    fn listen(&self) -> Result<()> {
        let mut connected = true;
        loop {
            let opened = self.server.follow(&path(&self.id(), "/stream?follow=true"), Some(SILENCE));
            match opened {
                Ok(Ok(body)) => {
                    if !connected {
                        say("connected again")?;
                    }
                    connected = true;
                    self.hear(body)?;
                }
                Ok(Err(answer)) if answer.status == StatusCode::NOT_FOUND => {
                    say(
                        "the server has forgotten this listener, and what happened meanwhile: beginning anew",
                    )?;
                    let id = open(self.args, &self.server)?;
                    *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = id;
                }
                Ok(Err(answer)) if !busy(&answer) => return Err(answer.failure()),
                lost => {
                    if connected {
                        let why = lost.map_or_else(|failure| failure.message, |_| "it is busy".to_owned());
                        say(&format!("lost the server: {why}; trying again"))?;
                    }
                    connected = false;
                }
            }
            pause();
        }
    }

    /// Forwards what comes, one after the other, until the stream ends.
    fn hear(&self, body: impl Read) -> Result<()> {
        // An error ends it like an end does: the server is asked again.
        for line in BufReader::new(body).lines().map_while(Result::ok) {
            if let Ok(event) = serde_json::from_str::<Handed>(&line) {
                let outcome = self.forwarder.send(&event);
                say(&told(&event, &outcome))?;
                self.report(&outcome)?;
            }
        }
        Ok(())
    }

    /// Until the server knows it, it would hand the event out again.
    fn report(&self, outcome: &Outcome) -> Result<()> {
        let body = serde_json::to_vec(outcome).map_err(Failure::failed)?;
        loop {
            match self.server.send(Method::POST, &path(&self.id(), "/results"), &body) {
                Ok(answer) if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND => {
                    return Ok(());
                }
                Ok(answer) if !busy(&answer) => return Err(answer.failure()),
                _ => pause(),
            }
        }
    }
}

/// An answer that may be another one in a moment.
fn busy(answer: &Answer) -> bool {
    answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS
}

/// Time, type, id, status, duration; of what did not arrive also the delivery, and why.
fn told(event: &Handed, outcome: &Outcome) -> String {
    let at = pintle_core::clock::text(event.created_at);
    // What failed is told with the id by which it can be sent again.
    let again = if outcome.arrived() { String::new() } else { format!("  {}", event.id) };
    let status = outcome.status.map_or("failed".to_owned(), |status| status.to_string());
    let why = outcome.error.as_ref().map_or(String::new(), |error| format!("  {error}"));
    format!("{at}  {}  {}  {status}  {}ms{again}{why}", event.kind, event.event_id, outcome.duration_ms)
}
