//! Names that turn inside. The number in a name is that of a spelling, whose address it leads to.

use super::{ALLOWED, PUBLIC};
use std::net::IpAddr;

/// `turnI.test` is public at first, `retryI.test` is the allowed server twice, `bothI.test` is both at once, `insideI.test` leads
/// inside from the first.
pub fn answer(addresses: &[Option<IpAddr>], name: &str, before: usize) -> Vec<IpAddr> {
    let label = name.strip_suffix(".test").unwrap_or_default();
    let number = label.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let inside = number.parse().ok().and_then(|number: usize| addresses.get(number).copied().flatten());
    let Some(inside) = inside else { return Vec::new() };
    match (label.trim_end_matches(|c: char| c.is_ascii_digit()), before) {
        ("turn", 0) => vec![PUBLIC.into()],
        ("retry", 0 | 1) => vec![ALLOWED.into()],
        ("both", _) => vec![inside, ALLOWED.into(), inside],
        _ => vec![inside],
    }
}
