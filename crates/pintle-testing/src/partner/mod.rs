//! A marketplace partner on loopback. It behaves well, and checks the tokens that it is shown, unless a test scripts what it does.

mod token;
mod world;

use crate::Pintle;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use parking_lot::Mutex;
use pintle_store::params;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use token::Verifier;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use world::World;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    pub headers: HeaderMap,
    /// `null` where there was none.
    pub body: Value,
    /// The bytes of the body.
    pub text: String,
    /// What its token says, whether that is good or not.
    pub claims: Value,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The token that it carries.
    pub fn bearer(&self) -> &str {
        self.header("authorization").trim_start_matches("Bearer ")
    }
}

/// What happens to one request instead of what a good partner does.
#[derive(Debug, Clone)]
pub enum Act {
    /// This answer; nothing is done.
    Answer(u16, Value),
    /// An answer that is no JSON; nothing is done.
    Text(u16, &'static str),
    /// What a good partner does, but the connection ends without an answer.
    DoneUnheard,
    /// What a good partner does, answered so late.
    Late(Duration),
    /// No answer, for ever.
    Hang,
    /// What a good partner does.
    Behave,
}

type Script = Box<dyn FnMut(&Asked) -> Option<Act> + Send>;

struct Inner {
    asked: Mutex<Vec<Asked>>,
    acts: Mutex<VecDeque<Act>>,
    script: Mutex<Option<Script>>,
    world: Mutex<World>,
    verifier: Verifier,
}

/// The partner; it ends when it is dropped.
pub struct Partner {
    /// Its base URL.
    pub url: String,
    inner: Arc<Inner>,
    _server: JoinSet<()>,
}

impl Pintle {
    /// A partner of this Pintle, whose tokens it trusts.
    pub async fn partner(&self) -> Partner {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner {
            asked: Mutex::default(),
            acts: Mutex::default(),
            script: Mutex::default(),
            world: Mutex::default(),
            verifier: Verifier::new(self.api.clone()),
        });
        let app = Router::new().fallback(answer).with_state(inner.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.expect("a partner that serves") });
        Partner { url, inner, _server: server }
    }
}

impl Partner {
    /// Becomes the server of an integration: its base URL, and its page to sign in on.
    pub async fn serve(&self, pintle: &Pintle, integration: &str) {
        let (id, url) = (integration.to_owned(), self.url.clone());
        let change = pintle.core.db.write(async move |tx| {
            let (doc,): (String,) =
                tx.one("SELECT doc FROM integrations WHERE id = $1", &params![&id]).await?;
            let mut doc: Value = serde_json::from_str(&doc).expect("a document");
            doc["baseUrl"] = json!(url);
            doc["redirectLoginUrl"] = json!(format!("{url}/login?from=pintle"));
            let sql = "UPDATE integrations SET doc = $2 WHERE id = $1";
            tx.execute(sql, &params![&id, doc.to_string()]).await.map(drop)
        });
        change.await.expect("an integration with a base URL");
    }

    /// Does this to the next request that nothing was said about.
    pub fn then(&self, act: Act) {
        self.inner.acts.lock().push_back(act);
    }

    /// Asks what to do to each request, before what [`Partner::then`] said; `None` for what was said there, or a good partner does.
    pub fn script(&self, script: impl FnMut(&Asked) -> Option<Act> + Send + 'static) {
        *self.inner.script.lock() = Some(Box::new(script));
    }

    /// All requests, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().clone()
    }

    /// Those of a method whose path ends so.
    pub fn asked_for(&self, method: &str, end: &str) -> Vec<Asked> {
        let fits = |asked: &Asked| asked.method == method && asked.path.ends_with(end);
        self.asked().into_iter().filter(fits).collect()
    }

    /// Knows an installation that it was never asked to take.
    pub fn know(&self, installation: &str) {
        self.inner.world.lock().installations.insert(installation.to_owned());
    }

    /// The installations that it knows.
    pub fn installations(&self) -> Vec<String> {
        self.inner.world.lock().installations.iter().cloned().collect()
    }

    /// The resources that it has, as they were answered, with `installationId`; by id.
    pub fn resources(&self) -> Vec<Value> {
        self.inner.world.lock().resources.values().cloned().collect()
    }

    /// The claims of a token that Pintle signed; it must have.
    pub async fn trusts(&self, token: &str) -> Value {
        self.inner.verifier.signed(token).await.expect("a good signature");
        token::claims(token)
    }

    /// Whether a removal is finalized at once, as it is at first.
    pub fn finalizes(&self, at_once: bool) {
        self.inner.world.lock().keeps_bills = !at_once;
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let bearer = parts.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        claims: token::claims(bearer.trim_start_matches("Bearer ")),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        headers: parts.headers,
    };
    inner.asked.lock().push(asked.clone());
    let scripted = inner.script.lock().as_mut().and_then(|script| script(&asked));
    let act = scripted.or_else(|| inner.acts.lock().pop_front()).unwrap_or(Act::Behave);
    match act {
        Act::Answer(status, body) => reply(status, &body),
        Act::Text(status, text) => respond(status, text.to_owned()),
        Act::Hang => std::future::pending().await,
        Act::Late(late) => {
            let answer = behave(&inner, &asked).await;
            tokio::time::sleep(late).await;
            reply(answer.0, &answer.1)
        }
        Act::Behave => {
            let (status, body) = behave(&inner, &asked).await;
            reply(status, &body)
        }
        Act::DoneUnheard => {
            behave(&inner, &asked).await;
            let broken = futures_util::stream::iter([Err::<String, _>(std::io::Error::other("unheard"))]);
            Response::new(Body::from_stream(broken))
        }
    }
}

/// A request with a good token is done; any other is answered 403.
async fn behave(inner: &Inner, asked: &Asked) -> (u16, Value) {
    match inner.verifier.check(asked).await {
        Ok(()) => inner.world.lock().act(asked),
        Err(why) => (403, json!({ "error": { "code": "forbidden", "message": why } })),
    }
}

fn reply(status: u16, body: &Value) -> Response<Body> {
    respond(status, if body.is_null() { String::new() } else { body.to_string() })
}

fn respond(status: u16, body: String) -> Response<Body> {
    Response::builder().status(status).body(Body::from(body)).expect("a response")
}
