//! The record of a resource.

use super::secrets::{self, Secret, Shown};
use crate::clock::Millis;
use crate::configurations::Status;
use crate::ids::{ConfigurationId, DeliveryId, OwnerId, ProductId, ResourceId};
use crate::marketplace::Notification;
use crate::marketplace::billing::terms;
use crate::marketplace::calls::{Call, Operation};
use crate::{Core, Error, OnConstraint, Result, Scope, edge_config};
use pintle_store::{Conn, Error as StoreError, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// What is stored. The wire has two forms of it: the partner's (`inbound`) and the team's (`stores`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub id: ResourceId,
    pub configuration_id: ConfigurationId,
    pub owner_id: OwnerId,
    pub product_id: ProductId,
    /// The partner's id of it; absent until the partner has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<String>,
    pub name: String,
    pub ownership: Ownership,
    pub stage: Stage,
    /// What the partner says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    pub metadata: Map<String, Json>,
    /// As the partner described it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_plan: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_settings: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extras: Option<Json>,
    /// Whoever asked for it may have an id of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Nothing but production gets its secrets, and nobody may read them.
    #[serde(default)]
    pub production_only: bool,
    /// Which secrets it has, not what they are.
    pub secrets: Vec<Shown>,
    /// The newest call of each operation.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<Operation, DeliveryId>,
    /// What the partner pushed is newer than what its answer to this call, and to any before, says of secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_since: Option<DeliveryId>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// Who pays for it, and who may end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ownership {
    #[default]
    Owned,
    /// It exists beside the installation: it is not billed, and its end here is none at the partner.
    Linked,
    /// To be claimed by somebody.
    Sandbox,
}

/// How far it is here, whatever the partner says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Asked for; the partner has not answered.
    Initializing,
    Present,
    /// The partner never answered, or not with a resource.
    Failed,
    /// Its team asked the partner to delete it.
    Leaving,
    /// The partner was asked to move it to another installation.
    Moving,
}

