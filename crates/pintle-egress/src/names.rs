//! The addresses of names. Nothing is remembered: whoever connects asks, and judges what it is told.

use crate::{Failure, Names};
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::{Resolver, TokioResolver};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long one question to a name server may take; there are two tries.
const PATIENCE: Duration = Duration::from_secs(3);
/// Questions that may be under way at once.
const QUESTIONS: usize = 1024;

/// Asks for names. The system's configuration is read at the first question.
pub struct Directory {
    names: Names,
    resolver: OnceCell<TokioResolver>,
}

impl Directory {
    pub fn new(names: Names) -> Self {
        Self { names, resolver: OnceCell::new() }
    }

    /// All addresses of a name, IPv4 first.
    ///
    /// # Errors
    /// Where it has none, or nobody could say.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        if is_localhost(name) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        if self.names == Names::Nobody {
            return Err(Failure::Unresolved(format!("`{name}`: this server asks nobody for names")));
        }
        let unknown = |why: &dyn std::fmt::Display| Failure::Unresolved(format!("`{name}`: {why}"));
        // As a name, so that the resolver does not look for an address in its letters.
        let question = Name::from_ascii(name).map_err(|error| unknown(&error))?;
        let resolver =
            self.resolver.get_or_try_init(|| build(self.names)).await.map_err(|error| unknown(&error))?;
        match resolver.lookup_ip(question).await {
            Ok(found) => Ok(found.iter().collect()),
            Err(error) if error.is_no_records_found() => Err(unknown(&"nobody knows it")),
            Err(error) => Err(unknown(&error)),
        }
    }
}

/// RFC 6761: `localhost` and everything below it is this machine, and no name server is asked.
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

async fn build(names: Names) -> Result<TokioResolver, NetError> {
    let mut builder = match names {
        Names::Server(server) => Resolver::builder_with_config(only(server), TokioRuntimeProvider::default()),
        Names::System | Names::Nobody => Resolver::builder_tokio()?,
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.cache_size = 0;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.timeout = PATIENCE;
    options.max_active_requests = QUESTIONS;
    builder.build()
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    ResolverConfig::from_name_servers(vec![server])
}
