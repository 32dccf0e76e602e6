#![doc = include_str!("../README.md")]

use bytes::Bytes;
use http::{HeaderMap, Method};
use ipnet::IpNet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Where Pintle may connect to, and how it finds addresses.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Networks that are open although they are not public.
    pub allow: Vec<IpNet>,
    /// Whether this machine itself is open: for development.
    pub loopback: bool,
    pub names: Names,
}

/// Who is asked for the addresses of a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// The system's own configuration: `/etc/resolv.conf` and `/etc/hosts`.
    #[default]
    System,
    /// One name server.
    Server(SocketAddr),
    /// Nobody; only `localhost` has addresses.
    Nobody,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Egress(Arc<Inner>);

struct Inner {
    policy: Policy,
}

/// What to send.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// For the whole exchange: look-up, connection, answer to its last byte that is read.
    pub timeout: Duration,
}

/// What came back; a redirect is an answer like any other.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    /// At most [`BODY_LIMIT`] of it.
    pub body: Bytes,
    /// There was more.
    pub truncated: bool,
}

/// How much of an answer's body is read, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The address is not one that Pintle connects to; the text names it and says why.
    Refused(String),
    /// The name has no address.
    Unresolved(String),
    /// Nobody took the connection, or TLS failed.
    Unreachable(String),
    /// The time was up.
    TimedOut,
    /// The connection broke before the answer was whole.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(text) => write!(f, "refused: {text}"),
            Failure::Unresolved(text) => write!(f, "no address: {text}"),
            Failure::Unreachable(text) => write!(f, "no connection: {text}"),
            Failure::TimedOut => f.write_str("timed out"),
            Failure::Broken(text) => write!(f, "broken off: {text}"),
        }
    }
}

impl std::error::Error for Failure {}

impl Egress {
    pub fn new(policy: Policy) -> Self {
        Self(Arc::new(Inner { policy }))
    }

    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }
}
