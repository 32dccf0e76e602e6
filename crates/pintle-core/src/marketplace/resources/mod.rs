//! Resources: what a partner provides to an installation (semantics.md 4.3, 4.4 and 7.4).
//!
//! A resource is one record with two forms on the wire. Its secrets are sealed, and appear as variables of the projects that it is
//! connected to; whatever changes them changes the variables in the same transaction.
//!
//! ```text
//! asked for → initializing ─ the partner made it ─→ present ─ its team asks for its end → leaving ─→ (gone)
//!                 │  │  └ refused ─→ (gone)            ↑ │                                   │
//!                 │  └ not answered for a day → failed │ └ the partner says so ─→ (gone)     │
//!                 │                                │   └──────── the partner refuses ────────┘
//!                 └── its team does not want it ───┴─→ (gone); should the partner make it all the same, it is told to delete it
//! imported ───────────────────────────────────────────→ present ⇄ moving, while the partner moves it to another installation: `transfers`
//! ```

pub mod actions;
mod asking;
pub mod auto;
pub mod change;
pub mod claim;
pub mod connections;
pub mod inbound;
pub mod leave;
mod life;
mod naming;
pub mod provision;
pub(crate) mod read;
mod record;
pub mod repl;
pub mod restrict;
pub mod rotate;
mod secrets;
pub mod stores;
mod told;
pub mod transfers;

pub(crate) use inbound::product_slug;
pub use naming::variable_name;
pub use record::{Ownership, Resource, Stage};
pub(crate) use record::{hand_over, of_partner};
pub use secrets::{Overrides, Secret, Shown};
pub use told::Told;
