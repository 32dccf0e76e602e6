#![doc = include_str!("../README.md")]

use pintle_core::Core;
use tokio::task::JoinSet;

/// The workers of this process. They end when it is dropped; what they had in hand is tried again by whoever comes next.
pub struct Relay {
    #[expect(dead_code, reason = "it ends the workers when it is dropped")]
    workers: JoinSet<()>,
}

impl Relay {
    /// Starts delivering what is due in the core's database.
    pub fn start(_core: &Core) -> Self {
        let workers = JoinSet::new();
        Self { workers }
    }
}
