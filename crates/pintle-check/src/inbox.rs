//! What the partner asks of the checker's Pintle: answered by the real API, and noted.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use parking_lot::Mutex;
use pintle_api::Api;
use serde_json::Value as Json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tower::make::Shared;

/// How much of a body is noted, in bytes.
const LIMIT: usize = 1 << 20;

/// One request of the partner.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    pub body: String,
    pub status: u16,
    pub answer: String,
}

impl Asked {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }
}

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Inner>);

#[derive(Default)]
struct Inner {
    asked: Mutex<Vec<Asked>>,
    more: Notify,
}

impl Inbox {
    /// Serves until the task is ended.
    pub async fn serve(self, api: Api, listener: TcpListener) -> std::io::Result<()> {
        let service = tower::service_fn(move |request: Request| {
            let (inbox, api) = (self.clone(), api.clone());
            async move { Ok::<_, Infallible>(inbox.answer(&api, request).await) }
        });
        axum::serve(listener, Shared::new(service)).await
    }

    async fn answer(&self, api: &Api, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, LIMIT).await.unwrap_or_default();
        let (method, path) = (head.method.to_string(), head.uri.to_string());
        let answer = api.answer(Request::from_parts(head, Body::from(body.clone()))).await;
        let (head, bytes) = answer.into_parts();
        let bytes = to_bytes(bytes, LIMIT).await.unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.0.asked.lock().push(Asked {
            method,
            path,
            body: text(&body),
            status: head.status.as_u16(),
            answer: text(&bytes),
        });
        self.0.more.notify_waiters();
        Response::from_parts(head, Body::from(bytes))
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.0.asked.lock().len()
    }

    /// All that came after so many.
    pub fn since(&self, count: usize) -> Vec<Asked> {
        self.0.asked.lock()[count..].to_vec()
    }

    /// The first such after so many; it may come within this time.
    pub async fn wait(
        &self,
        since: usize,
        patience: Duration,
        wanted: impl Fn(&Asked) -> bool,
    ) -> Option<Asked> {
        let found = async {
            loop {
                let more = self.0.more.notified();
                tokio::pin!(more);
                more.as_mut().enable();
                if let Some(asked) = self.since(since).into_iter().find(&wanted) {
                    return asked;
                }
                more.await;
            }
        };
        tokio::time::timeout(patience, found).await.ok()
    }
}
