#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a proof ends at the first surprise"
)]

mod dice;
mod failure;
pub mod removal;
