//! One request and its answer, over a connection that waits or a new one.

use crate::dial::Dialer;
use crate::pool::{Connection, Pool};
use crate::target::Target;
use crate::{BODY_LIMIT, Failure, Request, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use std::time::Duration;
use url::{Position, Url};

/// The largest head of an answer, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;
/// How long a connection may take to be ready for the next request. It is closed then, since its server does not read.
const REST: Duration = Duration::from_millis(20);
/// What belongs to the connection, and is not the caller's to say.
const OURS: [HeaderName; 9] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

type Outgoing = http::Request<Full<Bytes>>;

/// Sends a request once: a second time only where its connection was closed before any of it was sent.
pub async fn exchange(dialer: &Dialer, pool: &Pool, request: Request) -> Result<Response, Failure> {
    let target = Target::of(&request.url)?;
    let mut outgoing = outgoing(&target, request)?;
    while let Some(connection) = pool.take(&target) {
        match send(connection, outgoing).await {
            Ok(answered) => return finish(pool, target, answered).await,
            Err((_, Some(unsent))) => outgoing = unsent,
            Err((failure, None)) => return Err(failure),
        }
    }
    let connection = open(dialer, &target).await?;
    let answered = send(connection, outgoing).await.map_err(|(failure, _)| failure)?;
    finish(pool, target, answered).await
}

async fn open(dialer: &Dialer, target: &Target) -> Result<Connection, Failure> {
    let stream = TokioIo::new(dialer.dial(target).await?);
    let (sender, driver) = http1::Builder::new()
        .max_header_size(HEAD_LIMIT)
        .handshake(stream)
        .await
        .map_err(|error| broken(&error))?;
    // How it ends shows in the exchange.
    let driver = tokio::spawn(async { drop(driver.await) });
    Ok(Connection::new(sender, driver.abort_handle()))
}

type Answered = (Connection, http::Response<Incoming>);

/// On failure the request comes back if nothing of it was sent.
async fn send(
    mut connection: Connection,
    outgoing: Outgoing,
) -> Result<Answered, (Failure, Option<Outgoing>)> {
    match connection.sender.try_send_request(outgoing).await {
        Ok(response) => Ok((connection, response)),
        Err(mut error) => {
            let unsent = error.take_message();
            Err((broken(error.error()), unsent))
        }
    }
}

/// Reads the answer, and keeps the connection if it is at the answer's end.
async fn finish(
    pool: &Pool,
    target: Target,
    (mut connection, response): Answered,
) -> Result<Response, Failure> {
    let (head, body) = response.into_parts();
    let (body, truncated) = read(body).await?;
    if !truncated {
        let ready = connection.sender.is_ready()
            || matches!(tokio::time::timeout(REST, connection.sender.ready()).await, Ok(Ok(())));
        if ready {
            pool.put(target, connection);
        }
    }
    Ok(Response { status: head.status.as_u16(), headers: head.headers, body, truncated })
}

/// The body up to the limit, and whether there is more.
async fn read(mut body: Incoming) -> Result<(Bytes, bool), Failure> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        let room = BODY_LIMIT - whole.len();
        whole.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok((whole.freeze(), true));
        }
    }
    Ok((whole.freeze(), false))
}

fn outgoing(target: &Target, request: Request) -> Result<Outgoing, Failure> {
    let Request { method, url, mut headers, body, .. } = request;
    for name in &OURS {
        headers.remove(name);
    }
    let cannot = |what: &dyn std::fmt::Display| Failure::Refused(format!("a request that cannot be: {what}"));
    let host = HeaderValue::try_from(target.authority()).map_err(|error| cannot(&error))?;
    headers.insert(header::HOST, host);
    sign_in(&url, &mut headers);
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let uri = Uri::try_from(path).map_err(|error| cannot(&error))?;
    let mut outgoing = http::Request::new(Full::new(body));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = headers;
    Ok(outgoing)
}

/// A user and password in the URL go along as other clients send them, unless the headers sign in already.
fn sign_in(url: &Url, headers: &mut HeaderMap) {
    if url.username().is_empty() && url.password().is_none() || headers.contains_key(header::AUTHORIZATION) {
        return;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    if let Ok(mut value) = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))) {
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
}

fn broken(error: &hyper::Error) -> Failure {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    Failure::Broken(format!("{error}{}", cause.unwrap_or_default()))
}
