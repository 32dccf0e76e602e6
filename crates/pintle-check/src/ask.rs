//! What the partner is asked, and what it answers.

use crate::inbox::Asked;
use crate::token::Token;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value as Json, json};

/// One request to the partner.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    /// Below the partner's base URL.
    pub path: String,
    pub token: Token,
    /// Made anew for each request that changes something, unless a case says otherwise.
    pub key: Option<String>,
    pub body: Option<String>,
}

impl Ask {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), token: Token::default(), key: None, body: None }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn put(path: impl Into<String>, body: &Json) -> Self {
        Self::new(Method::PUT, path).with(body.to_string())
    }

    pub fn post(path: impl Into<String>, body: &Json) -> Self {
        Self::new(Method::POST, path).with(body.to_string())
    }

    pub fn patch(path: impl Into<String>, body: &Json) -> Self {
        Self::new(Method::PATCH, path).with(body.to_string())
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub fn with(self, body: String) -> Self {
        Self { body: Some(body), ..self }
    }

    /// By a user of the team that has this installation.
    pub fn by_user(self, installation: &str) -> Self {
        Self { token: Token::user(installation), ..self }
    }

    /// By Pintle itself.
    pub fn by_system(self, installation: Option<&str>) -> Self {
        Self { token: Token::system(installation), ..self }
    }

    pub fn keyed(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `null` where the body is no JSON.
    pub json: Json,
}

impl Answer {
    pub fn new(status: u16, headers: HeaderMap, body: &Bytes) -> Self {
        let json = serde_json::from_slice(body).unwrap_or_default();
        Self { status, headers, text: String::from_utf8_lossy(body).into_owned(), json }
    }
}

/// What went over the wire during a case, in its order.
#[derive(Debug, Clone)]
pub enum Traffic {
    /// The checker asked, or told: where, how it signed in, and what came.
    Sent { line: String, headers: Vec<String>, body: String, came: String },
    /// The partner asked.
    Received(Asked),
}

/// A body as it can be shown and kept: what is secret in it is cut.
pub fn shown(body: &str) -> String {
    const SECRET: [&str; 6] = ["access_token", "client_secret", "code", "id_token", "password", "value"];
    fn cut(json: &mut Json) {
        match json {
            Json::Object(map) => map.iter_mut().for_each(|(key, value)| match value {
                Json::String(text) if SECRET.contains(&key.as_str()) => {
                    let start: String = text.chars().take(6).collect();
                    *value = json!(format!("{start}…"));
                }
                value => cut(value),
            }),
            Json::Array(items) => items.iter_mut().for_each(cut),
            _ => {}
        }
    }
    let text = match serde_json::from_str::<Json>(body) {
        Ok(mut json) => {
            // An error's code is none of those.
            let code = json.pointer("/error/code").cloned();
            cut(&mut json);
            if let (Some(code), Some(place)) = (code, json.pointer_mut("/error/code")) {
                *place = code;
            }
            json.to_string()
        }
        Err(_) => body.to_owned(),
    };
    match text.char_indices().nth(1_000) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_cut() {
        let cases = [
            (r#"{"client_secret":"abcdefghij","a":1}"#, r#"{"client_secret":"abcdef…","a":1}"#),
            (
                r#"{"secrets":[{"name":"URL","value":"postgres://x"}]}"#,
                r#"{"secrets":[{"name":"URL","value":"postgr…"}]}"#,
            ),
            (r#"{"error":{"code":"validation_error"}}"#, r#"{"error":{"code":"validation_error"}}"#),
            ("no JSON", "no JSON"),
        ];
        for (body, expected) in cases {
            assert_eq!(shown(body), expected);
        }
        assert!(shown(&"é".repeat(2_000)).ends_with("… (4000 bytes)"));
    }
}
