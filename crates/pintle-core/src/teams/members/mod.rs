//! The members of a team: who they are, and how they come, rise, fall and go.

mod codes;
mod list;
mod membership;
mod remove;
mod standing;
mod update;

pub use list::{Filter, Member, list};
pub(crate) use membership::insert;
pub(super) use membership::{COLUMNS, of};
pub use membership::{Membership, add};
pub(crate) use remove::leave;
pub use remove::remove;
pub(crate) use standing::{acting_in, require_still};
pub(crate) use update::change_role;
pub use update::{MemberPatch, update};
