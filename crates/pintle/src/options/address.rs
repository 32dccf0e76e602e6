//! Addresses: where to listen, and who signs.

use std::fmt;
use std::str::FromStr;
use url::Url;

/// An address to listen on: `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen(pub String);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Listen(text.to_owned()))
            }
            _ => Err("expected HOST:PORT, such as 127.0.0.1:4400".into()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address that tokens are signed in the name of: an origin, and perhaps a path, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(pub String);

impl FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let good = Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
        });
        match good && !text.ends_with('/') {
            true => Ok(Issuer(text.to_owned())),
            false => {
                Err("expected an address without a slash at its end, such as https://pintle.example.com"
                    .into())
            }
        }
    }
}
