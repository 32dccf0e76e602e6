//! Forbidden addresses, in every spelling that a URL can have. Written apart from the client's own tables, so that they check each
//! other.

use crate::dice::Dice;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A URL that leads inside, without its port: `{}` stands for that.
#[derive(Debug, Clone)]
pub struct Spelling {
    pub class: &'static str,
    text: String,
    /// As a record of a name could say it; a name such as `localhost` has none.
    pub address: Option<IpAddr>,
    /// It stands for this machine's loopback.
    pub loopback: bool,
}

impl Spelling {
    pub fn url(&self, port: u16) -> String {
        self.text.replace("{}", &port.to_string())
    }

    /// As it stands in a header `Location`: what that cannot hold is spelled as a URL's parser spells it.
    pub fn location(&self, port: u16) -> Vec<u8> {
        let url = self.url(port);
        match url.chars().any(char::is_control) {
            true => url.parse::<url::Url>().map(|url| url.to_string()).expect("a URL").into_bytes(),
            false => url.into_bytes(),
        }
    }
}

/// The class, its network, and the length of its prefix.
const V4: &[(&str, [u8; 4], u32)] = &[
    ("this host", [0, 0, 0, 0], 8),
    ("loopback", [127, 0, 0, 0], 8),
    ("private 10", [10, 0, 0, 0], 8),
    ("private 172", [172, 16, 0, 0], 12),
    ("private 192", [192, 168, 0, 0], 16),
    ("CGNAT", [100, 64, 0, 0], 10),
    ("link-local", [169, 254, 0, 0], 16),
    ("metadata", [169, 254, 169, 254], 32),
    ("protocols", [192, 0, 0, 0], 24),
    ("documentation 1", [192, 0, 2, 0], 24),
    ("documentation 2", [198, 51, 100, 0], 24),
    ("documentation 3", [203, 0, 113, 0], 24),
    ("6to4 relay", [192, 88, 99, 0], 24),
    ("benchmarks", [198, 18, 0, 0], 15),
    ("multicast", [224, 0, 0, 0], 4),
    ("reserved", [240, 0, 0, 0], 4),
    ("broadcast", [255, 255, 255, 255], 32),
];

const V6: &[(&str, &str)] = &[
    ("unspecified 6", "::"),
    ("loopback 6", "::1"),
    ("metadata 6", "fd00:ec2::254"),
    ("unique-local", "fc00::1"),
    ("unique-local", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("link-local 6", "fe80::1"),
    ("link-local 6", "febf:ffff::2"),
    ("site-local", "fec0::1"),
    ("multicast 6", "ff02::1"),
    ("multicast 6", "ff0e::1"),
    ("discard", "100::1"),
    ("documentation 6", "2001:db8::1"),
    ("documentation 6", "3fff::1"),
    ("Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    ("ORCHID", "2001:10::1"),
    ("ORCHID", "2001:20::1"),
    ("benchmarks 6", "2001:2::1"),
    ("reserved 6", "4000::1"),
    ("reserved 6", "5f00::1"),
    ("reserved 6", "64:ff9b:2::1"),
];

const NAMES: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "ｌｏｃａｌｈｏｓｔ",
    "%6c%6f%63alhost",
    "ⓛocalhost",
];

/// At least so many, all different; from one seed always the same.
pub fn spellings(count: usize, seed: u64) -> Vec<Spelling> {
    let mut dice = Dice::new(seed);
    let mut all = Collection::default();
    for (class, text) in V6 {
        let address: Ipv6Addr = text.parse().expect("an address");
        let loopback = address.is_loopback() || address.is_unspecified();
        all.add_v6(class, address, loopback);
    }
    let mut round = 0;
    while round < 2 || all.list.len() < count {
        for (class, network, length) in V4 {
            let address = within(*network, *length, round, &mut dice);
            // The proof itself has a server there, which it allows.
            if address != super::ALLOWED {
                all.add_v4(class, address);
            }
        }
        round += 1;
    }
    for name in NAMES {
        all.add("localhost", name, None, true);
    }
    all.list
}

/// The first address of a network, then the last, then one by chance; of a loopback network the usual one first.
fn within(network: [u8; 4], length: u32, round: usize, dice: &mut Dice) -> Ipv4Addr {
    let hosts = u32::MAX.checked_shr(length).unwrap_or(0);
    let host = match round {
        0 if network[0] == 127 => 1,
        0 => 0,
        1 => hosts,
        _ => dice.between(0, hosts as usize) as u32,
    };
    Ipv4Addr::from_bits(Ipv4Addr::from_octets(network).to_bits() | host)
}

#[derive(Default)]
struct Collection {
    list: Vec<Spelling>,
    seen: BTreeSet<String>,
}

impl Collection {
    fn add_v4(&mut self, class: &'static str, address: Ipv4Addr) {
        // Nobody can listen on the broadcast address of the loopback network.
        let broadcast = Ipv4Addr::new(127, 255, 255, 255);
        let loopback = (address.is_loopback() || address.is_unspecified()) && address != broadcast;
        for host in v4_hosts(address) {
            self.add(class, &host, Some(address.into()), loopback);
        }
        for outer in disguises(address) {
            self.add_v6(class, outer, loopback);
        }
    }

    fn add_v6(&mut self, class: &'static str, address: Ipv6Addr, loopback: bool) {
        for host in v6_hosts(address) {
            self.add(class, &host, Some(address.into()), loopback);
        }
    }

    fn add(&mut self, class: &'static str, host: &str, address: Option<IpAddr>, loopback: bool) {
        let dresses = [
            format!("http://{host}:{{}}/hook"),
            format!("http://public.example@{host}:{{}}/hook"),
            format!("http://user:public.example%40@{host}:{{}}/"),
            format!("hTTp:\\\\{host}:{{}}\\hook?x=@public.example"),
            format!("http:{host}:0{{}}#@public.example/"),
        ];
        // Each host plain, and in one of the other dresses.
        let other = 1 + self.list.len() / 2 % (dresses.len() - 1);
        for text in [&dresses[0], &dresses[other]] {
            if self.seen.insert(text.clone()) {
                self.list.push(Spelling { class, text: text.clone(), address, loopback });
            }
        }
    }
}

/// Whatever a browser takes for this address.
fn v4_hosts(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let whole = address.to_bits();
    let (low16, low24) = (whole & 0xffff, whole & 0xff_ffff);
    let dotted = address.to_string();
    let map = |from: u32, text: &str| -> String {
        text.chars()
            .map(|c| c.to_digit(10).and_then(|digit| char::from_u32(from + digit)).unwrap_or(c))
            .collect()
    };
    let percent: String = dotted.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let full_width = map(0xff10, &dotted);
    vec![
        dotted.clone(),
        format!("{dotted}."),
        format!("{whole}"),
        format!("{whole}."),
        format!("0x{whole:x}"),
        format!("0X{whole:08X}"),
        format!("0{whole:o}"),
        format!("000{whole:o}"),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0X{a:02X}.0x{b:04x}.0x{c:x}.0x{d:08x}."),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0000{a:o}.000{b:o}.00{c:o}.0{d:o}"),
        format!("{a}.{b}.{low16}"),
        format!("{a}.{low24}"),
        format!("0x{a:x}.{low24}"),
        format!("{a}.0x{low24:x}"),
        format!("0{a:o}.{b}.0x{low16:x}"),
        format!("0x{a:x}.{b}.0{c:o}.{d}"),
        format!("{a}.0{b:o}.{c}.0x{d:x}"),
        full_width.clone(),
        full_width.replace('.', "。"),
        dotted.replace('.', "．"),
        dotted.replace('.', "｡"),
        map(0x1d7ce, &dotted),
        map(0x1d7f6, &dotted),
        percent.clone(),
        percent.to_uppercase(),
        dotted.replace('.', "%2e"),
        dotted.replace('.', "%E3%80%82"),
        full_width.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        dotted.replace('.', ".\u{ad}"),
        dotted.replace('.', "\u{200b}."),
        dotted.replace('.', ".\t"),
        dotted.replace('.', "\n."),
    ]
}

