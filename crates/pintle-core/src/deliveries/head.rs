//! What is kept of the head of a request or an answer.

use http::HeaderMap;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::mem;

/// How much of it, in bytes: names and values.
const KEPT: usize = 8 * 1024;

/// What is shown for the value of a header that may be a secret.
const HIDDEN: Cow<'static, str> = Cow::Borrowed("(hidden)");

/// Headers as they are kept, by their names; of several with one name the last.
#[derive(Debug, Clone, Default)]
pub struct Headers<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Headers<'a> {
    /// Those that there is room for; one that is too large leaves room for the next.
    pub fn new(headers: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>) -> Self {
        let mut room = KEPT;
        let fits = |(name, value): &(&str, Cow<'_, str>)| {
            let left = room.checked_sub(name.len() + value.len());
            room = left.unwrap_or(room);
            left.is_some()
        };
        let mut kept: Vec<_> = headers.into_iter().filter(fits).collect();
        kept.sort_by_key(|(name, _)| *name);
        kept.dedup_by(|next, last| {
            let same = next.0 == last.0;
            if same {
                mem::swap(next, last);
            }
            same
        });
        Self(kept)
    }

    /// Those of a request or an answer, but for the values of those that are named.
    pub fn shown(headers: &'a HeaderMap, hidden: &[impl AsRef<str>]) -> Self {
        let is_secret = |name: &str| hidden.iter().any(|hidden| hidden.as_ref().eq_ignore_ascii_case(name));
        Self::new(headers.iter().map(|(name, value)| match name.as_str() {
            name if is_secret(name) => (name, HIDDEN),
            name => (name, String::from_utf8_lossy(value.as_bytes())),
        }))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_head_has_a_bound_and_what_is_too_large_hides_nothing_else() {
        let header = |name, length| (name, Cow::from("v".repeat(length)));
        let kept = [header("a", 20_000), header("c", KEPT - 100), header("b", 10), header("d", 500)];
        let names: Vec<&str> = Headers::new(kept).0.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["b", "c"]);
    }

    #[test]
    fn secrets_are_hidden_and_the_last_of_a_name_is_kept() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("via", "one"), ("x-token", "s3cret"), ("via", "two")] {
            headers.append(name, value.parse().unwrap());
        }
        let shown = serde_json::to_value(Headers::shown(&headers, &["X-Token"])).unwrap();
        assert_eq!(shown, json!({ "via": "two", "x-token": "(hidden)" }));
    }
}
