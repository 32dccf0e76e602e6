//! What a request proves itself with, besides a bearer token.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;

/// `Authorization: Basic`, each half form-encoded as OAuth 2.0 has it.
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (kind, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded =
        BASE64_STANDARD.decode(encoded.trim()).ok().filter(|_| kind.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    Some((decode(id)?, decode(secret)?))
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether the page that sent this form is Pintle's own. A browser says so; what is no browser has no cookie that somebody
/// else's page could use.
pub(super) fn from_own_page(headers: &HeaderMap, origin: &str) -> bool {
    let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = get("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    // Only the host: behind a proxy that ends TLS, Pintle may not know the scheme.
    let host = |url: &str| url.split_once("://").map(|(_, host)| host.to_owned());
    get("origin").is_none_or(|sender| host(sender).is_some() && host(sender) == host(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn basic_credentials_are_decoded_twice() {
        // "oac_1:a%2Bb"
        let found = basic(&headers(&[("authorization", "Basic b2FjXzE6YSUyQmI=")]));
        assert_eq!(found, Some(("oac_1".into(), "a+b".into())));
        for other in ["Bearer b2FjXzE6YQ==", "Basic", "Basic ???", "Basic b2Fj"] {
            assert_eq!(basic(&headers(&[("authorization", other)])), None, "{other}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = headers(&[("cookie", "a=1; pintle=x=y;b=2")]);
        assert_eq!(cookie(&headers, "pintle"), Some("x=y"));
        assert_eq!(cookie(&headers, "intle"), None);
    }

    #[test]
    fn a_form_of_another_site_is_told() {
        let origin = "http://pintle.test:4400";
        for (header, value, own) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("origin", "http://pintle.test:4400", true),
            ("origin", "https://pintle.test:4400", true),
            ("origin", "http://pintle.test", false),
            ("origin", "http://evil.test", false),
            ("origin", "null", false),
            ("accept", "*/*", true),
        ] {
            assert_eq!(from_own_page(&headers(&[(header, value)]), origin), own, "{header}: {value}");
        }
    }
}
