//! The end of an installation: everything that it attached goes, nothing else does, and a receipt says what went
//! (semantics.md 3.3).
//!
//! One transaction deletes what refers to the configuration, then the configuration, and writes the event and the receipt. Each
//! delete names what it took, so the receipt is what happened, not what was expected. The foreign keys stand behind it: a child
//! that a later module forgets here still cannot outlive its configuration, and one that races with the removal either is
//! there to be removed or finds no parent to be born under.

use super::{Configuration, load, not_found};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, IntegrationId, OwnerId};
use crate::integrations::{self, Integration};
use crate::page::{self, Page, Pagination};
use crate::planted;
use crate::scope::Principal;
use crate::webhooks::Webhook;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What a configuration attached. Never a secret or a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attached {
    pub webhooks: Vec<Item>,
    pub drains: Vec<Item>,
    pub environment_variables: Vec<Item>,
    /// The projects it was given, where it was not given all.
    pub projects: Vec<String>,
    pub tokens: u64,
    pub codes: u64,
}

/// One thing, by its id and what a person knows it by: a webhook's URL, a drain's name, a variable's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
}

/// What a removal would remove.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub configuration: Configuration,
    pub removes: Attached,
}

/// What a removal removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub configuration_id: ConfigurationId,
    pub integration_id: IntegrationId,
    pub slug: String,
    pub owner_id: OwnerId,
    pub removed_at: Millis,
    pub removed_by: Actor,
    pub reason: Reason,
    pub removed: Attached,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody asked for it.
    Requested,
    /// It had been disabled for 30 days.
    DisabledTooLong,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Actor {
    User { id: String, username: String },
    Installation { id: ConfigurationId },
    System,
}

impl Actor {
    fn of(scope: &Scope) -> Self {
        match &scope.principal {
            Principal::User { id, username } => {
                Actor::User { id: id.to_string(), username: username.clone() }
            }
            Principal::Installation(i) => Actor::Installation { id: i.configuration.clone() },
            Principal::System => Actor::System,
        }
    }
}

/// deleteConfiguration.
///
/// # Errors
/// 404 where the scope's owner has no such configuration, so also for the second of two removals.
pub async fn remove(core: &Core, scope: &Scope, id: ConfigurationId, reason: Reason) -> Result<()> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    if planted::on("removal-in-two-transactions") {
        let id = id.clone();
        core.db.write(async move |tx| take(tx, &id).await.map(drop)).await?;
    }
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = match load(tx, &scope, &id).await {
                Err(_) if planted::on("second-removal-succeeds") => return Ok(()),
                loaded => loaded?,
            };
            let app =
                integrations::find(tx, configuration.integration_id.as_str()).await?.ok_or_else(not_found)?;
            let targets = targets(tx, &core, &configuration, &app).await?;
            let removed = take(tx, &configuration.id).await?;
            if tx.execute("DELETE FROM configurations WHERE id = $1", &params![&id]).await? != 1 {
                return Err(not_found());
            }
            let event = removed_event(&core, &scope, &configuration, &app, targets, reason)?;
            if !planted::on("removal-without-event") {
                events::record(tx, &core, &scope, now, event).await?;
            }
            let receipt = Receipt {
                configuration_id: configuration.id,
                integration_id: configuration.integration_id,
                slug: configuration.slug,
                owner_id: configuration.owner_id,
                removed_at: now,
                removed_by: Actor::of(&scope),
                reason,
                removed,
            };
            if planted::on("removal-without-receipt") {
                return Ok(());
            }
            write_receipt(tx, &receipt).await
        })
        .await
}