/// The addresses of IPv6 that lead to one of IPv4.
fn disguises(address: Ipv4Addr) -> Vec<Ipv6Addr> {
    let [a, b, c, d] = address.octets().map(u16::from);
    let (high, low) = (a << 8 | b, c << 8 | d);
    let mut all = vec![
        [0, 0, 0, 0, 0, 0xffff, high, low],
        [0, 0, 0, 0, 0xffff, 0, high, low],
        [0x64, 0xff9b, 0, 0, 0, 0, high, low],
        [0x64, 0xff9b, 1, high, c, d << 8, 0, 0],
        [0x64, 0xff9b, 1, a, b, low, 0, 0],
        [0x64, 0xff9b, 1, 0, a, b << 8 | c, d << 8, 0],
        [0x64, 0xff9b, 1, 0, 0, 0, high, low],
        [0x2002, high, low, 0, 0, 0, 0, 1],
        [0x2002, high, low, 0xffff, 0x1234, 0x5678, 0x9abc, 0xdef0],
        [0x2606, 0x4700, 0, 0, 0, 0x5efe, high, low],
        [0x2a00, 0x1450, 1, 2, 0x200, 0x5efe, high, low],
        [0x2002, 0x808, 0x808, 0, 0, 0x5efe, high, low],
    ];
    // `::` and `::1` are addresses of their own.
    if high > 0 {
        all.push([0, 0, 0, 0, 0, 0, high, low]);
    }
    all.into_iter().map(Ipv6Addr::from_segments).collect()
}

fn v6_hosts(address: Ipv6Addr) -> Vec<String> {
    let segments = address.segments();
    let join = |parts: &[u16], f: &dyn Fn(u16) -> String| -> String {
        parts.iter().map(|part| f(*part)).collect::<Vec<_>>().join(":")
    };
    let [.., e, f] = segments;
    let tail = format!("{}.{}.{}.{}", e >> 8, e & 0xff, f >> 8, f & 0xff);
    [
        address.to_string(),
        address.to_string().to_uppercase(),
        join(&segments, &|part| format!("{part:x}")),
        join(&segments, &|part| format!("{part:04X}")),
        format!("{}:{tail}", join(&segments[..6], &|part| format!("{part:x}"))),
    ]
    .into_iter()
    .map(|text| format!("[{text}]"))
    .collect()
}
