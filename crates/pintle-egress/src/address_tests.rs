use super::*;

fn policy(loopback: bool, allow: &[&str]) -> Policy {
    let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
    Policy { loopback, allow, ..Policy::default() }
}

fn judged(policy: &Policy, address: &str) -> Result<String, String> {
    let judged = policy.judge(address.parse().unwrap());
    judged.map(|ip| ip.to_string()).map_err(|refused| refused.to_string())
}

/// First, last and next to the edges of every forbidden network.
#[test]
fn what_is_not_public_is_refused() {
    let cases = [
        ("0.0.0.0", "this host"),
        ("0.255.255.255", "this host"),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.0", "CGNAT"),
        ("100.127.255.255", "CGNAT"),
        ("100.100.100.200", "metadata"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.255", "loopback"),
        ("168.63.129.16", "metadata"),
        ("169.254.0.0", "link-local"),
        ("169.254.169.254", "metadata"),
        ("169.254.255.255", "link-local"),
        ("172.16.0.0", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.0", "protocols"),
        ("192.0.0.192", "metadata"),
        ("192.0.2.255", "documentation"),
        ("192.88.99.1", "6to4"),
        ("192.168.0.0", "private"),
        ("192.168.255.255", "private"),
        ("198.18.0.0", "benchmarks"),
        ("198.19.255.255", "benchmarks"),
        ("198.51.100.7", "documentation"),
        ("203.0.113.7", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.0", "reserved"),
        ("255.255.255.254", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "this host"),
        ("::1", "loopback"),
        ("100::1", "discarding"),
        ("1fff:ffff::1", "reserved"),
        ("4000::1", "reserved"),
        ("5f00::1", "reserved"),
        ("2001::1", "Teredo"),
        ("2001:0:53aa:64c:0:7f:f5ff:fffe", "Teredo"),
        ("2001:2::1", "benchmarks"),
        ("2001:10::1", "ORCHID"),
        ("2001:2f:ffff::1", "ORCHID"),
        ("2001:1::1", "protocols"),
        ("2001:db8::1", "documentation"),
        ("3fff:fff::1", "documentation"),
        ("fc00::1", "unique-local"),
        ("fdff:ffff::1", "unique-local"),
        ("fd00:ec2::254", "metadata"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("64:ff9b:0:1::1", "reserved"),
        ("64:ff9b:2::1", "reserved"),
    ];
    for (address, why) in cases {
        let text = judged(&policy(false, &[]), address).expect_err(address);
        assert!(text.contains(why) && text.contains(address), "{address}: {text}");
        assert!(text.contains(&format!("--allow-egress {address}/")), "{text}");
    }
}

#[test]
fn what_is_public_is_dialled_as_it_is() {
    let cases = [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450:4001:82a::200e",
        "64:ff9b::808:808",
        "64:ff9b:1:808:8:800::",
        "2002:808:808::1",
        "2606:4700::5efe:808:808",
    ];
    for address in cases {
        assert_eq!(judged(&policy(false, &[]), address).as_deref(), Ok(address));
    }
    assert_eq!(judged(&policy(false, &[]), "::ffff:8.8.8.8").as_deref(), Ok("8.8.8.8"));
    assert_eq!(judged(&policy(false, &[]), "::8.8.8.8").as_deref(), Ok("8.8.8.8"));
    assert_eq!(judged(&policy(false, &[]), "::ffff:0:8.8.8.8").as_deref(), Ok("8.8.8.8"));
}

/// Every way to lead to an IPv4 address by one of IPv6.
fn disguises([a, b, c, d]: [u8; 4]) -> Vec<Ipv6Addr> {
    let last = format!("{a}.{b}.{c}.{d}");
    [
        format!("::{last}"),
        format!("::ffff:{last}"),
        format!("::ffff:0:{last}"),
        format!("64:ff9b::{last}"),
        format!("64:ff9b:1::{last}"),
        format!("64:ff9b:1:{a:x}{b:02x}:{c:x}:{d:x}00::"),
        format!("64:ff9b:1:{a:x}:{b:x}:{c:x}{d:02x}::"),
        format!("64:ff9b:1:0:{a:x}:{b:x}{c:02x}:{d:x}00:0"),
        format!("2002:{a:x}{b:02x}:{c:x}{d:02x}::1"),
        format!("2606:4700::5efe:{last}"),
        format!("2606:4700::200:5efe:{last}"),
        format!("2002:808:808::5efe:{last}"),
    ]
    .iter()
    .map(|text| text.parse().unwrap_or_else(|_| panic!("{text}")))
    .collect()
}

#[test]
fn a_disguise_is_judged_by_what_it_stands_for() {
    for inner in [[10, 0, 0, 1], [127, 0, 0, 1], [169, 254, 169, 254], [192, 168, 1, 1], [100, 64, 3, 4]] {
        for address in disguises(inner) {
            let text = judged(&policy(false, &[]), &address.to_string()).expect_err(&address.to_string());
            assert!(text.contains("stands for"), "{address}: {text}");
        }
    }
    for address in disguises([93, 184, 215, 14]) {
        judged(&policy(false, &[]), &address.to_string()).unwrap();
    }
}

#[test]
fn an_open_loopback_is_reached_behind_every_disguise() {
    let open = policy(true, &[]);
    for address in disguises([127, 0, 0, 1]) {
        assert_eq!(judged(&open, &address.to_string()).as_deref(), Ok("127.0.0.1"), "{address}");
    }
    let own = [("0.0.0.0", "127.0.0.1"), ("127.8.9.1", "127.8.9.1"), ("::", "::1"), ("::1", "::1")];
    for (address, dialled) in own {
        assert_eq!(judged(&open, address).as_deref(), Ok(dialled));
    }
    for address in ["10.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.1", "::ffff:10.0.0.1", "2002:a00:1::"] {
        judged(&open, address).expect_err(address);
    }
}

#[test]
fn an_allowed_network_is_open_and_nothing_beside_it() {
    let some = policy(false, &["10.1.0.0/16", "fd12::/16", "127.0.0.2/32"]);
    let open = ["10.1.2.3", "fd12::9", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "127.0.0.2"];
    for address in open {
        judged(&some, address).unwrap();
    }
    for address in ["10.2.0.1", "fd13::9", "::ffff:10.2.0.1", "127.0.0.1", "127.0.0.3", "::1", "0.0.0.0"] {
        judged(&some, address).expect_err(address);
    }
    // All of IPv6 is not IPv4 in another spelling.
    judged(&policy(false, &["::/0"]), "::ffff:127.0.0.1").expect_err("an IPv4 address");
}
