//! Bugs on purpose, for the proof that claims to find them: as in pintle_store::planted, which is not below this crate.

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
