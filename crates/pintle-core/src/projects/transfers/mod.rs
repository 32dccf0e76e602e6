//! Projects that move to another team: the team that gives asks for a code, which is good for a day; the team that takes accepts with
//! it. All of it is one transaction.

mod accept;
mod callback;
mod offer;

pub use accept::{Acceptance, Accepted, accept};
pub(crate) use offer::withdraw_of;
pub use offer::{Offer, Wanted, offer, sweep};
