//! Calls as they are shown: without what is secret in their bodies.

use crate::deliveries;
use serde_json::Value as Json;

const HIDDEN: &str = "(hidden)";
/// Keys whose values are secrets wherever they stand.
const SECRETS: [&str; 6] =
    ["access_token", "accessToken", "client_secret", "clientSecret", "id_token", "password"];

/// A body with its secrets hidden.
pub(super) fn body(body: &Json) -> String {
    hide(body.clone()).to_string()
}

/// The beginning of an answer. What is no JSON is hidden where a secret could stand in it.
pub(super) fn answer(bytes: &[u8], whole: bool, secret: bool) -> String {
    match serde_json::from_slice(bytes) {
        Ok(answer) if whole => deliveries::beginning(body(&answer).as_bytes()),
        _ if secret && !bytes.is_empty() => HIDDEN.to_owned(),
        _ => deliveries::beginning(bytes),
    }
}

fn hide(value: Json) -> Json {
    match value {
        Json::Object(map) => Json::Object(
            map.into_iter()
                .map(|(key, value)| {
                    let value = match key.as_str() {
                        key if SECRETS.contains(&key) && !value.is_null() => HIDDEN.into(),
                        "secrets" => hide_values(value),
                        _ => hide(value),
                    };
                    (key, value)
                })
                .collect(),
        ),
        Json::Array(list) => Json::Array(list.into_iter().map(hide).collect()),
        other => other,
    }
}

/// `secrets: [{name, value, environmentOverrides: {production: …}}]`: the names stay.
fn hide_values(value: Json) -> Json {
    match value {
        Json::Object(map) => Json::Object(
            map.into_iter()
                .map(|(key, value)| match key.as_str() {
                    "name" | "prefix" => (key, value),
                    _ => (key, hide_values(value)),
                })
                .collect(),
        ),
        Json::Array(list) => Json::Array(list.into_iter().map(hide_values).collect()),
        Json::Null => Json::Null,
        _ => HIDDEN.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_hidden_at_any_depth() {
        let install = json!({ "scopes": ["read:user"], "credentials": { "access_token": "vca_1", "token_type": "Bearer" } });
        assert_eq!(
            body(&install),
            r#"{"scopes":["read:user"],"credentials":{"access_token":"(hidden)","token_type":"Bearer"}}"#
        );
        let secrets = json!({ "id": "r", "secrets": [
            { "name": "URL", "prefix": "DB", "value": "s3cret", "environmentOverrides": { "production": "s3cret" } },
        ] });
        let shown = answer(secrets.to_string().as_bytes(), true, true);
        assert!(!shown.contains("s3cret") && shown.contains("URL") && shown.contains("DB"), "{shown}");
    }

    #[test]
    fn what_cannot_be_looked_into_is_shown_only_where_it_holds_no_secret() {
        assert_eq!(answer(b"no: vca_1", true, true), HIDDEN);
        assert_eq!(answer(b"no", true, false), "no");
        assert_eq!(answer(b"{\"secrets\":[]}", false, true), HIDDEN);
        assert_eq!(answer(b"", true, true), "");
    }
}
