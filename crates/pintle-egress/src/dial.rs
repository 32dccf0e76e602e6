//! From a target to a connection. The addresses that are judged are the very ones that are dialled.

use crate::names::Directory;
use crate::target::Target;
use crate::tls::Tls;
use crate::{Failure, Policy, planted};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::Host;

/// How long one address of several may take to answer; the last has what is left of the whole exchange.
const PATIENCE: Duration = Duration::from_secs(3);
/// Addresses of one name that are tried.
const TRIES: usize = 6;

/// A connection, with or without TLS.
pub type Stream = Box<dyn Io>;

/// What can be read from and written to.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub struct Dialer {
    pub policy: Policy,
    directory: Directory,
    tls: Tls,
}

impl Dialer {
    pub fn new(policy: Policy) -> Self {
        let directory = Directory::new(policy.names);
        Self { policy, directory, tls: Tls::default() }
    }

    /// The addresses that a target may be reached at, judged now.
    ///
    /// # Errors
    /// Where it has none, or none that Pintle connects to.
    pub async fn admitted(&self, target: &Target) -> Result<Vec<IpAddr>, Failure> {
        let mut open = Vec::new();
        let mut refused = None;
        for address in self.addresses(target).await? {
            match self.policy.judge(address) {
                Ok(address) => open.push(address),
                Err(why) => drop(refused.get_or_insert(why)),
            }
        }
        match (refused, &target.host) {
            (Some(why), Host::Domain(name)) if open.is_empty() => {
                Err(Failure::Refused(format!("`{name}`: {why}")))
            }
            (Some(why), _) if open.is_empty() => Err(Failure::Refused(why.to_string())),
            _ => Ok(open),
        }
    }

    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, Failure> {
        match &target.host {
            Host::Domain(name) => self.directory.addresses(name).await,
            Host::Ipv4(v4) => Ok(vec![(*v4).into()]),
            Host::Ipv6(v6) => Ok(vec![(*v6).into()]),
        }
    }

    /// Connects to the first address that takes the connection.
    pub async fn dial(&self, target: &Target) -> Result<Stream, Failure> {
        let trusting = planted::on("address-unchecked-at-connect")
            || planted::on("name-unchecked-at-connect") && matches!(target.host, Host::Domain(_));
        let mut addresses = match trusting {
            true => self.addresses(target).await?,
            false => self.admitted(target).await?,
        };
        addresses.truncate(TRIES);
        let mut failure = Failure::Unresolved(format!("{target}: no address"));
        for (place, address) in addresses.iter().enumerate() {
            let last = place + 1 == addresses.len();
            match self.reach(SocketAddr::new(*address, target.port), last).await {
                Ok(stream) => return self.dress(stream, target).await,
                Err(why) => failure = Failure::Unreachable(format!("{target}: {why}")),
            }
        }
        Err(failure)
    }

    async fn reach(&self, address: SocketAddr, last: bool) -> std::io::Result<TcpStream> {
        let connecting = TcpStream::connect(address);
        let stream = match last {
            true => connecting.await?,
            false => tokio::time::timeout(PATIENCE, connecting).await??,
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn dress(&self, stream: TcpStream, target: &Target) -> Result<Stream, Failure> {
        match target.tls {
            true => Ok(Box::new(self.tls.connect(stream, target).await?)),
            false => Ok(Box::new(stream)),
        }
    }
}
