//! Randomness. Handed in, so that a test can repeat it.

use parking_lot::Mutex;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};

/// In the order in which texts are sorted.
pub(crate) const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A cryptographic generator, seeded once.
pub struct Entropy(Mutex<StdRng>);

impl Entropy {
    /// Seeded by the operating system. Fails only where that has no randomness.
    pub fn system() -> std::io::Result<Self> {
        let mut seed = [0; 32];
        SysRng.try_fill_bytes(&mut seed).map_err(std::io::Error::other)?;
        Ok(Self(Mutex::new(StdRng::from_seed(seed))))
    }

    /// Repeatable, for tests and proofs.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// `length` characters of `[0-9A-Za-z]`, each equally likely.
    pub fn base62(&self, length: usize) -> String {
        let mut rng = self.0.lock();
        let mut text = String::with_capacity(length);
        while text.len() < length {
            // Six bits at a time; the two values beyond the alphabet are thrown away, or some characters would be likelier.
            let mut bits = rng.next_u64();
            for _ in 0..10 {
                let index = (bits & 63) as usize;
                bits >>= 6;
                if index < 62 && text.len() < length {
                    text.push(char::from(ALPHABET[index]));
                }
            }
        }
        text
    }
}
