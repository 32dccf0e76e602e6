//! Drains: where the events of projects are sent (semantics.md 6). Three APIs, one store: `/v1/drains` shows what is stored,
//! the two log-drain APIs show views of it (`log_drains`).

pub mod cursors;
pub mod delivery;
pub mod encode;
pub mod filter;
pub mod health;
pub mod log_drains;
mod metadata;
pub mod odata;
pub mod otlp;
pub mod parcel;
pub mod pieces;
pub mod ready;
mod record;
mod samples;
pub mod sampling;
mod select;
mod send;
mod source;
pub mod syslog;
pub mod trial;
mod update;
pub mod verification;

pub use delivery::{Delivery, Secrets};
pub use filter::{Filter, FilterV2, Sampling, Schemas, Transform};
pub use metadata::{Metadata, WithMetadata, list_with_metadata};
pub use record::{CreatedFrom, DisabledReason, Drain, Status};
pub use select::Selection;
pub use send::send;
pub use source::{Source, SourceField, SourceKind};
pub use update::{DrainPatch, update};

use crate::events;
use crate::ids::{ConfigurationId, DrainId, OwnerId, ProjectId};
use crate::{Core, Error, OnConstraint, Result, Scope, deliveries, projects, validate};
use delivery::Shown;
use pintle_store::{Conn, params};
use record::Change;
use serde::Deserialize;

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

/// createDrain. An installation's drain is stamped with its configuration and goes with it. The answer is the only place where
/// a secret that Pintle made shows.
///
/// # Errors
/// 400 for a body that breaks the contract or a URL that Pintle does not send to; 404 for a project that the owner does not have.
pub async fn create(core: &Core, scope: &Scope, input: NewDrain) -> Result<Drain> {
    input.check()?;
    let source = Source::wanted(scope, input.source)?;
    let delivery = input.delivery.unwrap_or_else(Delivery::nowhere);
    delivery.admit(core).await?;
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
    drain.check_filter()?;
    verification::verify(core, scope, &drain.delivery).await?;
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
            cursors::begin(tx, &record).await?;
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
        drains.retain(|drain| drain.covers(&project));
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
            deliveries::cancel_of(tx, drain.id.as_str()).await?;
            events::record(tx, &core, &scope, now, drain.event(Change::Deleted)).await.map(drop)
        })
        .await
}

/// Takes a project that is about to be deleted out of its owner's drains.
pub(crate) async fn forget_project(tx: &Conn, project: &ProjectId) -> Result<()> {
    let sql = "SELECT doc FROM drains
      WHERE owner_id = (SELECT owner_id FROM projects WHERE id = $1) AND doc LIKE '%' || $1 || '%'";
    for (doc,) in tx.all::<(String,)>(sql, &params![project]).await? {
        let mut drain: Drain = serde_json::from_str(&doc)?;
        drain.forget(project);
        let sql = "UPDATE drains SET doc = $2 WHERE id = $1";
        tx.execute(sql, &params![&drain.id, serde_json::to_string(&drain)?]).await?;
    }
    Ok(())
}

/// Makes the drains of an installation another team's: each begins at what is logged there from now on, and what waits of the earlier
/// owner's logs is not sent any more.
pub(crate) async fn hand_over(tx: &Conn, configuration: &ConfigurationId, to: &OwnerId) -> Result<()> {
    deliveries::cancel_of_drains(tx, configuration).await?;
    let sql = "SELECT doc FROM drains WHERE configuration_id = $1 ORDER BY id";
    for (doc,) in tx.all::<(String,)>(sql, &params![configuration]).await? {
        let mut drain: Drain = serde_json::from_str(&doc)?;
        drain.give_to(to);
        let sql = "UPDATE drains SET owner_id = $2, doc = $3 WHERE id = $1";
        tx.execute(sql, &params![&drain.id, to, serde_json::to_string(&drain)?]).await?;
        tx.execute("DELETE FROM drain_cursors WHERE drain_id = $1", &params![&drain.id]).await?;
        cursors::begin(tx, &drain).await?;
    }
    Ok(())
}
