//! The signature of what is delivered (semantics.md 5.3): lower-case hex HMAC-SHA1 over the exact bytes that are sent.

use crate::credential;
use crate::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The header that carries it.
pub const HEADER: &str = "x-vercel-signature";

/// A secret, ready to sign with.
#[derive(Debug, Clone)]
pub struct Signer(Hmac<Sha1>);

impl Signer {
    pub fn new(secret: &str) -> Result<Self> {
        let mac = Hmac::new_from_slice(secret.as_bytes());
        Ok(Self(mac.map_err(|_| Error::internal("a secret that cannot sign"))?))
    }

    pub fn sign(&self, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(body);
        credential::hex(&mac.finalize().into_bytes())
    }
}

pub fn sign(secret: &str, body: &[u8]) -> Result<String> {
    Ok(Signer::new(secret)?.sign(body))
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
