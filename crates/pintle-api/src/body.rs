//! Bodies: JSON as a type, and what is wrong with it in the contract's words (semantics.md 8.2).

use pintle_core::{Error, Result, violation};
use serde::de::DeserializeOwned;

/// Reads a body as `T`. An empty body is `{}`: many clients send none where all fields are optional.
///
/// # Errors
/// 400 with the Ajv-style message of the first violation.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            serde_json::error::Category::Data => {
                Error::invalid(violation::of(&path, &error.inner().to_string()))
            }
            _ => not_json(error.inner()),
        }
    })?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// An `application/x-www-form-urlencoded` body as `T`, by way of JSON: every field is text.
pub fn form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let fields = form_urlencoded::parse(bytes).into_owned().map(|(name, value)| (name, value.into()));
    let object = serde_json::Value::Object(fields.collect());
    json(object.to_string().as_bytes())
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::bad_request(format!("Invalid JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong is looked at")]
    struct Sample {
        url: String,
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        count: i64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        All,
        Some,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what is wrong is looked at")]
    struct Inner {
        ids: Vec<String>,
    }

    #[test]
    fn messages_are_the_contracts() {
        let cases = [
            ("{}", "missing required property `url`."),
            (r#"{"url":1}"#, "`url` should be string."),
            (r#"{"url":"x","link":1}"#, "should NOT have additional property `link`."),
            (
                r#"{"url":"x","kind":"none"}"#,
                "`kind` should be equal to one of the allowed values \"all, some\".",
            ),
            (r#"{"url":"x","inner":{}}"#, "missing required property `inner.ids`."),
            (r#"{"url":"x","inner":{"ids":"a"}}"#, "`inner.ids` should be array."),
            (r#"{"url":"x","inner":7}"#, "`inner` should be object."),
            (r#"{"url":"x","count":"7"}"#, "`count` should be number."),
            ("[]", "should be object."),
        ];
        for (body, message) in cases {
            let error = json::<Sample>(body.as_bytes()).unwrap_err();
            assert_eq!(error.message, format!("Invalid request: {message}"), "{body}");
        }
        assert!(json::<Sample>(b"{\"url\"").unwrap_err().message.starts_with("Invalid JSON: "));
    }
}
