//! Where the server may connect to: what the options say, and how it is announced.

use crate::file;
use clap::Args;
use pintle_egress::{Names, Policy};
use serde::Serialize;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

#[derive(Debug, Args)]
pub struct EgressArgs {
    /// Let webhooks and drains reach a network that is not public, such as 10.1.0.0/16; several are parted by commas
    ///
    /// Without it the server connects to public addresses only, and with --dev to this machine. The networks that are open are
    /// printed at the start.
    #[arg(
        long,
        env = "PINTLE_ALLOW_EGRESS",
        hide_env_values = true,
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub allow_egress: Vec<Network>,

    /// The name server that is asked for addresses, or "none" [default: the system's]
    #[arg(long, env = "PINTLE_DNS", hide_env_values = true, value_name = "ADDR")]
    pub dns: Option<Dns>,
}

impl EgressArgs {
    /// From the options and the environment, else from the file, else nothing is open.
    pub fn policy(self, file: &file::Settings, dev: bool) -> Policy {
        let networks = if self.allow_egress.is_empty() { &file.allow_egress } else { &self.allow_egress };
        let allow = networks.iter().map(|network| network.0).collect();
        let names = self.dns.or(file.dns).map_or_else(Names::default, |dns| dns.0);
        Policy { allow, loopback: dev, names }
    }
}

/// `ADDRESS/LENGTH`, or an address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub ipnet::IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = || text.parse::<IpAddr>().ok().map(ipnet::IpNet::from);
        let network = text.parse().ok().or_else(address);
        let network = network.ok_or("expected ADDRESS/LENGTH, such as 10.1.0.0/16 or fd12::/32")?;
        Ok(Network(network.trunc()))
    }
}

/// Who is asked for names: `ADDRESS:PORT`, an address alone, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dns(pub Names);

impl FromStr for Dns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = || text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53));
        match text.parse().ok().or_else(address) {
            Some(server) => Ok(Dns(Names::Server(server))),
            None if text == "none" => Ok(Dns(Names::Nobody)),
            None => Err("expected ADDRESS:PORT, such as 127.0.0.1:53, or none".into()),
        }
    }
}

/// What is open that is not public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doors {
    /// This machine.
    loopback: bool,
    allow: Vec<String>,
}

impl Doors {
    pub fn of(policy: &Policy) -> Self {
        Self { loopback: policy.loopback, allow: policy.allow.iter().map(ToString::to_string).collect() }
    }
}

impl fmt::Display for Doors {
    /// A line of its own where something is open, else nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machine = self.loopback.then(|| "this machine (--dev)".to_owned());
        let networks =
            (!self.allow.is_empty()).then(|| format!("{} (--allow-egress)", self.allow.join(", ")));
        let open: Vec<String> = machine.into_iter().chain(networks).collect();
        match open.is_empty() {
            true => Ok(()),
            false => writeln!(f, "Webhooks and drains may also connect to {}", open.join(" and ")),
        }
    }
}