/// Deletes what refers to the configuration, and says what that was.
async fn take(tx: &Conn, id: &ConfigurationId) -> Result<Attached> {
    let id = &params![id];
    plant_orphans(tx, id).await?;
    let count = |sql: &'static str| async move { tx.execute(sql, id).await };
    let items = |sql: &'static str| async move { tx.all::<(String, String)>(sql, id).await };
    let variables = "DELETE FROM envs WHERE configuration_id = $1 RETURNING id, doc, project_id";
    let access = "DELETE FROM configuration_projects WHERE configuration_id = $1 RETURNING project_id";
    Ok(Attached {
        webhooks: named(
            items("DELETE FROM webhooks WHERE configuration_id = $1 RETURNING id, doc").await?,
            "url",
        )?,
        drains: named(
            items("DELETE FROM drains WHERE configuration_id = $1 RETURNING id, doc").await?,
            "name",
        )?,
        environment_variables: variable_items(tx.all(variables, id).await?)?,
        projects: tx.all::<(String,)>(access, id).await?.into_iter().map(|(project,)| project).collect(),
        tokens: count("DELETE FROM tokens WHERE configuration_id = $1").await?,
        codes: count("DELETE FROM codes WHERE configuration_id = $1").await?,
    })
}

/// Removal's planted bugs: each leaves behind or takes along what it must not.
async fn plant_orphans(tx: &Conn, id: &[pintle_store::Value]) -> Result<()> {
    let bug = |name, sql: &'static str| async move {
        if planted::on(name) { tx.execute(sql, id).await.map(drop) } else { Ok(()) }
    };
    bug("orphan-variables", "UPDATE envs SET configuration_id = NULL WHERE configuration_id = $1").await?;
    bug("orphan-webhooks", "UPDATE webhooks SET configuration_id = NULL WHERE configuration_id = $1").await?;
    bug("orphan-drains", "UPDATE drains SET configuration_id = NULL WHERE configuration_id = $1").await?;
    bug("orphan-tokens", "UPDATE tokens SET configuration_id = NULL WHERE configuration_id = $1").await?;
    let owner = "(SELECT owner_id FROM configurations WHERE id = $1)";
    if planted::on("takes-account-webhooks") {
        tx.execute(
            &format!("DELETE FROM webhooks WHERE owner_id = {owner} AND configuration_id IS NULL"),
            id,
        )
        .await?;
    }
    if planted::on("takes-equal-keys") {
        let keys =
            "SELECT t.key FROM env_targets t JOIN envs e ON e.id = t.env_id WHERE e.configuration_id = $1";
        tx.execute(
            &format!("DELETE FROM envs WHERE id IN (SELECT env_id FROM env_targets WHERE key IN ({keys}))"),
            id,
        )
        .await?;
    }
    if planted::on("touches-projects") {
        tx.execute(&format!("UPDATE projects SET updated_at = updated_at + 1 WHERE owner_id = {owner}"), id)
            .await?;
    }
    Ok(())
}

fn named(rows: Vec<(String, String)>, field: &str) -> Result<Vec<Item>> {
    let item = |(id, doc): (String, String)| {
        let doc: Json = serde_json::from_str(&doc)?;
        let name = doc[field].as_str().unwrap_or_default().to_owned();
        Ok(Item { id, name, project_id: None })
    };
    sorted(rows.into_iter().map(item).collect::<Result<_>>()?)
}

/// Only the key is read: a configuration can have a hundred thousand variables.
#[derive(Deserialize)]
struct Key {
    key: String,
}

fn variable_items(rows: Vec<(String, String, String)>) -> Result<Vec<Item>> {
    let item = |(id, doc, project): (String, String, String)| {
        let Key { key } = serde_json::from_str(&doc)?;
        Ok(Item { id, name: key, project_id: Some(project) })
    };
    sorted(rows.into_iter().map(item).collect::<Result<_>>()?)
}

fn sorted(mut items: Vec<Item>) -> Result<Vec<Item>> {
    items.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(items)
}

/// Who must still hear of the removal, with the secret to sign with: frozen now, since none of it can be looked up later.
#[derive(Debug, Serialize, Deserialize)]
pub struct Target {
    pub url: String,
    pub secret: String,
}

