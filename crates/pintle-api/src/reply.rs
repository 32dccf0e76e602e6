//! What a handler answers.

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use futures_util::Stream;
use pintle_core::Result;
use serde::Serialize;
use std::pin::Pin;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// A body that is written piece by piece while it is read. It is dropped when the client leaves, and ends when the server does.
pub type Pieces = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

pub enum Body {
    Whole(Bytes),
    Stream(Pieces),
    /// The connection ends, and nothing of the answer is written.
    Dropped,
}

pub struct Reply {
    pub status: StatusCode,
    /// Absent where there is no body: a 204 with a content type makes clients parse nothing.
    pub content_type: Option<HeaderValue>,
    pub body: Body,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    fn new(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: Some(content_type), body: Body::Whole(body.into()), headers: Vec::new() }
    }

    /// 200 with a value as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self> {
        Self::json_as(StatusCode::OK, value)
    }

    pub fn json_as(status: StatusCode, value: &impl Serialize) -> Result<Self> {
        Ok(Self::new(status, JSON, serde_json::to_vec(value)?))
    }

    /// 201 with a value as JSON.
    pub fn created(value: &impl Serialize) -> Result<Self> {
        Self::json_as(StatusCode::CREATED, value)
    }

    /// 200 with a document that is stored as it goes on the wire.
    pub fn document(doc: String) -> Self {
        Self::whole(doc)
    }

    /// 200 with JSON that is ready.
    pub fn whole(json: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, JSON, json)
    }

    /// 200 with bytes of a type.
    pub fn bytes(content_type: HeaderValue, bytes: Vec<u8>) -> Self {
        Self::new(StatusCode::OK, content_type, bytes)
    }

    /// 200 with a body that comes piece by piece.
    pub fn stream(content_type: HeaderValue, pieces: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        let body = Body::Stream(Box::pin(pieces));
        Self { status: StatusCode::OK, content_type: Some(content_type), body, headers: Vec::new() }
    }

    /// No answer at all.
    pub fn dropped() -> Self {
        // Any status that has a body.
        Self { status: StatusCode::OK, body: Body::Dropped, ..Self::nothing() }
    }

    /// 204: no body and no content type.
    pub fn nothing() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// A status and nothing else: 201 where the contract has no body for it.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, content_type: None, body: Body::Whole(Bytes::new()), headers: Vec::new() }
    }

    pub fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, HTML, page)
    }

    /// 303: the browser goes on with a GET.
    pub fn see_other(location: &str) -> Result<Self> {
        let location = HeaderValue::from_str(location).map_err(pintle_core::Error::internal)?;
        Ok(Self { status: StatusCode::SEE_OTHER, ..Self::nothing() }.with(header::LOCATION, location))
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
