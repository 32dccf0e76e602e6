//! Bearer tokens and codes: made once, shown once, kept as hashes.

use crate::entropy::Entropy;
use crate::ids::TokenId;
use sha2::{Digest, Sha256};

/// What a token is for, seen in its first characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// A user's own token.
    User,
    /// An installation's access token.
    Installation,
    /// A project's log key.
    LogKey,
    /// What applications read an edge config with.
    EdgeConfig,
}

impl Prefix {
    pub fn as_str(self) -> &'static str {
        match self {
            Prefix::User => "vcp_",
            Prefix::Installation => "vca_",
            Prefix::LogKey => "pin_",
            Prefix::EdgeConfig => "ect_",
        }
    }
}

/// A new token: prefix, 32 random characters (190 bits), and a checksum that tells a mistyped one. `[A-Za-z0-9_]+`, since the
/// command line refuses anything else.
pub fn token(prefix: Prefix, entropy: &Entropy) -> String {
    let body = format!("{}{}", prefix.as_str(), entropy.base62(32));
    let sum = hash(&body);
    format!("{body}{}", &sum.as_str()[..6])
}

/// The hash under which a token or code is kept; it is also a token's public id.
pub fn hash(secret: &str) -> TokenId {
    TokenId::from(hex(&Sha256::digest(secret.as_bytes())))
}

pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
