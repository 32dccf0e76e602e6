//! A server between: it signs what is posted to it and posts it on, and neither looks at it nor keeps it. What Pintle could do at most.

use super::{client, post};
use crate::{Outcome, sink};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing;
use pintle_core::signature;
use pintle_egress::Egress;
use std::sync::Arc;
use url::Url;

/// Serves until the process is ended.
pub fn run(to: &Url) -> Outcome<()> {
    let state = Arc::new((client(), to.clone()));
    sink::serve(Router::new().route("/", routing::post(pass_on)).with_state(state))
}

async fn pass_on(State(to): State<Arc<(Egress, Url)>>, body: Bytes) -> StatusCode {
    let (client, url) = &*to;
    let Ok(signature) = signature::sign("a-secret", &body) else { return StatusCode::INTERNAL_SERVER_ERROR };
    match post(client, url, body, &[(signature::HEADER, &signature)]).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}
