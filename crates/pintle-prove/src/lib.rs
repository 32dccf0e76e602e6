#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a proof ends at the first surprise"
)]

mod agreement;
mod client;
pub mod crash;
pub mod delivery;
mod dice;
pub mod egress;
mod engines;
mod failure;
pub mod fuzz;
pub mod lanes;
mod partner;
mod plants;
pub mod removal;
mod server;
mod stage;

/// Stands at the beginning of every secret that the proofs choose, and in no id: it must not be found in any row.
const SECRET: &str = "hush_hush_";

/// A seed that was not used before, and is easy to type.
fn chosen_seed() -> u64 {
    let now = pintle_core::clock::Clock::default().now();
    now.unsigned_abs() % 1_000_000_000 * 1000
}
