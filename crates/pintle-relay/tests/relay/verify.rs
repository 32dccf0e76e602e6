use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

pub fn verify(secret: &str, body: &[u8], signature: &str) -> bool {
    let byte = |at| u8::from_str_radix(signature.get(at..at + 2)?, 16).ok();
    let given: Option<Vec<u8>> = (0..signature.len()).step_by(2).map(byte).collect();
    let (Some(given), Ok(mut mac)) = (given, Hmac::<Sha1>::new_from_slice(secret.as_bytes())) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}
