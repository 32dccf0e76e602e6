//! Group `teams`: teams themselves. Their members are in `members`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is a test's own code")]

mod change;
mod create;
mod delete;
mod read;
