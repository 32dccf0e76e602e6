//! The signature of what is delivered (semantics.md 5.3): lower-case hex HMAC-SHA1 over the exact bytes that are sent. Callbacks of
//! transfers have HMAC-SHA256 (createProjectTransferRequest).

use crate::credential;
use crate::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Sha256;

/// The header that carries it.
pub const HEADER: &str = "x-vercel-signature";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    #[default]
    Sha1,
    Sha256,
}

/// A secret, ready to sign with.
#[derive(Debug, Clone)]
pub enum Signer {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

impl Signer {
    pub fn new(algorithm: Algorithm, secret: &str) -> Result<Self> {
        let secret = secret.as_bytes();
        let signer = match algorithm {
            Algorithm::Sha1 => Hmac::new_from_slice(secret).map(Signer::Sha1),
            Algorithm::Sha256 => Hmac::new_from_slice(secret).map(Signer::Sha256),
        };
        signer.map_err(|_| Error::internal("a secret that cannot sign"))
    }

    pub fn algorithm(&self) -> Algorithm {
        match self {
            Signer::Sha1(_) => Algorithm::Sha1,
            Signer::Sha256(_) => Algorithm::Sha256,
        }
    }

    pub fn sign(&self, body: &[u8]) -> String {
        match self {
            Signer::Sha1(mac) => credential::hex(&mac.clone().chain_update(body).finalize().into_bytes()),
            Signer::Sha256(mac) => credential::hex(&mac.clone().chain_update(body).finalize().into_bytes()),
        }
    }
}

pub fn sign(secret: &str, body: &[u8]) -> Result<String> {
    Ok(Signer::new(Algorithm::Sha1, secret)?.sign(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202, case 2.
    #[test]
    fn it_is_hmac_sha1_in_lower_case_hex() {
        let signature = sign("Jefe", b"what do ya want for nothing?").unwrap();
        assert_eq!(signature, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
