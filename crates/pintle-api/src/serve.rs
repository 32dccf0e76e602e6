//! The listening side: HTTP/1.1 and HTTP/2 on one port, and an end that lets requests finish.

use crate::dispatch::Api;
use axum::extract::Request;
use axum::serve::ListenerExt;
use std::convert::Infallible;
use std::future::Future;
use tokio::net::TcpListener;
use tower::make::Shared;

/// Serves until `stop` is ready, then finishes what is under way.
pub async fn serve(
    api: Api,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let ending = api.clone();
    let stop = async move {
        stop.await;
        ending.end();
    };
    let service = tower::service_fn(move |request: Request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(api.answer(request).await) }
    });
    axum::serve(listener, Shared::new(service)).with_graceful_shutdown(stop).await
}
