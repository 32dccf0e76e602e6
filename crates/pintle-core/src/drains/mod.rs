//! Drains: where the events of projects are sent (semantics.md 6). Three APIs, one store: `/v1/drains` shows what is stored,
//! the two log-drain APIs show views of it (`log_drains`).

mod delivery;
mod filter;
pub mod log_drains;
mod metadata;
mod source;
mod update;

pub use delivery::{Delivery, Headers, Secrets, Shown};
pub use filter::{Conditions, Environment, Filter, FilterV2, LogSource, Sampling, Schema, Transform};
pub use metadata::{Metadata, WithMetadata, list_with_metadata};
pub use source::{Source, SourceField};
pub use update::{DrainPatch, update};

use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, DrainId, IntegrationId, OwnerId, ProjectId};
use crate::{Core, Error, OnConstraint, Result, Scope, projects, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashSet};

pub type Schemas = BTreeMap<String, Schema>;

/// What is stored, and what the wire shows. In the stored document the delivery's secrets are empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    pub id: DrainId,
    pub owner_id: OwnerId,
    /// `null` for a personal account.
    pub team_id: Option<OwnerId>,
    pub name: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub created_from: CreatedFrom,
    /// Absent: all projects. Empty: none, since the last of them was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_ids: Option<Vec<ProjectId>>,
    pub schemas: Schemas,
    #[serde(deserialize_with = "delivery::stored")]
    pub delivery: Delivery,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Vec<Sampling>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transforms: Option<Vec<Transform>>,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<DisabledReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_id: Option<ConfigurationId>,
    /// The integration, by its id as an OAuth client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<IntegrationId>,
    pub source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    #[serde(rename = "filterV2", skip_serializing_if = "Option::is_none")]
    pub filter_v2: Option<FilterV2>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreatedFrom {
    SelfServed,
    Integration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Enabled,
    Disabled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisabledReason {
    DisabledByOwner,
}

/// Whether a drain is for all projects or for those it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Projects {
    Some,
    All,
}

/// The body of createDrain.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewDrain {
    pub name: String,
    pub projects: Projects,
    pub project_ids: Option<Vec<ProjectId>>,
    pub filter: Option<Filter>,
    pub schemas: Schemas,
    pub delivery: Option<Delivery>,
    pub sampling: Option<Vec<Sampling>>,
    pub transforms: Option<Vec<Transform>>,
    pub source: Option<SourceField>,
}

impl NewDrain {
    fn check(&self) -> Result<()> {
        validate::length("name", &self.name, NAME_LENGTH)?;
        if self.projects == Projects::Some {
            let ids = self.project_ids.as_ref().ok_or_else(no_projects)?;
            validate::items("projectIds", ids, 1, usize::MAX)?;
        }
        self.delivery.as_ref().map_or(Ok(()), Delivery::check)?;
        Sampling::check_all(self.sampling.as_deref().unwrap_or_default())
    }
}

const NAME_LENGTH: usize = 256;

fn no_projects() -> Error {
    Error::invalid("missing required property `projectIds`.")
}

impl Drain {
    /// A drain of the scope's caller, which everything but its delivery, schemas and projects follows from.
    fn new(
        core: &Core,
        scope: &Scope,
        id: DrainId,
        name: String,
        delivery: Delivery,
        source: Source,
    ) -> Self {
        let now = core.clock.now();
        Self {
            id,
            owner_id: scope.owner().clone(),
            team_id: scope.team_id(),
            name,
            created_at: now,
            updated_at: now,
            created_from: source.created_from(),
            project_ids: None,
            schemas: Schemas::new(),
            delivery,
            sampling: None,
            transforms: None,
            status: Status::Enabled,
            disabled_at: None,
            disabled_reason: None,
            disabled_by: None,
            configuration_id: scope.configuration().cloned(),
            client_id: scope.installation().map(|installation| installation.integration.clone()),
            source,
            filter: None,
            filter_v2: None,
        }
    }

    fn set_filter(&mut self, filter: Option<Filter>) {
        (self.filter, self.filter_v2) = match filter {
            None => (None, None),
            Some(Filter::Text(text)) => (Some(text), None),
            Some(Filter::Conditions(conditions)) => (None, Some(conditions)),
        };
    }

