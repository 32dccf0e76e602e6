//! Errors on the wire: the envelope of semantics.md 8.1.

use crate::reply::Reply;
use axum::http::{StatusCode, header};
use pintle_core::{Error, Kind};
use serde_json::{Map, Value, json};

pub fn status(error: &Error) -> StatusCode {
    match error.kind {
        Kind::BadRequest => StatusCode::BAD_REQUEST,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodUnknown => StatusCode::METHOD_NOT_ALLOWED,
        Kind::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::BadGateway => StatusCode::BAD_GATEWAY,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to an error. What was unexpected is logged under the request's id and told to nobody.
pub fn reply(error: &Error, request: &str) -> Reply {
    let status = status(error);
    let message = match error.kind {
        Kind::Internal => {
            tracing::error!(request, error = %error.message, "unexpected");
            format!("An unexpected error occurred; the server's log has it under {request}")
        }
        _ => error.message.clone(),
    };
    let mut inner = Map::new();
    inner.insert("code".into(), json!(error.code));
    inner.insert("message".into(), json!(message));
    inner.extend(error.details.clone());
    let mut body = Map::new();
    body.insert("error".into(), Value::Object(inner));
    body.extend(error.beside.clone());
    let reply = Reply::json_as(status, &body).unwrap_or_else(|_| Reply { status, ..Reply::nothing() });
    delayed(reply, error)
}

/// Says when to try again, where the error does.
pub fn delayed(reply: Reply, error: &Error) -> Reply {
    match error.retry_after {
        Some(seconds) => reply.with(header::RETRY_AFTER, seconds.into()),
        None => reply,
    }
}
