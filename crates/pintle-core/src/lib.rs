#![doc = include_str!("../README.md")]

pub mod access_groups;
mod bell;
#[cfg(feature = "planted")]
mod bugs;
pub mod clock;
pub mod configurations;
pub mod credential;
pub mod deletions;
pub mod deliveries;
pub mod doctor;
pub mod drains;
pub mod edge_config;
pub mod entropy;
mod error;
pub mod events;
pub mod faults;
pub mod ids;
pub mod integrations;
mod json_schema;
pub mod logs;
pub mod marketplace;
mod meta;
pub mod migrations;
pub mod outbound;
pub mod page;
pub mod patch;
pub mod permissions;
pub use pintle_store::{Conn, planted};
pub mod project_members;
pub mod projects;
pub mod receipts;
pub mod scope;
pub mod seed;
mod select;
pub mod shape;
pub mod signature;
pub mod teams;
pub mod tokens;
mod union;
pub mod users;
pub mod validate;
pub mod vault;
pub mod violation;
pub mod webhooks;

pub use bell::Bell;
pub use error::{Error, Kind, OnConstraint, Result};
pub use scope::Scope;

use clock::Clock;
use entropy::Entropy;
use faults::Faults;
use pintle_egress::Egress;
use pintle_store::Db;
use std::sync::Arc;
use vault::{MasterKey, Vault};

/// What the domain is given: time, randomness, a way out, and what an operator decided.
pub struct Given {
    /// Who Pintle says it is in the tokens that it shows to partners: an origin where its keys can be fetched.
    pub issuer: String,
    pub clock: Clock,
    pub entropy: Entropy,
    pub egress: Egress,
    pub retention: logs::retention::Retention,
    /// Refuse an installation's token that acts for a team without naming it (semantics.md 2.3); off by default.
    pub strict_team_scope: bool,
    /// What an endpoint must do before a drain leads to it; nothing by default.
    pub drain_verification: drains::verification::Verification,
}

/// The domain: everything that its functions need, handed in.
pub struct Inner {
    pub db: Db,
    pub vault: Vault,
    /// Wakes whoever delivers: rung after a change that may have left something to deliver.
    pub bell: Bell,
    log_turns: logs::Turns,
    edge_configs: edge_config::Cache,
    pub faults: Faults,
    given: Given,
}

impl std::ops::Deref for Inner {
    type Target = Given;

    fn deref(&self) -> &Given {
        &self.given
    }
}

/// Cheap to clone: a transaction takes one along.
#[derive(Clone)]
pub struct Core(Arc<Inner>);

impl std::ops::Deref for Core {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Core {
    /// Brings the database's schema up to date and opens its secrets.
    ///
    /// # Errors
    /// Where the schema is newer than this program, or the master key is not the database's.
    pub async fn open(db: Db, master: &MasterKey, given: Given) -> Result<Self> {
        #[cfg(feature = "planted")]
        planted::plant(bugs::STATEMENTS);
        db.migrate(migrations::MIGRATIONS).await?;
        let vault = Vault::open(&db, master, &given.entropy).await?;
        let (bell, faults, log_turns) = (Bell::default(), Faults::default(), logs::Turns::default());
        let edge_configs = edge_config::Cache::default();
        Ok(Self(Arc::new(Inner { db, vault, bell, log_turns, edge_configs, faults, given })))
    }
}
