//! What an answer must be. A case ends where one is not.

use crate::ask::Answer;
use serde_json::Value as Json;

/// How a case ends: well, perhaps with a word on how; or not.
pub type Verdict = Result<String, Miss>;

/// Why a case did not end well.
#[derive(Debug)]
pub enum Miss {
    /// It could not be tried, or does not concern this partner.
    Skipped(String),
    /// What was expected instead of the last thing that came.
    Failed(String),
    /// The checker itself could not do it.
    Broken(pintle_core::Error),
}

impl From<pintle_core::Error> for Miss {
    fn from(error: pintle_core::Error) -> Self {
        Miss::Broken(error)
    }
}

pub fn fine() -> Verdict {
    Ok(String::new())
}

pub fn failed<T>(expected: impl Into<String>) -> Result<T, Miss> {
    Err(Miss::Failed(expected.into()))
}

pub fn skipped<T>(why: impl Into<String>) -> Result<T, Miss> {
    Err(Miss::Skipped(why.into()))
}

/// The statuses with which Pintle takes a refusal.
pub const REFUSALS: [u16; 5] = [400, 403, 404, 409, 422];

fn list(statuses: &[u16]) -> String {
    let texts: Vec<String> = statuses.iter().map(u16::to_string).collect();
    match texts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => texts.concat(),
    }
}

impl Answer {
    pub fn is_good(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    pub fn must_be(&self, statuses: &[u16]) -> Result<&Self, Miss> {
        match statuses.contains(&self.status) {
            true => Ok(self),
            false => failed(list(statuses)),
        }
    }

    /// JSON, with one of these statuses.
    pub fn must_be_object(&self, statuses: &[u16]) -> Result<&Self, Miss> {
        match statuses.contains(&self.status) && self.json.is_object() {
            true => Ok(self),
            false => failed(format!("{} with an object of JSON", list(statuses))),
        }
    }

    /// A refusal in the shape that Pintle can show to the user (semantics.md 4.2).
    pub fn must_refuse(&self, statuses: &[u16]) -> Result<&Self, Miss> {
        match statuses.contains(&self.status) && is_error(&self.json) {
            true => Ok(self),
            false => failed(format!(
                "{} with {{\"error\":{{\"code\":…,\"message\":…}}}}, and where they are of use `user` {{message, url}} and `fields` [{{key, message}}]",
                list(statuses)
            )),
        }
    }
}

fn is_text(value: &Json) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn is_error(body: &Json) -> bool {
    let error = &body["error"];
    let texts =
        |value: &Json, keys: &[&str]| keys.iter().all(|key| value[*key].is_null() || value[*key].is_string());
    let user = &error["user"];
    let fields = &error["fields"];
    is_text(&error["code"])
        && is_text(&error["message"])
        && (user.is_null() || user.is_object() && texts(user, &["message", "url"]))
        && (fields.is_null()
            || fields.as_array().is_some_and(|fields| {
                fields.iter().all(|field| is_text(&field["key"]) && texts(field, &["message"]))
            }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_have_a_shape() {
        let fields = json!([{ "key": "region" }]);
        for good in [
            json!({ "error": { "code": "a", "message": "b" } }),
            json!({ "error": { "code": "a", "message": "b", "user": { "url": "https://x" }, "fields": fields } }),
        ] {
            assert!(is_error(&good), "{good}");
        }
        for bad in [
            json!({ "error": "no" }),
            json!({ "error": { "code": "a" } }),
            json!({ "error": { "code": "", "message": "b" } }),
            json!({ "error": { "code": "a", "message": "b", "user": "c" } }),
            json!({ "error": { "code": "a", "message": "b", "fields": { "region": "c" } } }),
            json!({ "message": "b" }),
        ] {
            assert!(!is_error(&bad), "{bad}");
        }
    }
}