impl Resource {
    /// One that nothing is known of yet but who has it; not stored.
    pub(super) fn new(
        core: &Core,
        scope: &Scope,
        configuration: &ConfigurationId,
        product: ProductId,
        name: String,
        stage: Stage,
    ) -> Self {
        let now = core.clock.now();
        Self {
            id: ResourceId::new(&core.entropy),
            configuration_id: configuration.clone(),
            owner_id: scope.owner().clone(),
            product_id: product,
            partner_id: None,
            name,
            ownership: Ownership::Owned,
            stage,
            status: None,
            metadata: Map::new(),
            billing_plan: None,
            notification: None,
            protocol_settings: None,
            extras: None,
            external_id: None,
            production_only: false,
            secrets: Vec::new(),
            calls: BTreeMap::new(),
            secrets_since: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Its status in the team's words (semantics.md 4.3).
    pub fn store_status(&self) -> &'static str {
        match (self.stage, self.status.unwrap_or(Status::Ready)) {
            (Stage::Initializing, _) => "initializing",
            (Stage::Failed, _) => "error",
            (_, Status::Ready | Status::Resumed) => "available",
            (_, Status::Pending) => "initializing",
            (_, Status::Onboarding) => "onboarding",
            (_, Status::Suspended) => "suspended",
            (_, Status::Uninstalled) => "uninstalled",
            (_, Status::Error) => "error",
        }
    }

    /// Its partner pushes secrets: the answer to whatever it was asked before may still come, and be older.
    pub(super) fn has_new_secrets(&mut self) {
        let newest = self.calls.values().max_by(|one, other| one.as_str().cmp(other.as_str()));
        self.secrets_since = newest.cloned();
    }

    /// Whether the partner's answer to a call says what the secrets are now.
    pub(super) fn heeds_secrets_of(&self, call: &Call) -> bool {
        self.secrets_since.as_ref().is_none_or(|since| since.as_str() < call.id.as_str())
    }

    /// Its id as its partner knows it, where there is one.
    pub fn known_as(&self) -> &str {
        self.partner_id.as_deref().unwrap_or(self.id.as_str())
    }

    pub(super) async fn insert(&self, tx: &Conn, core: &Core, secrets: &[Secret]) -> Result<()> {
        let sealed = secrets::seal(core, &self.id, secrets)?;
        let sql = "INSERT INTO resources
            (id, configuration_id, owner_id, product_id, partner_id, name, created_at, secrets, doc)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let row = params![
            &self.id,
            &self.configuration_id,
            &self.owner_id,
            &self.product_id,
            self.partner_id.as_deref(),
            &self.name,
            self.created_at,
            sealed,
            serde_json::to_string(self)?
        ];
        tx.execute(sql, &row)
            .await
            .on_unique(NAME_INDEX, lost)
            .on_unique(PARTNER_INDEX, lost)
            .on_missing_parent(crate::configurations::not_found)?;
        self.note_plan(tx).await
    }

    /// What its partner may bill; what is linked is not billed.
    async fn note_plan(&self, tx: &Conn) -> Result<()> {
        let plan = self.billing_plan.as_ref().filter(|_| self.ownership == Ownership::Owned);
        self.note_terms(tx, plan, self.updated_at).await
    }

    async fn note_terms(&self, tx: &Conn, plan: Option<&Json>, now: Millis) -> Result<()> {
        match &self.partner_id {
            Some(id) => terms::note(tx, &self.configuration_id, Some(id), plan, now).await,
            None => Ok(()),
        }
    }

    /// Writes the document and the columns that are derived from it.
    pub(super) async fn save(&self, tx: &Conn) -> Result<()> {
        let sql = "UPDATE resources SET name = $2, partner_id = $3, product_id = $4, configuration_id = $5, owner_id = $6, doc = $7
          WHERE id = $1";
        let row = params![
            &self.id,
            &self.name,
            self.partner_id.as_deref(),
            &self.product_id,
            &self.configuration_id,
            &self.owner_id,
            serde_json::to_string(self)?
        ];
        tx.execute(sql, &row).await.on_unique(NAME_INDEX, lost).on_unique(PARTNER_INDEX, lost)?;
        self.note_plan(tx).await
    }

    /// Writes it with its new owner, who also gets what its partner pushes of it. What the partner told of deployments is forgotten: their
    /// projects are the earlier owner's.
    pub(super) async fn changed_hands(&self, tx: &Conn, now: Millis) -> Result<()> {
        self.save(tx).await?;
        edge_config::changed_hands(tx, &self.id, &self.owner_id, now).await?;
        tx.execute("DELETE FROM deployment_actions WHERE resource_id = $1", &params![&self.id]).await?;
        Ok(())
    }

    /// Deletes the row. From now on there is nothing to bill.
    pub(super) async fn delete(&self, tx: &Conn, now: Millis) -> Result<()> {
        self.note_terms(tx, None, now).await?;
        tx.execute("DELETE FROM resources WHERE id = $1", &params![&self.id]).await?;
        Ok(())
    }

    pub(super) async fn secrets(&self, conn: &Conn, core: &Core) -> Result<Vec<Secret>> {
        let sql = "SELECT secrets FROM resources WHERE id = $1";
        let (sealed,): (Option<Vec<u8>>,) = conn.one(sql, &params![&self.id]).await?;
        secrets::open(core, &self.id, sealed.as_deref())
    }

    /// Replaces the secrets; the connected projects follow by `connections::follow`.
    pub(super) async fn keep_secrets(&mut self, tx: &Conn, core: &Core, secrets: &[Secret]) -> Result<()> {
        self.secrets = secrets.iter().map(Secret::shown).collect();
        let sealed = secrets::seal(core, &self.id, secrets)?;
        tx.execute("UPDATE resources SET secrets = $2 WHERE id = $1", &params![&self.id, sealed]).await?;
        self.save(tx).await
    }
}

const NAME_INDEX: &str = "resources_owner_id_name_key";
const PARTNER_INDEX: &str = "resources_configuration_id_partner_id_key";

pub(super) fn name_taken(name: &str) -> Error {
    Error::conflict("conflict", format!("A resource with the name `{name}` already exists"))
}

/// Whoever writes one looks first, so somebody else has taken the name or the id since: the transaction starts again, and finds that.
fn lost() -> Error {
    StoreError::Retry.into()
}

pub(super) fn not_found() -> Error {
    Error::not_found("Resource")
}

/// One of the owner's resources; an installation sees only its own.
///
/// # Errors
/// 404.
pub(super) async fn find(conn: &Conn, scope: &Scope, id: &str) -> Result<Resource> {
    let sql = "SELECT doc FROM resources
      WHERE id = $1 AND owner_id = $2 AND (CAST($3 AS TEXT) IS NULL OR configuration_id = $3)";
    let row: Option<(String,)> = conn.opt(sql, &params![id, scope.owner(), scope.configuration()]).await?;
    let (doc,) = row.ok_or_else(not_found)?;
    Ok(serde_json::from_str(&doc)?)
}

/// One of them in this installation, by its own id or the partner's: the contract's createIntegrationStoreDirect tells only that one.
///
/// # Errors
/// 404.
pub(super) async fn find_in(
    conn: &Conn,
    scope: &Scope,
    configuration: &str,
    either_id: &str,
) -> Result<Resource> {
    let sql = "SELECT doc FROM resources
      WHERE owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR configuration_id = $2) AND configuration_id = $3
        AND (id = $4 OR partner_id = $4)
      ORDER BY CASE WHEN id = $4 THEN 0 ELSE 1 END LIMIT 1";
    let params = params![scope.owner(), scope.configuration(), configuration, either_id];
    let row: Option<(String,)> = conn.opt(sql, &params).await?;
    let (doc,) = row.ok_or_else(not_found)?;
    Ok(serde_json::from_str(&doc)?)
}

