//! The sink: a server that reads what it is sent, counts it, and says thank you.

use crate::Outcome;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    lines: AtomicU64,
    down: AtomicBool,
}

/// Serves until the process is ended: anything can be posted to `/`; `/lines` and `/requests` tell how much came, `/down` makes it
/// refuse everything and `/up` ends that.
pub fn run() -> Outcome<()> {
    let router = Router::new()
        .route("/", post(take))
        .route("/lines", get(|State(counts): State<Arc<Counts>>| async move { counts.lines.load(Ordering::Relaxed).to_string() }))
        .route("/requests", get(|State(counts): State<Arc<Counts>>| async move { counts.requests.load(Ordering::Relaxed).to_string() }))
        .route("/down", get(|State(counts): State<Arc<Counts>>| async move { counts.down.store(true, Ordering::Relaxed) }))
        .route("/up", get(|State(counts): State<Arc<Counts>>| async move { counts.down.store(false, Ordering::Relaxed) }))
        .with_state(Arc::new(Counts::default()));
    serve(router)
}

/// Serves whatever is posted, however large; prints where.
pub fn serve(router: Router) -> Outcome<()> {
    let router = router.layer(axum::extract::DefaultBodyLimit::disable());
    crate::runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", serde_json::json!({ "url": format!("http://{}", listener.local_addr()?) }));
        Ok(axum::serve(listener, router).await?)
    })
}

async fn take(State(counts): State<Arc<Counts>>, body: Bytes) -> StatusCode {
    if counts.down.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let lines = body.iter().filter(|byte| **byte == b'\n').count();
    counts.lines.fetch_add(lines as u64, Ordering::Relaxed);
    counts.requests.fetch_add(1, Ordering::Relaxed);
    StatusCode::OK
}
