//! What both engines promise, each test on both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is a test's own code")]

mod constraints;
mod databases;
mod lock;
mod log;
mod migrations;
mod races;
mod transactions;