    fn set_projects(&mut self, mut ids: Option<Vec<ProjectId>>) {
        if let Some(ids) = &mut ids {
            let mut seen = HashSet::new();
            ids.retain(|id| seen.insert(id.clone()));
        }
        self.project_ids = ids;
    }

    /// Checks that the caller may reach every project that the drain names.
    async fn check_projects(&self, tx: &Conn, scope: &Scope) -> Result<()> {
        projects::require_all(tx, scope, self.project_ids.as_deref().unwrap_or_default()).await?;
        let filtered = self.filter_v2.as_ref().and_then(FilterV2::projects);
        projects::require_all(tx, scope, filtered.unwrap_or_default()).await
    }

    fn is_of_installation(&self) -> bool {
        self.configuration_id.is_some()
    }

    /// The event of a change to it. One made by a log-drain API keeps the older names.
    fn event(&self, change: Change) -> Event {
        let log_drain = self.id.is_log_drain();
        let (kind, done) = match change {
            Change::Created if log_drain => ("log-drain-created", "created"),
            Change::Created => ("drain-created", "created"),
            Change::Deleted if log_drain => ("log-drain-deleted", "deleted"),
            Change::Deleted => ("drain-deleted", "deleted"),
            Change::Enabled if log_drain => ("log-drain-enabled", "enabled"),
            Change::Enabled => ("drain-enabled", "enabled"),
            Change::Disabled if log_drain => ("log-drain-disabled", "disabled"),
            Change::Disabled => ("drain-disabled", "disabled"),
            Change::Updated => ("drain-updated", "updated"),
        };
        let payload =
            json!({ "drainId": self.id, "drainName": self.name, "logDrainUrl": self.delivery.address() });
        Event::new(kind, format!("{done} drain {}", self.name), payload)
    }
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Created,
    Updated,
    Enabled,
    Disabled,
    Deleted,
}

/// createDrain. An installation's drain is stamped with its configuration and goes with it. The answer is the only place where
/// a secret that Pintle made shows.
///
/// # Errors
/// 400 for a body that breaks the contract; 404 for a project that the owner does not have.
pub async fn create(core: &Core, scope: &Scope, input: NewDrain) -> Result<Drain> {
    input.check()?;
    let source = Source::wanted(scope, input.source)?;
    let delivery = input.delivery.unwrap_or_else(Delivery::nowhere);
    let mut drain = Drain::new(core, scope, DrainId::new(&core.entropy), input.name, delivery, source);
    drain.schemas = input.schemas;
    drain.sampling = input.sampling;
    drain.transforms = input.transforms;
    drain.set_filter(input.filter);
    drain.set_projects(input.project_ids.filter(|_| input.projects == Projects::Some));
    insert(core, scope, drain).await
}

/// Stores a drain and its secrets, which it answers with all of.
async fn insert(core: &Core, scope: &Scope, mut drain: Drain) -> Result<Drain> {
    let secrets = drain.delivery.take_secrets(None, &core.entropy);
    let sealed = secrets.seal(core, &drain.id)?;
    let doc = serde_json::to_string(&drain)?;
    let (core, scope, record) = (core.clone(), scope.clone(), drain.clone());
    core.clone()
        .db
        .write(async move |tx| {
            record.check_projects(tx, &scope).await?;
            tx.execute(
                "INSERT INTO drains (id, owner_id, configuration_id, created_at, secret, doc)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &params![
                    &record.id,
                    scope.owner(),
                    scope.configuration(),
                    record.created_at,
                    sealed.clone(),
                    &doc
                ],
            )
            .await
            .on_missing_parent(Error::invalid_token)?;
            events::record(tx, &core, &scope, record.created_at, record.event(Change::Created))
                .await
                .map(drop)
        })
        .await?;
    drain.delivery.show(secrets, Shown::Everything);
    Ok(drain)
}

/// An account's caller sees all of the owner's drains; an installation only its own.
const VISIBLE: &str = "owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR configuration_id = $2)";

fn not_found() -> Error {
    Error::not_found("Drain")
}

/// A drain as it stands in the database.
type Row = (String, Vec<u8>);

