//! What is kept of the head of a request or an answer.

use super::Headers;
use http::{HeaderMap, HeaderName, HeaderValue};

/// How much of it, in bytes: names and values.
const KEPT: usize = 8 * 1024;

/// What is shown for the value of a header that may be a secret.
const HIDDEN: &str = "(hidden)";

/// The headers of a request or an answer as they are kept, but for the values of those that are named.
pub fn shown(headers: &HeaderMap, hidden: &[impl AsRef<str>]) -> Headers {
    let show = |(name, value): (&HeaderName, &HeaderValue)| {
        let secret = hidden.iter().any(|hidden| hidden.as_ref().eq_ignore_ascii_case(name.as_str()));
        let value =
            if secret { HIDDEN.into() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
        (name.as_str().to_owned(), value)
    };
    head(headers.iter().map(show))
}

/// Those headers that there is room for; one that is too large leaves room for the next.
pub fn head(headers: impl IntoIterator<Item = (String, String)>) -> Headers {
    let mut room = KEPT;
    let fits = |(name, value): &(String, String)| {
        let left = room.checked_sub(name.len() + value.len());
        room = left.unwrap_or(room);
        left.is_some()
    };
    headers.into_iter().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_a_bound_and_what_is_too_large_hides_nothing_else() {
        let header = |name: &str, length| (name.to_owned(), "v".repeat(length));
        let kept = head([header("a", 20_000), header("b", 10), header("c", KEPT - 100), header("d", 500)]);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["b", "c"]);
    }
}
