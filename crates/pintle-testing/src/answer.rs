//! What came back, with assertions that say what they saw.

use axum::http::HeaderMap;
use serde_json::Value;

pub struct Answer {
    pub request: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body of an answer that must have this status; `null` where it is empty.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{} answered {}", self.request, self.text);
        self.json()
    }

    /// The `error` of an answer that must have this status and code.
    #[track_caller]
    pub fn fails(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{} answered {}", self.request, self.text);
        let error = self.json()["error"].clone();
        assert_eq!(error["code"], code, "{} answered {}", self.request, self.text);
        error
    }

    /// The same, and the message must be this.
    #[track_caller]
    pub fn says(self, status: u16, code: &str, message: &str) {
        assert_eq!(self.fails(status, code)["message"], message);
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
