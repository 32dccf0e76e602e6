//! The bare server: axum's own routes for the same paths, sending the same bytes from memory.

use crate::Outcome;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::serve::ListenerExt;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::Path;

/// An answer of Pintle's, to be sent again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    pub method: String,
    /// With axum's parameters: `/v1/webhooks/{id}`.
    pub route: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    fn method_router(&self) -> Outcome<MethodRouter> {
        let mut ready = Response::new(Bytes::from(self.body.clone()));
        *ready.status_mut() = StatusCode::from_u16(self.status)?;
        for (name, value) in &self.headers {
            // These two are the HTTP library's own.
            if name != "content-length" && name != "date" {
                ready.headers_mut().insert(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
            }
        }
        // The body of the request is read, as Pintle must.
        let handler = move |_: Bytes| {
            let answer = ready.clone().map(Body::from);
            async move { answer }
        };
        Ok(on(MethodFilter::try_from(self.method.parse::<Method>()?)?, handler))
    }
}

/// Serves until the process is ended. Says where, in the form of `pintle serve --json`.
pub fn run(answers: &Path) -> Outcome<()> {
    let answers: Vec<Answer> = serde_json::from_slice(&std::fs::read(answers)?)?;
    let mut router = Router::new();
    let mut routes = HashSet::new();
    // Answers of one route are alike: the first stands for all.
    for answer in answers.iter().filter(|answer| routes.insert((&answer.method, &answer.route))) {
        router = router.route(&answer.route, answer.method_router()?);
    }
    crate::runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", serde_json::json!({ "url": format!("http://{}", listener.local_addr()?) }));
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        Ok(axum::serve(listener, router).await?)
    })
}
