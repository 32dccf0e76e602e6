//! How the partner says no: the shape that Pintle reads, and shows to the user.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub type Result<T> = std::result::Result<T, Refusal>;

#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// What the user reads, where the message is not for users.
    for_user: Option<&'static str>,
    /// Which field of the metadata is wrong.
    field: Option<&'static str>,
    shapeless: bool,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), for_user: None, field: None, shapeless: false }
    }

    /// The token says nothing that can be believed.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// Whoever the token speaks for may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{what} not found"))
    }

    pub fn conflict(message: impl Into<String>, for_user: &'static str) -> Self {
        let conflict = Self::new(StatusCode::CONFLICT, "conflict", message);
        Self { for_user: Some(for_user), ..conflict }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_error", message)
    }

    pub fn invalid_field(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::invalid(message) }
    }

    /// Pintle, or this machine, failed.
    pub fn failed(message: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message.to_string())
    }

    /// For `--broken`.
    pub fn shapeless(self) -> Self {
        Self { shapeless: true, ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, code, message, for_user, field, shapeless } = self;
        if shapeless {
            return (status, message).into_response();
        }
        let mut error = json!({ "code": code, "message": message });
        if let Some(text) = for_user {
            error["user"] = json!({ "message": text });
        }
        if let Some(key) = field {
            error["fields"] = json!([{ "key": key, "message": message }]);
        }
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// A body of JSON: one that is wrong is refused like everything else. An empty one is an empty object.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| Refusal::invalid(format!("the body cannot be read: {error}")))?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let wrong = |error| Refusal::invalid(format!("the body is not as it should be: {error}"));
        serde_json::from_slice(text).map(Json).map_err(wrong)
    }
}

impl IntoResponse for Json<Value> {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (json, Body::from(self.0.to_string())).into_response()
    }
}
