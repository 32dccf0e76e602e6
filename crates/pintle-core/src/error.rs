//! The one error of the domain: what the caller did wrong, in the contract's words (semantics.md 8.1).

use pintle_store::{AsStoreError, Error as StoreError, planted};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Which family of answer an error is; the wire turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 400
    BadRequest,
    /// 401: only where applications read edge configs, whose library wants it
    Unauthorized,
    /// 403, also for a missing or unknown token
    Forbidden,
    /// 404
    NotFound,
    /// 405
    MethodUnknown,
    /// 408
    TooSlow,
    /// 409
    Conflict,
    /// 410
    Gone,
    /// 412
    PreconditionFailed,
    /// 413
    TooLarge,
    /// 422
    Unprocessable,
    /// 429
    RateLimited,
    /// 500
    Internal,
    /// 502
    BadGateway,
}

#[derive(Debug, Clone)]
pub struct Error {
    pub kind: Kind,
    pub code: Cow<'static, str>,
    pub message: String,
    /// Further keys inside `error`.
    pub details: Vec<(String, Value)>,
    /// Further keys beside `error`.
    pub beside: Vec<(String, Value)>,
    /// Seconds after which the caller is to try again.
    pub retry_after: Option<u32>,
    /// Boxed, as every `Result` is as large as its error.
    store: Option<Box<StoreError>>,
}

impl Error {
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let (details, beside) = (Vec::new(), Vec::new());
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            details,
            beside,
            retry_after: None,
            store: None,
        }
    }

    /// 400 `bad_request` with the text as it is.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, "bad_request", message)
    }

    /// 400 `bad_request`, "Invalid request: …": a body or query that breaks its schema (semantics.md 8.2).
    pub fn invalid(what: impl fmt::Display) -> Self {
        Self::bad_request(format!("Invalid request: {what}"))
    }

    /// 404 `not_found`, "`what` not found".
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("{what} not found"))
    }

    /// 403 `forbidden`: the token is good, but its bearer may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, "forbidden", message)
    }

    /// 403 for a request without a token.
    pub fn missing_token() -> Self {
        Self::forbidden("The request is missing an authentication token").with("missingToken", true)
    }

    /// 403 for a token that is unknown, expired, revoked, or whose installation is gone.
    pub fn invalid_token() -> Self {
        Self::forbidden("Not authorized").with("invalidToken", true)
    }

    /// 403 for a team that does not exist or is not the caller's.
    pub fn team_unauthorized() -> Self {
        Self::new(Kind::Forbidden, "team_unauthorized", "You are not authorized")
    }

    pub fn conflict(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    pub fn internal(text: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, "internal_server_error", text.to_string())
    }

    /// The same error under another code.
    pub fn coded(mut self, code: &'static str) -> Self {
        self.code = code.into();
        self
    }

    /// Adds a key inside `error`.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.push((key.to_owned(), value.into()));
        self
    }

    /// Says after how many seconds to try again.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds a key beside `error`.
    pub fn beside(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.beside.push((key.to_owned(), value.into()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let told = match error {
            StoreError::NotText => Self::bad_request("Invalid request: a text has the character NUL"),
            _ => Self::internal(&error),
        };
        Self { store: Some(Box::new(error)), ..told }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(format!("a stored document does not parse: {error}"))
    }
}

impl AsStoreError for Error {
    fn as_store_error(&self) -> Option<&StoreError> {
        self.store.as_deref()
    }
}

/// Turns a broken constraint into the error that the caller should see, in one line at the statement.
pub trait OnConstraint<T> {
    /// `name` is `table_column_column_key`.
    fn on_unique(self, name: &str, error: impl FnOnce() -> Error) -> Result<T>;
    /// The parent of a new row is gone.
    fn on_missing_parent(self, error: impl FnOnce() -> Error) -> Result<T>;
}

impl<T, E: Into<Error>> OnConstraint<T> for Result<T, E> {
    fn on_unique(self, name: &str, error: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(Into::into).map_err(|e| match e.as_store_error() {
            Some(StoreError::Unique(violated))
                if violated == name && !planted::on("taken-names-unchecked") =>
            {
                error()
            }
            _ => e,
        })
    }

    fn on_missing_parent(self, error: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(Into::into)
            .map_err(|e| if e.as_store_error() == Some(&StoreError::ForeignKey) { error() } else { e })
    }
}
