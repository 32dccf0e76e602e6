//! The end of an installation: everything that it attached goes, nothing else does, and a receipt says what went
//! (semantics.md 3.3).
//!
//! One transaction reads what refers to the configuration, writes the event with its deliveries, deletes what refers to it and the
//! configuration, and writes the receipt.
//! The foreign keys stand behind it: a kind of child that a later module forgets to tell about here still cannot outlive its
//! configuration, and one that races with the removal is there to be removed, or finds no parent to be born under.

mod attached;
mod bugs;
mod receipts;
mod seen;

pub(crate) use attached::items;
pub use attached::{Attached, Item};
pub use receipts::{Actor, Receipt, receipt, receipts, stored};

use super::{Configuration, load, not_found};
use crate::events::{self, Event};
use crate::ids::ConfigurationId;
use crate::integrations;
use crate::marketplace::calls;
use crate::marketplace::installations::{self, Told, leave};
use crate::marketplace::resources::connections::{self, Going};
use crate::planted;
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use seen::Reader;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody asked for it.
    Requested,
    /// It had been disabled for 30 days.
    DisabledTooLong,
    /// The team or account that had it was deleted.
    OwnerDeleted,
}

impl Reason {
    /// The audit type of its event.
    fn audit_type(self) -> &'static str {
        match self {
            Reason::DisabledTooLong => "disabled-integration-installation-removed",
            Reason::Requested | Reason::OwnerDeleted => "integration-installation-removed",
        }
    }
}

/// What a removal would remove.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub configuration: Configuration,
    pub removes: Attached,
}

/// What a removal would remove, changing nothing: what the caller could list itself by name, the rest by its number.
///
/// # Errors
/// 404 as for the removal.
pub async fn plan(core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<Plan> {
    let conn = core.db.read().await?;
    let configuration = load(&conn, scope, id).await?;
    let removes = Reader::of(&conn, scope).await?.shown(Attached::of(&conn, id).await?);
    Ok(Plan { configuration, removes })
}

/// Races that a removal may lose before it lets nobody else make anything.
const PATIENCE: u32 = 5;

/// Each thing that an installation attaches meanwhile makes PostgreSQL start its removal again: a busy one could not be removed at all.
/// So the removal goes first in the end. `lost` counts the starts.
pub(crate) async fn go_first(tx: &Conn, lost: &AtomicU32) -> Result<()> {
    if lost.fetch_add(1, Ordering::Relaxed) >= PATIENCE {
        tx.lock("configurations").await?;
    }
    Ok(())
}

/// deleteConfiguration.
///
/// One with a partner waits for the partner's answer, which may refuse it: see `marketplace::installations::leave`.
///
/// # Errors
/// 404 where the scope's owner has no such configuration, so also for the second of two removals; what a partner refuses with.
pub async fn remove(core: &Core, scope: &Scope, id: ConfigurationId) -> Result<()> {
    end(core, scope, id, false).await
}

/// What the dashboard and the command line call: the same, but only where no resources are left.
///
/// # Errors
/// As for the removal; 403 `resources_exist`, naming them.
pub async fn uninstall(core: &Core, scope: &Scope, id: ConfigurationId) -> Result<()> {
    end(core, scope, id, true).await
}

/// With its partner, or here alone where it has none. `empty`: only where no resources are left.
async fn end(core: &Core, scope: &Scope, id: ConfigurationId, empty: bool) -> Result<()> {
    if leave::remove(core, scope, &id, empty).await? {
        return Ok(());
    }
    bugs::before(core, &id).await?;
    let (core, scope, lost) = (core.clone(), scope.clone(), AtomicU32::new(0));
    core.clone()
        .db
        .write(async move |tx| {
            go_first(tx, &lost).await?;
            match load(tx, &scope, &id).await {
                Err(_) if planted::on("second-removal-succeeds") => Ok(()),
                configuration => remove_in(tx, &core, &scope, &configuration?, Reason::Requested, None).await,
            }
        })
        .await
}

/// Removes every installation of the scope's owner, in the transaction that deletes the owner: so each still gets its event and
/// its receipt. Answers which they were.
///
/// # Errors
/// 409 `integration_installed` while others have installed what this owner develops: that is theirs to remove.
pub(crate) async fn remove_owned(tx: &Conn, core: &Core, scope: &Scope) -> Result<Vec<Item>> {
    let elsewhere = "SELECT COUNT(*) FROM configurations c JOIN integrations i ON i.id = c.integration_id
      WHERE i.owner_id = $1 AND c.owner_id <> $1";
    let (count,): (i64,) = tx.one(elsewhere, &params![scope.owner()]).await?;
    if count > 0 {
        return Err(integrations::still_installed(count));
    }
    installations::require_none_open_elsewhere(tx, scope.owner()).await?;
    let sql = "SELECT doc FROM configurations WHERE owner_id = $1 ORDER BY id";
    let mut removed = Vec::new();
    for (doc,) in tx.all::<(String,)>(sql, &params![scope.owner()]).await? {
        let configuration: Configuration = serde_json::from_str(&doc)?;
        remove_in(tx, core, scope, &configuration, Reason::OwnerDeleted, None).await?;
        let Configuration { id, slug, .. } = configuration;
        removed.push(Item { id: id.to_string(), name: slug, project_id: None });
    }
    Ok(removed)
}

/// The removal itself, of a configuration that was loaded in this transaction. `told` is what its partner said, where it has one and
/// was asked.
///
/// # Errors
/// 404 where it is gone.
pub(crate) async fn remove_in(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    configuration: &Configuration,
    reason: Reason,
    told: Option<Told>,
) -> Result<()> {
    let now = core.clock.now();
    let id = &configuration.id;
    let app = integrations::find(tx, configuration.integration_id.as_str()).await?.ok_or_else(not_found)?;
    let removed = bugs::receipt(tx, core, configuration, Attached::of(tx, id).await?).await?;
    let user = scope.user().unwrap_or(&configuration.user_id);
    let payload = json!({ "configuration": configuration.summary(), "user": { "id": user } });
    let text = format!("removed {}", app.name);
    let event = Event::new(reason.audit_type(), text, configuration.audit(&app.name)).hook(
        scope,
        "integration-configuration.removed",
        payload,
    );
    // First: the deliveries that they write go to webhooks that are about to be removed.
    connections::tell_of_end(tx, core, scope, Going::Configuration(id)).await?;
    events::record(tx, core, scope, now, event).await?;
    leave::end(tx, core, configuration, told).await?;
    delete(tx, id).await?;
    Receipt::new(scope, configuration, reason, removed, now).write(tx).await
}

/// Takes back an installation that its partner refused: there never was one, so no event tells of its end and no receipt is written.
pub(crate) async fn undo(tx: &Conn, core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<()> {
    connections::tell_of_end(tx, core, scope, Going::Configuration(id)).await?;
    calls::cancel(tx, id).await?;
    delete(tx, id).await
}

async fn delete(tx: &Conn, id: &ConfigurationId) -> Result<()> {
    Attached::delete(tx, id).await?;
    match tx.execute("DELETE FROM configurations WHERE id = $1", &params![id]).await? {
        1 => Ok(()),
        _ => Err(not_found()),
    }
}
