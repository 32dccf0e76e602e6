//! A marketplace partner in the proof's own process: honest, with a memory, and at times out of sorts. What it remembers is held against
//! what Pintle shows.

mod memory;

pub use memory::{Memory, Resource, secrets};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, Response};
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What it does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Behaves,
    /// Does it, after a moment.
    Slow,
    /// 503, with nothing done.
    Fails,
    /// Does it, and the answer is lost.
    Unheard,
    /// This status, with nothing done.
    Refuses(u16),
    /// The connection ends before anything is done. It answers no questions either.
    Away,
}

/// The partner; it ends when it is dropped.
pub struct Partner {
    /// Its base URL.
    pub url: String,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    memory: Mutex<Memory>,
    /// What happens to the next requests; afterwards the last mood stays.
    moods: Mutex<VecDeque<Mood>>,
}

/// What a request asks for.
struct Asked {
    method: Method,
    path: String,
    key: Option<String>,
    body: Value,
}

impl Partner {
    /// Listens on loopback, on the runtime that this is called on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared { memory: Mutex::default(), moods: Mutex::new([Mood::Behaves].into()) });
        let app = Router::new().fallback(answer).with_state(shared.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.expect("a partner that serves") });
        Self { url, shared, _server: server }
    }

    /// Meets the next requests in these moods, and all after them in the last.
    pub fn feels(&self, moods: &[Mood]) {
        *self.shared.moods.lock() = moods.iter().copied().collect();
    }

    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.shared.memory.lock()
    }
}

impl Shared {
    fn mood(&self, changes: bool) -> Mood {
        let mut moods = self.moods.lock();
        let next = match (moods.len(), changes) {
            (2.., true) => moods.pop_front(),
            // A question is answered while its mood may still change.
            (2.., false) => None,
            _ => moods.front().copied(),
        };
        next.unwrap_or(Mood::Behaves)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let key = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let asked = Asked { method: parts.method, path: parts.uri.path().to_owned(), key, body };
    // Calls that wait for an answer; some questions are asked only by somebody who waits.
    let question = ["/plans", "/verify"].iter().any(|end| asked.path.ends_with(end));
    let changes = asked.method != Method::GET || !question;
    let act = || shared.memory.lock().act(&asked);
    match (shared.mood(changes), changes) {
        (Mood::Away, _) => lost(),
        (_, false) | (Mood::Behaves, _) => reply(act()),
        (Mood::Slow, _) => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            reply(act())
        }
        (Mood::Fails, _) => reply((503, json!({}))),
        (Mood::Refuses(status), _) => reply((
            status,
            json!({ "error": { "code": "refused", "message": "The partner does not want it" } }),
        )),
        (Mood::Unheard, _) => {
            act();
            lost()
        }
    }
}

/// An answer that breaks off.
fn lost() -> Response<Body> {
    let body = futures_util::stream::iter([Err::<String, _>(std::io::Error::other("lost"))]);
    Response::new(Body::from_stream(body))
}

fn reply((status, body): (u16, Value)) -> Response<Body> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Response::builder().status(status).body(Body::from(body)).expect("a response")
}
