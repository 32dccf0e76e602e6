//! Names of domains.

use crate::{Error, Result, validate};
use url::Host;

/// A name that a project can have: lower case, in ASCII, with at least two labels, the first of which may be `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DomainName {
    text: String,
    /// Where in it the domain begins that can be registered.
    apex: usize,
}

impl DomainName {
    /// # Errors
    /// 400 `invalid_domain` for what is no fully qualified name, an address, and a suffix under which others register (`co.uk`).
    pub fn parse(text: &str) -> Result<Self> {
        let (star, rest) = match text.strip_prefix("*.") {
            Some(rest) => ("*.", rest),
            None => ("", text),
        };
        // As browsers read it: `Bücher.example` is `xn--bcher-kva.example`.
        let Ok(Host::Domain(ascii)) = Host::parse(rest) else { return Err(invalid()) };
        validate::hostname("name", &ascii).map_err(|_| invalid())?;
        let apex = psl::domain_str(&ascii).ok_or_else(invalid)?.len();
        let text = format!("{star}{ascii}");
        Ok(Self { apex: text.len() - apex, text })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn apex(&self) -> &str {
        self.text.get(self.apex..).unwrap_or(&self.text)
    }
}

fn invalid() -> Error {
    Error::bad_request("The specified value is not a fully qualified domain name.").coded("invalid_domain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_apex_is_what_can_be_registered() {
        for (text, name, apex) in [
            ("example.com", "example.com", "example.com"),
            ("WWW.Example.com", "www.example.com", "example.com"),
            ("*.shop.example.co.uk", "*.shop.example.co.uk", "example.co.uk"),
            ("bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            let parsed = DomainName::parse(text).unwrap();
            assert_eq!((parsed.as_str(), parsed.apex()), (name, apex));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "localhost",
            "com",
            "co.uk",
            "10.0.0.1",
            "a..b.com",
            "-a.com",
            "a b.com",
            "*",
            "*.*.com",
            "https://a.com",
        ] {
            let error = DomainName::parse(text).unwrap_err();
            assert_eq!(error.code, "invalid_domain", "{text}");
        }
    }
}
