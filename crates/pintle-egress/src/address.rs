//! Which addresses Pintle connects to: those of the public Internet, and those that the policy opens.

use crate::Policy;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not the public Internet, and what they are. The first that fits counts.
const IPV4: &[(Ipv4Net, &str)] = &[
    (v4([169, 254, 169, 254], 32), "a cloud's metadata service"),
    (v4([168, 63, 129, 16], 32), "a cloud's metadata service"),
    (v4([100, 100, 100, 200], 32), "a cloud's metadata service"),
    (v4([192, 0, 0, 192], 32), "a cloud's metadata service"),
    (v4([0, 0, 0, 0], 8), "this host"),
    (v4([127, 0, 0, 0], 8), "this machine's loopback"),
    (v4([10, 0, 0, 0], 8), "a private network"),
    (v4([172, 16, 0, 0], 12), "a private network"),
    (v4([192, 168, 0, 0], 16), "a private network"),
    (v4([100, 64, 0, 0], 10), "a carrier's shared network (CGNAT)"),
    (v4([169, 254, 0, 0], 16), "a link-local network"),
    (v4([192, 0, 0, 0], 24), "reserved for protocols"),
    (v4([192, 0, 2, 0], 24), "for documentation"),
    (v4([198, 51, 100, 0], 24), "for documentation"),
    (v4([203, 0, 113, 0], 24), "for documentation"),
    (v4([192, 88, 99, 0], 24), "a 6to4 relay"),
    (v4([198, 18, 0, 0], 15), "for benchmarks of networks"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([255, 255, 255, 255], 32), "broadcast"),
    (v4([240, 0, 0, 0], 4), "reserved"),
];

/// The same for IPv6. Whatever none of these names is public inside of [`PUBLIC_V6`] and reserved outside of it.
const IPV6: &[(Ipv6Net, &str)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "this host"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "this machine's loopback"),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), "a cloud's metadata service"),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), "a cloud's metadata service"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "a unique-local network"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "a link-local network"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "a site-local network"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "for discarding"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "a Teredo tunnel"),
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), "for benchmarks of networks"),
    (v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28), "an identifier (ORCHID)"),
    (v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28), "an identifier (ORCHID)"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "reserved for protocols"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "for documentation"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "for documentation"),
];

const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
const LOCAL_NAT64: Ipv6Net = v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);
/// IPv4-compatible (`::a.b.c.d`), -mapped (`::ffff:a.b.c.d`) and -translated (`::ffff:0:a.b.c.d`).
const WRITTEN_AS_V6: [Ipv6Net; 3] = [
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
];

const fn v4(octets: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from_octets(octets), length)
}

const fn v6(segments: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_segments(segments), length)
}

/// An address that is not dialled, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    address: IpAddr,
    /// What it stands for, where that is the reason.
    stands_for: Option<Ipv4Addr>,
    why: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a public address", self.address)?;
        match self.stands_for {
            Some(inner) => write!(f, " (it stands for {inner}: {})", self.why)?,
            None => write!(f, " ({})", self.why)?,
        }
        let net = IpNet::from(self.stands_for.map_or(self.address, IpAddr::from));
        write!(f, "; an operator can open it with --allow-egress {net}")
    }
}

impl Policy {
    /// Whether an address may be dialled. Answers the address to dial: one of IPv6 that stands for this machine's loopback
    /// becomes that loopback address, and one that is IPv4 in another spelling becomes IPv4.
    ///
    /// # Errors
    /// The reason why not.
    pub fn judge(&self, address: IpAddr) -> Result<IpAddr, Refused> {
        match address {
            IpAddr::V4(v4) => self.judge_v4(v4).map(IpAddr::V4),
            IpAddr::V6(v6) => self.judge_v6(v6),
        }
    }

    fn judge_v4(&self, address: Ipv4Addr) -> Result<Ipv4Addr, Refused> {
        let opened = self.allows(address.into());
        match IPV4.iter().find(|(net, _)| net.contains(&address)) {
            None => Ok(address),
            Some(_) if self.loopback && address.is_unspecified() => Ok(Ipv4Addr::LOCALHOST),
            Some(_) if opened || self.loopback && address.is_loopback() => Ok(address),
            Some((_, why)) => Err(Refused { address: address.into(), stands_for: None, why }),
        }
    }

    fn judge_v6(&self, address: Ipv6Addr) -> Result<IpAddr, Refused> {
        let judge = |inner: Ipv4Addr| {
            let outer = |refused: Refused| Refused {
                address: address.into(),
                stands_for: Some(inner),
                why: refused.why,
            };
            self.judge_v4(inner).map_err(outer)
        };
        if let Some(inner) = spelled(address) {
            return judge(inner).map(IpAddr::V4);
        }
        if self.loopback && (address.is_loopback() || address.is_unspecified()) {
            return Ok(Ipv6Addr::LOCALHOST.into());
        }
        if self.allows(address.into()) {
            return Ok(address.into());
        }
        let inside = behind(address);
        let loopback = inside.iter().filter_map(|inner| judge(*inner).ok()).find(Ipv4Addr::is_loopback);
        if let Some(loopback) = loopback {
            return Ok(loopback.into());
        }
        for inner in inside {
            judge(inner)?;
        }
        match class(address) {
            None => Ok(address.into()),
            Some(why) => Err(Refused { address: address.into(), stands_for: None, why }),
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|net| net.contains(&address))
    }
}

/// What an address of IPv6 is that is not public.
fn class(address: Ipv6Addr) -> Option<&'static str> {
    let known = IPV6.iter().find(|(net, _)| net.contains(&address)).map(|(_, why)| *why);
    let public = PUBLIC_V6.contains(&address) || NAT64.contains(&address) || LOCAL_NAT64.contains(&address);
    known.or((!public).then_some("reserved"))
}

/// The IPv4 address that this is, written as one of IPv6.
fn spelled(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let own = address.is_unspecified() || address.is_loopback();
    let written = !own && WRITTEN_AS_V6.iter().any(|net| net.contains(&address));
    written.then(|| inside(address, [12, 13, 14, 15]))
}

/// The IPv4 addresses that packets to one of IPv6 end up at: more than one where it depends on the network in between.
fn behind(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    if NAT64.contains(&address) || is_isatap(address) {
        found.push(inside(address, [12, 13, 14, 15]));
    }
    if SIX_TO_FOUR.contains(&address) {
        found.push(inside(address, [2, 3, 4, 5]));
    }
    if LOCAL_NAT64.contains(&address) {
        found.extend(local_nat64(address));
    }
    found
}

/// RFC 6052 has a form for each length of a prefix, and only the network knows which it has: all that have zeros behind the IPv4
/// address may be meant. No bits at all are no address, unless there is nothing else.
fn local_nat64(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let forms = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]];
    let whole = |places: &[usize; 4]| address.octets()[places[3] + 1..].iter().all(|octet| *octet == 0);
    let meant = forms.into_iter().filter(whole).map(|places| inside(address, places));
    let found: Vec<Ipv4Addr> = meant.filter(|inner| !inner.is_unspecified()).collect();
    if found.is_empty() { vec![Ipv4Addr::UNSPECIFIED] } else { found }
}

/// Whether its last half is an interface of ISATAP: a tunnel to an IPv4 address.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [.., high, low, _, _] = address.segments();
    high & !0x0300 == 0 && low == 0x5efe
}

fn inside(address: Ipv6Addr, places: [usize; 4]) -> Ipv4Addr {
    let octets = address.octets();
    Ipv4Addr::from_octets(places.map(|place| octets[place]))
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
