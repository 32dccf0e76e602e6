//! The marketplace: native integrations, whose installations live on two servers, Pintle's and the partner's (semantics.md 3.5 and 4).

mod notification;

pub use notification::{Level, Notification};
pub mod account;
pub mod resources;
