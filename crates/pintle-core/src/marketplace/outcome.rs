//! What an answer of a partner means, and how its errors reach the user (semantics.md 4.2).

use crate::{Error, Kind};
use pintle_egress::{Failure, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What became of a request to a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Outcome {
    /// A status of 2xx. An empty body is `null`.
    Answered { status: u16, body: Json },
    /// The partner does not want it: 400, 403, 404, 409 or 422.
    Refused { status: u16, error: PartnerError },
    /// No answer, or one that says nothing of what the partner did. `given_up`: it is not asked again by itself.
    Unknown { reason: String, given_up: bool },
}

/// What a partner says where it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerError {
    pub status: u16,
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<ForUser>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// What the partner wants the user to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForUser {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where the user can do something about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What is wrong with one of the metadata's fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Outcome {
    pub(super) fn of(answer: &Result<Response, Failure>) -> Self {
        let unknown = |reason: String| Outcome::Unknown { reason, given_up: false };
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return unknown(failure.to_string()),
        };
        let status = response.status;
        match status {
            200..=299 if response.truncated => unknown(format!("its answer ({status}) was too long")),
            200..=299 if response.body.is_empty() => Outcome::Answered { status, body: Json::Null },
            200..=299 => match serde_json::from_slice(&response.body) {
                Ok(body) => Outcome::Answered { status, body },
                // Where nothing is to be said, anything may stand there.
                Err(_) if status == 204 => Outcome::Answered { status, body: Json::Null },
                Err(error) => unknown(format!("its answer ({status}) was not JSON: {error}")),
            },
            400 | 403 | 404 | 409 | 422 => {
                Outcome::Refused { status, error: PartnerError::read(status, &response.body) }
            }
            _ => unknown(format!("it answered {status}")),
        }
    }

    /// Whether it is known what the partner did.
    pub fn is_known(&self) -> bool {
        !matches!(self, Outcome::Unknown { .. })
    }

    /// Whether nothing further happens by itself.
    pub(super) fn ends(&self) -> bool {
        !matches!(self, Outcome::Unknown { given_up: false, .. })
    }
}

impl PartnerError {
    /// Reads an error's body as far as it is as it should be: what it says is better than nothing.
    fn read(status: u16, body: &[u8]) -> Self {
        let body: Json = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let text = |value: &Json| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (message, url) = (text(&error["user"]["message"]), text(&error["user"]["url"]));
        let url = url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let field =
            |field: &Json| Some(Field { key: text(&field["key"])?, message: text(&field["message"]) });
        let fields = error["fields"].as_array().into_iter().flatten().filter_map(field).collect();
        Self {
            status,
            code: text(&error["code"]).unwrap_or_else(|| code(status).to_owned()),
            message: text(&error["message"])
                .unwrap_or_else(|| format!("The integration's server refused this ({status})")),
            user: (message.is_some() || url.is_some()).then_some(ForUser { message, url }),
            fields,
        }
    }

    /// The error that the user gets: its message is the one that the partner has for users, where it has one.
    pub fn into_error(&self) -> Error {
        let kind = match self.status {
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            422 => Kind::Unprocessable,
            _ => Kind::BadRequest,
        };
        let for_user = self.user.as_ref().and_then(|user| user.message.as_ref());
        let mut error = Error::new(kind, self.code.clone(), for_user.unwrap_or(&self.message));
        if let Some(user) = &self.user {
            error = error.with("user", json!(user));
        }
        if !self.fields.is_empty() {
            error = error.with("fields", json!(self.fields));
        }
        error
    }
}

fn code(status: u16) -> &'static str {
    match status {
        403 => "forbidden",
        404 => "not_found",
        409 => "conflict",
        422 => "unprocessable_entity",
        _ => "bad_request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn answer(status: u16, body: &str) -> Outcome {
        let body = body.to_owned().into();
        Outcome::of(&Ok(Response { status, headers: HeaderMap::new(), body, truncated: false }))
    }

    #[test]
    fn an_answer_says_what_the_partner_did_or_nothing() {
        assert_eq!(answer(204, ""), Outcome::Answered { status: 204, body: Json::Null });
        assert_eq!(answer(201, "{\"a\":1}"), Outcome::Answered { status: 201, body: json!({ "a": 1 }) });
        for (status, body) in [(200, "ok"), (302, ""), (401, "{}"), (429, ""), (500, "{}"), (503, "")] {
            assert!(!answer(status, body).is_known(), "{status} {body}");
        }
        let truncated =
            Response { status: 200, headers: HeaderMap::new(), body: "{}".into(), truncated: true };
        assert!(!Outcome::of(&Ok(truncated)).is_known());
        assert!(!Outcome::of(&Err(Failure::TimedOut)).is_known());
    }

    #[test]
    fn a_partners_error_becomes_the_users() {
        let body = r#"{"error":{"code":"validation_error","message":"region: bad enum","user":{"message":"Choose a region","url":"https://p.example/regions"},
          "fields":[{"key":"region","message":"is full"},{"key":"size"},{"no":"key"}]}}"#;
        let Outcome::Refused { status: 422, error } = answer(422, body) else { panic!("refused") };
        let error = error.into_error();
        assert_eq!((error.kind, error.code.as_ref()), (Kind::Unprocessable, "validation_error"));
        assert_eq!(error.message, "Choose a region");
        let user = json!({ "message": "Choose a region", "url": "https://p.example/regions" });
        let fields = json!([{ "key": "region", "message": "is full" }, { "key": "size" }]);
        assert_eq!(error.details, [("user".to_owned(), user), ("fields".to_owned(), fields)]);
    }

    #[test]
    fn a_refusal_in_any_shape_is_one() {
        for body in
            ["", "nope", "[]", "{\"error\":\"no\"}", r#"{"error":{"user":{"url":"javascript:alert(1)"}}}"#]
        {
            let Outcome::Refused { error, .. } = answer(403, body) else { panic!("refused: {body}") };
            let error = error.into_error();
            assert_eq!((error.kind, error.code.as_ref()), (Kind::Forbidden, "forbidden"), "{body}");
            assert!(error.details.is_empty() && !error.message.is_empty(), "{body}");
        }
    }
}
