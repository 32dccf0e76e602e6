//! The partner's side of a marketplace configuration. It has the configuration's id, begins with it, and outlives it: the team's part
//! ends in one transaction, as any installation's does, but the partner may still have a last invoice to send (semantics.md 3.5).
//!
//! ```text
//! (consent) → installing ─ partner took it ───────────────→ active
//!                 │  └──── refused: there never was one       │
//!                 ├──────── not answered for a day → error    │
//!                 └──────────────┬────────────┴───────────────┘
//!                             removal
//!                                ├─ finalized, or unknown to the partner → closed
//!                                └─ else → closing ─ finalized by the partner, its window over, or forced → closed
//! ```

pub mod closing;
pub mod install;
pub mod leave;
mod plan;
pub mod transfer;

pub use closing::{Closing, End, Told};
pub use plan::change_plan;
pub(crate) use plan::settle as settle_plan;

use crate::clock::Millis;
use crate::configurations;
use crate::ids::{ConfigurationId, DeliveryId, IntegrationId, OwnerId};
use crate::{Error, Result};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is stored of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    pub id: ConfigurationId,
    pub owner_id: OwnerId,
    pub integration_id: IntegrationId,
    /// The owner is a personal account, not a team.
    pub personal: bool,
    pub state: State,
    /// What tells the partner of it.
    pub call: DeliveryId,
    /// What tells the partner of its removal, once somebody has asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaving: Option<DeliveryId>,
    /// By the policy's name, when it was accepted: an ISO 8601 date.
    pub accepted_policies: BTreeMap<String, String>,
    pub created_at: Millis,
    /// Since the configuration was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The partner has not answered yet.
    Installing,
    Active,
    /// The partner has not answered for a day. It can be told again, or the configuration be removed.
    Error,
    /// The configuration is removed; the partner may settle what is left to pay.
    Closing,
    Closed,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Installing => "installing",
            State::Active => "active",
            State::Error => "error",
            State::Closing => "closing",
            State::Closed => "closed",
        }
    }
}

impl Installation {
    pub(super) async fn insert(&self, tx: &Conn) -> Result<()> {
        let sql = "INSERT INTO installations (id, owner_id, integration_id, state, created_at, doc)
          VALUES ($1, $2, $3, $4, $5, $6)";
        let doc = serde_json::to_string(self)?;
        let Self { id, owner_id, integration_id, state, created_at, .. } = self;
        let row = params![id, owner_id, integration_id, state.as_str(), *created_at, doc];
        tx.execute(sql, &row).await?;
        Ok(())
    }

    /// Writes the document and the columns that are derived from it.
    async fn save(&self, tx: &Conn) -> Result<()> {
        let closing = self.closing.as_ref().filter(|_| self.state == State::Closing);
        let closes_at = closing.map(|closing| closing.closes_at);
        let sql =
            "UPDATE installations SET state = $2, closes_at = $3, doc = $4, owner_id = $5 WHERE id = $1";
        let doc = serde_json::to_string(self)?;
        let row = params![&self.id, self.state.as_str(), closes_at, doc, &self.owner_id];
        tx.execute(sql, &row).await?;
        Ok(())
    }
}

/// The partner's side of a configuration; `None` where it has none, as a connectable account.
pub async fn find(conn: &Conn, id: &ConfigurationId) -> Result<Option<Installation>> {
    let row: Option<(String,)> =
        conn.opt("SELECT doc FROM installations WHERE id = $1", &params![id]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

async fn load(conn: &Conn, id: &ConfigurationId) -> Result<Installation> {
    find(conn, id).await?.ok_or_else(configurations::not_found)
}

/// # Errors
/// 409 `integration_installed` while a partner has installations of this integration, or may still settle removed ones.
pub(crate) async fn require_none_open(tx: &Conn, integration: &IntegrationId) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM installations WHERE integration_id = $1 AND state <> 'closed'";
    none_open(tx.one(sql, &params![integration]).await?)
}

/// The same for all integrations that an owner develops and others have.
pub(crate) async fn require_none_open_elsewhere(tx: &Conn, developer: &OwnerId) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM installations n JOIN integrations i ON i.id = n.integration_id
      WHERE i.owner_id = $1 AND n.owner_id <> $1 AND n.state <> 'closed'";
    none_open(tx.one(sql, &params![developer]).await?)
}

fn none_open((count,): (i64,)) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    let text =
        format!("{count} installations of it are not settled with its partner yet: they must end first");
    Err(Error::conflict("integration_installed", text).with("installations", count))
}
