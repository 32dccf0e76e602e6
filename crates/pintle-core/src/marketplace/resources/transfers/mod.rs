//! Resources that move to another team's installation of the same integration, by way of the partner (semantics.md 4.3).
//!
//! One team offers them and passes a code on; the other accepts. Until the partner has done it they are the first team's.
//!
//! ```text
//! offered → requested ─ the partner made a claim ─→ open ─ the other team accepts ─→ accepting ─ the partner did it ─→ (moved)
//!               │                                    │ ↑                               │
//!               └ refused, or silent for a day       │ └── refused, or silent for a day, or the other installation is removed
//!                   └→ (gone)                        └ withdrawn, or expired → (gone)
//! ```

mod accept;
mod arrive;
mod offer;

pub use accept::{Accepted, accept, verify};
pub(crate) use arrive::settle as settle_accept;
pub(crate) use offer::settle as settle_offer;
pub use offer::{Offer, list, offer, sweep, withdraw};

use super::connections;
use super::record::{self, Resource, Stage};
use crate::clock::Millis;
use crate::ids::{ConfigurationId, OwnerId, ResourceId, TransferId, UserId};
use crate::{Error, Result};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};

/// What is stored, and what the team that offers sees. Who accepts is not its business.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    pub id: TransferId,
    /// The installation that gives.
    pub configuration_id: ConfigurationId,
    pub store_ids: Vec<ResourceId>,
    pub state: State,
    /// Whose offer it is: it ends with the right to make one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_by: Option<UserId>,
    /// What the partner calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_claim_id: Option<String>,
    pub created_at: Millis,
    pub expires_at: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The partner has not answered.
    Requested,
    Open,
    /// Somebody accepts; the partner has not answered.
    Accepting,
}

/// A transfer, and the installation that accepts it.
struct Found {
    transfer: Transfer,
    target: Option<ConfigurationId>,
}

type Row = (String, Option<String>);

impl Found {
    fn read((doc, target): Row) -> Result<Self> {
        Ok(Self { transfer: serde_json::from_str(&doc)?, target: target.map(ConfigurationId::from) })
    }
}

impl Transfer {
    /// Writes the document, and who accepts.
    async fn save(&self, tx: &Conn, target: Option<&ConfigurationId>) -> Result<()> {
        let sql = "UPDATE resource_transfers SET target_id = $2, doc = $3 WHERE id = $1";
        tx.execute(sql, &params![&self.id, target, serde_json::to_string(self)?]).await.map(drop)?;
        Ok(())
    }

    async fn delete(&self, tx: &Conn) -> Result<()> {
        tx.execute("DELETE FROM resource_transfers WHERE id = $1", &params![&self.id]).await.map(drop)?;
        Ok(())
    }

    /// Its resources, as far as they are still there to be given.
    async fn resources(&self, conn: &Conn) -> Result<Vec<Resource>> {
        let mut found = Vec::new();
        for id in &self.store_ids {
            found.extend(of_installation(conn, &self.configuration_id, id).await?);
        }
        Ok(found)
    }

    /// Nobody accepts it any more: its resources are free again.
    async fn release(mut self, tx: &Conn) -> Result<()> {
        for mut resource in self.resources(tx).await? {
            if resource.stage == Stage::Moving {
                resource.stage = Stage::Present;
                resource.save(tx).await?;
            }
        }
        self.state = State::Open;
        self.save(tx, None).await
    }
}

async fn of_installation(
    conn: &Conn,
    id: &ConfigurationId,
    resource: &ResourceId,
) -> Result<Option<Resource>> {
    let sql = "SELECT doc FROM resources WHERE id = $1 AND configuration_id = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![resource, id]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

async fn find(conn: &Conn, id: &TransferId) -> Result<Option<Found>> {
    let sql = "SELECT doc, target_id FROM resource_transfers WHERE id = $1";
    conn.opt::<Row>(sql, &params![id]).await?.map(Found::read).transpose()
}

fn not_found() -> Error {
    Error::not_found("Transfer")
}

/// That a resource can leave its installation; answers what its partner calls it.
///
/// # Errors
/// 409 while projects are connected, naming them, or while something else happens to it.
async fn require_movable(conn: &Conn, resource: &Resource) -> Result<String> {
    let projects = connections::connected(conn, &resource.id).await?;
    if !projects.is_empty() {
        return Err(super::leave::is_connected(resource, projects));
    }
    match (&resource.partner_id, resource.stage) {
        (Some(id), Stage::Present) => Ok(id.clone()),
        _ => {
            let text = format!("The resource `{}` cannot be transferred now", resource.name);
            Err(Error::conflict("conflict", text))
        }
    }
}

/// An installation is about to be removed: what it was accepting stays where it is.
pub(crate) async fn forget(tx: &Conn, configuration: &ConfigurationId) -> Result<()> {
    let sql = "SELECT doc, target_id FROM resource_transfers WHERE target_id = $1 ORDER BY id";
    for row in tx.all::<Row>(sql, &params![configuration]).await? {
        Found::read(row)?.transfer.release(tx).await?;
    }
    Ok(())
}

/// An installation is about to change hands: what it offers is offered no more.
///
/// # Errors
/// 409 `transfer_pending` while somebody accepts something of it.
pub(crate) async fn withdraw_all(tx: &Conn, configuration: &ConfigurationId) -> Result<()> {
    let sql = "SELECT id FROM resource_transfers WHERE configuration_id = $1 AND target_id IS NOT NULL";
    if tx.opt::<(String,)>(sql, &params![configuration]).await?.is_some() {
        return Err(pending());
    }
    tx.execute("DELETE FROM resource_transfers WHERE configuration_id = $1", &params![configuration]).await?;
    Ok(())
}

/// A user may offer nothing of a team's any more, and knows the codes of what it offered: they are good no longer. What somebody accepts
/// already goes on.
pub(crate) async fn withdraw_of(tx: &Conn, owner: &OwnerId, user: &UserId) -> Result<()> {
    let sql = "SELECT t.doc, t.target_id FROM resource_transfers t JOIN configurations c ON c.id = t.configuration_id
      WHERE c.owner_id = $1 AND t.target_id IS NULL ORDER BY t.id";
    for row in tx.all::<Row>(sql, &params![owner]).await? {
        let transfer = Found::read(row)?.transfer;
        if transfer.offered_by.as_ref() == Some(user) {
            transfer.delete(tx).await?;
        }
    }
    Ok(())
}

fn pending() -> Error {
    Error::conflict("transfer_pending", "The partner has not answered yet whether resources were transferred")
}

/// Names of these resources that an owner has already.
async fn taken(conn: &Conn, owner: &OwnerId, resources: &[Resource]) -> Result<Vec<String>> {
    let mut taken = Vec::new();
    for Resource { name, .. } in resources {
        if record::free_name(conn, owner, name, None).await? != *name {
            taken.push(name.clone());
        }
    }
    Ok(taken)
}
