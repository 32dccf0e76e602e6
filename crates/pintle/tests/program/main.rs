//! The program as a user meets it: its options, files, output, signals and exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod check_partner;
mod clock;
mod demo;
mod doctor;
mod egress;
mod end;
mod faults;
mod file;
mod key;
mod keys;
mod listen;
mod logs;
mod options;
mod place;
mod receipts;
mod remove;
mod start;
mod trigger;