/// A record as it is stored, and what is sealed of it.
fn open(core: &Core, (doc, sealed): &Row) -> Result<(Drain, Secrets)> {
    let drain: Drain = serde_json::from_str(doc)?;
    let secrets = Secrets::open(core, &drain.id, sealed)?;
    Ok((drain, secrets))
}

/// A record as it is shown.
fn show(core: &Core, row: &Row) -> Result<Drain> {
    let (mut drain, secrets) = open(core, row)?;
    drain.delivery.show(secrets, Shown::Headers);
    Ok(drain)
}

/// The row of a drain that the caller sees.
async fn find(conn: &Conn, scope: &Scope, id: &str) -> Result<Row> {
    let sql = format!("SELECT doc, secret FROM drains WHERE {VISIBLE} AND id = $3");
    let row: Option<Row> = conn.opt(&sql, &params![scope.owner(), scope.configuration(), id]).await?;
    row.ok_or_else(not_found)
}

/// getDrain.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<Drain> {
    show(core, &find(&core.db.read().await?, scope, id).await?)
}

/// getDrains: all of them, newest first; with `project`, those that get the events of this project, by its id or name.
///
/// # Errors
/// 404 where the owner has no such project.
pub async fn list(core: &Core, scope: &Scope, project: Option<&str>) -> Result<Vec<Drain>> {
    let conn = core.db.read().await?;
    let project = match project {
        Some(id_or_name) => Some(projects::locate(&conn, scope, id_or_name).await?.id),
        None => None,
    };
    // An installation with selected projects gets the events of no others, whatever its drains name.
    let sql = format!(
        "SELECT doc, secret FROM drains WHERE {VISIBLE} AND (CAST($3 AS TEXT) IS NULL OR configuration_id IS NULL
           OR EXISTS (SELECT 1 FROM configurations c WHERE c.id = configuration_id AND c.selected = 0)
           OR EXISTS (SELECT 1 FROM configuration_projects p
                      WHERE p.configuration_id = drains.configuration_id AND p.project_id = $3))
         ORDER BY created_at DESC, id DESC"
    );
    let rows: Vec<Row> =
        conn.all(&sql, &params![scope.owner(), scope.configuration(), project.as_ref()]).await?;
    let mut drains: Vec<Drain> = rows.iter().map(|row| show(core, row)).collect::<Result<_>>()?;
    if let Some(project) = project {
        drains.retain(|drain| drain.project_ids.as_ref().is_none_or(|ids| ids.contains(&project)));
    }
    Ok(drains)
}

/// deleteDrain.
pub async fn delete(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    delete_if(core, scope, id, |_| true).await
}

/// Deletes a drain that the caller sees and an API knows.
async fn delete_if(
    core: &Core,
    scope: &Scope,
    id: &str,
    known: impl Fn(&Drain) -> bool + Send + 'static,
) -> Result<()> {
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let drain: Drain = serde_json::from_str(&find(tx, &scope, &id).await?.0)?;
            if !known(&drain) {
                return Err(not_found());
            }
            if tx.execute("DELETE FROM drains WHERE id = $1", &params![&id]).await? != 1 {
                return Err(not_found());
            }
            events::record(tx, &core, &scope, now, drain.event(Change::Deleted)).await.map(drop)
        })
        .await
}

/// Takes a project that is about to be deleted out of its owner's drains. A drain that named only this one is left with none: it
/// never widens to all.
pub(crate) async fn forget_project(tx: &Conn, project: &ProjectId) -> Result<()> {
    let sql = "SELECT doc FROM drains
      WHERE owner_id = (SELECT owner_id FROM projects WHERE id = $1) AND doc LIKE '%' || $1 || '%'";
    for (doc,) in tx.all::<(String,)>(sql, &params![project]).await? {
        let mut drain: Drain = serde_json::from_str(&doc)?;
        if let Some(ids) = &mut drain.project_ids {
            ids.retain(|id| id != project);
        }
        if let Some(ids) = drain.filter_v2.as_mut().and_then(FilterV2::projects_mut) {
            ids.retain(|id| id != project);
        }
        let sql = "UPDATE drains SET doc = $2 WHERE id = $1";
        tx.execute(sql, &params![&drain.id, serde_json::to_string(&drain)?]).await?;
    }
    Ok(())
}
