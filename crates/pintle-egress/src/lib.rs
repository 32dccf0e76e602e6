#![doc = include_str!("../README.md")]

mod address;
mod dial;
mod exchange;
mod names;
mod planted;
mod pool;
mod target;
mod tls;

pub use address::Refused;
pub use dial::{Io, Stream};

use bytes::Bytes;
use dial::Dialer;
use http::{HeaderMap, Method};
use ipnet::IpNet;
use pool::Pool;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use target::Target;
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
    dialer: Dialer,
    pool: Pool,
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

/// How long a creation waits for the addresses of a name.
const ADMISSION: Duration = Duration::from_secs(1);

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
    /// Reads nothing and asks nobody: names and roots are looked up when they are first needed.
    pub fn new(policy: Policy) -> Self {
        Self(Arc::new(Inner { dialer: Dialer::new(policy), pool: Pool::default() }))
    }

    pub fn policy(&self) -> &Policy {
        &self.0.dialer.policy
    }

    /// Judges a URL where it is written down: an address at once, a name by the addresses that it has now, within a second. A name
    /// without an address may get one later; every try judges it again.
    ///
    /// # Errors
    /// [`Failure::Refused`], and nothing else.
    pub async fn admit(&self, url: &Url) -> Result<(), Failure> {
        self.admit_target(&Target::of(url)?).await
    }

    /// The same for the host of what is not sent by HTTP: a name or an address in any spelling. Its port counts for nothing.
    ///
    /// # Errors
    /// [`Failure::Refused`], and nothing else.
    pub async fn admit_host(&self, host: &str) -> Result<(), Failure> {
        self.admit_target(&Target::new(host, 0, false)?).await
    }

    async fn admit_target(&self, target: &Target) -> Result<(), Failure> {
        match tokio::time::timeout(ADMISSION, self.0.dialer.admitted(target)).await {
            Ok(Err(refused @ Failure::Refused(_))) => Err(refused),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Sends a request, at most once, and follows no redirect.
    ///
    /// # Errors
    /// Where no whole answer came within the request's time; of a whole answer a part may be left out (`truncated`).
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        let limit = request.timeout;
        let exchange = exchange::exchange(&self.0.dialer, &self.0.pool, request);
        tokio::time::timeout(limit, exchange).await.unwrap_or(Err(Failure::TimedOut))
    }

    /// A bare connection, for what is not HTTP: a name or an address in any spelling. The caller bounds its time.
    ///
    /// # Errors
    /// Where the host may not be connected to, or nobody took the connection.
    pub async fn connect(&self, host: &str, port: u16, tls: bool) -> Result<Stream, Failure> {
        self.0.dialer.dial(&Target::new(host, port, tls)?).await
    }
}
