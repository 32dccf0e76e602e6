//! Bugs on purpose, for the proofs that claim to find such bugs.
//!
//! Without the feature `planted` this is always `false` and compiles to nothing. With it, `PINTLE_PLANT=name` turns one bug on.

/// Whether the bug of this name is planted in this process.
#[cfg(feature = "planted")]
pub fn on(name: &str) -> bool {
    static PLANT: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    PLANT.get_or_init(|| std::env::var("PINTLE_PLANT").ok()).as_deref() == Some(name)
}

/// Whether the bug of this name is planted in this process: never, in this build.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub const fn on(_: &str) -> bool {
    false
}
