#![doc = include_str!("../README.md")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is a test's own code")]

mod answer;
mod browser;
pub mod contract;
pub mod coverage;
mod dns;
mod engines;
mod outbox;
pub mod partner;
mod people;
pub mod permissions;
mod resources;
mod tls;

pub use answer::Answer;
pub use browser::Browser;
pub use dns::NameServer;
pub use engines::{Pintle, given, on_each_engine, on_sqlite, schema_of_its_own};
pub use outbox::Told;
pub use partner::Partner;
pub use people::{Caller, Installed};
pub use tls::identity;
