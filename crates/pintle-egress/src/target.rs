//! Whom a URL names. Its host is parsed once, by the WHATWG rules of the `url` crate, which know every spelling of an address.

use crate::Failure;
use std::fmt;
use std::net::Ipv6Addr;
use url::{Host, Url};

/// A host and a port, as they are dialled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    pub host: Host<String>,
    pub port: u16,
    pub tls: bool,
}

impl Target {
    /// # Errors
    /// For a scheme that is not sent to.
    pub fn of(url: &Url) -> Result<Self, Failure> {
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => {
                return Err(Failure::Refused(format!(
                    "the scheme `{other}`: only http and https are sent to"
                )));
            }
        };
        match (url.host(), url.port_or_known_default()) {
            (Some(host), Some(port)) => Ok(Self { host: host.to_owned(), port, tls }),
            _ => Err(Failure::Refused("a URL without a host".into())),
        }
    }

    /// From a text that is no URL's: a name, or an address in any spelling, with or without the brackets of IPv6.
    ///
    /// # Errors
    /// For what is neither.
    pub fn new(host: &str, port: u16, tls: bool) -> Result<Self, Failure> {
        let host = match host.parse::<Ipv6Addr>() {
            Ok(v6) => Host::Ipv6(v6),
            Err(_) => Host::parse(host)
                .map_err(|error| Failure::Refused(format!("`{host}` is not a host: {error}")))?,
        };
        Ok(Self { host, port, tls })
    }

    /// What stands in `Host`: the port only where it is not the scheme's.
    pub fn authority(&self) -> String {
        match (self.tls, self.port) {
            (false, 80) | (true, 443) => self.host.to_string(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