async fn targets(
    tx: &Conn,
    core: &Core,
    configuration: &Configuration,
    app: &Integration,
) -> Result<Vec<u8>> {
    let mut targets = Vec::new();
    if let Some(url) = &app.webhook_url {
        targets
            .push(Target { url: url.clone(), secret: integrations::client_secret(tx, core, &app.id).await? });
    }
    let sql = "SELECT id, doc, secret FROM webhooks
      WHERE owner_id = $1 AND (configuration_id IS NULL OR configuration_id = $2) ORDER BY created_at, id";
    let rows: Vec<(String, String, Vec<u8>)> =
        tx.all(sql, &params![&configuration.owner_id, &configuration.id]).await?;
    for (id, doc, secret) in rows {
        let webhook: Webhook = serde_json::from_str(&doc)?;
        if webhook.wants("integration-configuration.removed")
            || webhook.wants("integration-configuration-removed")
        {
            targets.push(Target { url: webhook.url, secret: core.vault.open_text(&id, &secret)? });
        }
    }
    core.vault.seal(configuration.id.as_str(), &serde_json::to_vec(&targets)?, &core.entropy)
}

fn removed_event(
    core: &Core,
    scope: &Scope,
    configuration: &Configuration,
    app: &Integration,
    targets: Vec<u8>,
    reason: Reason,
) -> Result<Event> {
    debug_assert!(core.vault.open_text(configuration.id.as_str(), &targets).is_ok());
    let kind = match reason {
        Reason::Requested => "integration-installation-removed",
        Reason::DisabledTooLong => "disabled-integration-installation-removed",
    };
    let payload = json!({ "configuration": configuration.summary() });
    let mut event = Event::new(kind, format!("removed {}", app.name), configuration.audit(&app.name)).hook(
        scope,
        "integration-configuration.removed",
        payload,
    );
    event.targets = Some(targets);
    Ok(event)
}

async fn write_receipt(tx: &Conn, receipt: &Receipt) -> Result<()> {
    let sql = "INSERT INTO removals (configuration_id, owner_id, created_at, doc) VALUES ($1, $2, $3, $4)";
    let doc = serde_json::to_string(receipt)?;
    let row = params![&receipt.configuration_id, &receipt.owner_id, receipt.removed_at, doc];
    tx.execute(sql, &row).await?;
    Ok(())
}

/// What a removal would remove, changing nothing.
pub async fn plan(core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<Plan> {
    let conn = core.db.read().await?;
    let configuration = load(&conn, scope, id).await?;
    let id = &params![id];
    let count = |sql: &'static str| {
        let conn = &conn;
        async move { conn.one::<(i64,)>(sql, id).await.map(|(count,)| count as u64) }
    };
    let webhooks = conn.all("SELECT id, doc FROM webhooks WHERE configuration_id = $1", id).await?;
    let drains = conn.all("SELECT id, doc FROM drains WHERE configuration_id = $1", id).await?;
    let variables = conn.all("SELECT id, doc, project_id FROM envs WHERE configuration_id = $1", id).await?;
    let access: Vec<(String,)> =
        conn.all("SELECT project_id FROM configuration_projects WHERE configuration_id = $1", id).await?;
    let removes = Attached {
        webhooks: named(webhooks, "url")?,
        drains: named(drains, "name")?,
        environment_variables: variable_items(variables)?,
        projects: access.into_iter().map(|(project,)| project).collect(),
        tokens: count("SELECT COUNT(*) FROM tokens WHERE configuration_id = $1").await?,
        codes: count("SELECT COUNT(*) FROM codes WHERE configuration_id = $1").await?,
    };
    Ok(Plan { configuration, removes })
}

/// The receipts of the scope's owner, newest first.
pub async fn receipts(core: &Core, scope: &Scope, page: Page) -> Result<(Vec<Json>, Pagination)> {
    let sql = "SELECT created_at, doc FROM removals WHERE owner_id = $1";
    let conn = core.db.read().await?;
    let (rows, pagination) = page::read(&conn, sql, "created_at", &params![scope.owner()], page).await?;
    let receipts = rows.iter().map(|row| serde_json::from_str(&row.doc)).collect::<Result<_, _>>()?;
    Ok((receipts, pagination))
}

/// One receipt, by the id of the configuration that was removed.
pub async fn receipt(core: &Core, scope: &Scope, id: &str) -> Result<String> {
    let sql = "SELECT doc FROM removals WHERE configuration_id = $1 AND owner_id = $2";
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &params![id, scope.owner()]).await?;
    row.map(|(doc,)| doc).ok_or_else(|| Error::not_found("Removal"))
}
