//! The marketplace: native integrations, whose installations live on two servers, Pintle's and the partner's (semantics.md 3.5 and 4).

pub mod account;
mod actor;
pub mod billing;
pub mod calls;
pub mod catalogue;
pub mod claims;
pub mod credentials;
pub mod experimentation;
pub mod imports;
pub mod installations;
pub mod keys;
pub mod notice;
mod notification;
mod outcome;
pub mod partner;
pub mod plans;
pub mod products;
pub mod questions;
pub mod rehearsal;
pub mod resources;
pub mod sso;
pub mod update;

pub use actor::Actor;
pub use notification::{Level, Notification};
pub use outcome::{Field, ForUser, Outcome, PartnerError};
