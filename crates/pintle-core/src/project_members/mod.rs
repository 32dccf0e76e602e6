//! Roles of a team's members in single projects (group `projectMembers`).

mod change;
mod list;

pub(crate) use change::give;
pub use change::{Batch, NewMember, RoleChange, add, add_all, change_all, remove, remove_all};
pub use list::{InProject, Member, list, of_member};