/// A resource of an installation by the partner's id.
pub(super) async fn find_partners(
    conn: &Conn,
    configuration: &ConfigurationId,
    partner_id: &str,
) -> Result<Option<Resource>> {
    let sql = "SELECT doc FROM resources WHERE configuration_id = $1 AND partner_id = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![configuration, partner_id]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

/// The same where it must be there.
///
/// # Errors
/// 404.
pub(crate) async fn of_partner(
    conn: &Conn,
    configuration: &ConfigurationId,
    partner_id: &str,
) -> Result<Resource> {
    find_partners(conn, configuration, partner_id).await?.ok_or_else(not_found)
}

/// The resource that a call was made for, where it is still there.
pub(super) async fn of_call(conn: &Conn, call: &Call) -> Result<Option<Resource>> {
    let sql = "SELECT doc FROM resources WHERE id = $1 AND configuration_id = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![call.resource.as_ref(), &call.configuration]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

/// Makes the resources of an installation another owner's. What deployments of the earlier owner's were given goes.
pub(crate) async fn hand_over(tx: &Conn, id: &ConfigurationId, to: &OwnerId, now: Millis) -> Result<()> {
    let sql = "SELECT doc FROM resources WHERE configuration_id = $1 ORDER BY id";
    for (doc,) in tx.all::<(String,)>(sql, &params![id]).await? {
        let mut resource: Resource = serde_json::from_str(&doc)?;
        resource.owner_id = to.clone();
        resource.changed_hands(tx, now).await?;
    }
    Ok(())
}

/// Makes one resource's rows in a table another's.
pub(super) async fn move_rows(tx: &Conn, table: &str, from: &ResourceId, to: &ResourceId) -> Result<()> {
    let sql = format!("UPDATE {table} SET resource_id = $2 WHERE resource_id = $1");
    tx.execute(&sql, &params![from, to]).await?;
    Ok(())
}

/// A name that no other resource of the owner has: the wanted one, or with `-2`, `-3` and so on behind it. `own` is the resource that may
/// keep what it has.
pub(super) async fn free_name(
    tx: &Conn,
    owner: &OwnerId,
    wanted: &str,
    own: Option<&ResourceId>,
) -> Result<String> {
    let sql = "SELECT id FROM resources WHERE owner_id = $1 AND name = $2";
    for number in 1.. {
        let name = if number == 1 { wanted.to_owned() } else { format!("{wanted}-{number}") };
        let row: Option<(String,)> = tx.opt(sql, &params![owner, &name]).await?;
        if row.is_none_or(|(id,)| own.is_some_and(|own| own.as_str() == id)) {
            return Ok(name);
        }
    }
    Err(name_taken(wanted))
}
