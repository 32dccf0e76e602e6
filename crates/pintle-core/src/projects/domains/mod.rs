//! Domains of projects: names under which a project is reached (group `projects`).
//!
//! They are records; Pintle asks no name server yet. A name is verified in one project of the whole server at most. Where another owner
//! holds it, or the domain above it that can be registered, whoever wants it too gets it unverified, with a challenge.

mod add;
mod list;
mod moving;
mod name;
mod remove;
mod routing;
mod update;
mod verify;

pub use add::{NewDomain, add};
pub use list::{Filter, list};
pub use moving::{Destination, move_to};
pub(in crate::projects) use remove::leave;
pub use remove::{Farewell, remove};
pub use update::{Changes, update};
pub use verify::verify;

use super::{Located, locate};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{OwnerId, ProjectId};
use crate::{Core, Error, Result, Scope};
use name::DomainName;
use pintle_store::{Conn, params};
use routing::Routing;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is stored, and what the wire shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    pub name: String,
    /// The domain that can be registered: `example.co.uk` of `www.example.co.uk`.
    pub apex_name: String,
    pub project_id: ProjectId,
    #[serde(flatten)]
    pub routing: Routing,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub verified: bool,
    /// Any one of these proves that the name is its owner's. Absent where it is verified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verification: Vec<Challenge>,
}

/// A record that whoever rules over a name can make, and nobody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    #[serde(rename = "type")]
    pub kind: String,
    pub domain: String,
    pub value: String,
    pub reason: String,
}

/// getProjectDomain: the stored document, as it goes on the wire.
///
/// # Errors
/// As [`locate`]; 404 where the project has no such domain.
pub async fn get(core: &Core, scope: &Scope, project: &str, name: &str) -> Result<String> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, project).await?;
    doc(&conn, &project.id, name).await
}

/// However the name is written: it is kept in one way.
async fn doc(conn: &Conn, project: &ProjectId, name: &str) -> Result<String> {
    let not_found = || Error::not_found("Project domain");
    let name = DomainName::parse(name).map_err(|_| not_found())?;
    let sql = "SELECT doc FROM project_domains WHERE project_id = $1 AND name = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![project, name.as_str()]).await?;
    row.map(|(doc,)| doc).ok_or_else(not_found)
}

async fn load(conn: &Conn, project: &ProjectId, name: &str) -> Result<Domain> {
    Ok(serde_json::from_str(&doc(conn, project, name).await?)?)
}

/// Whether somebody else holds a name, or the domain above it.
async fn is_held_elsewhere(tx: &Conn, owner: &OwnerId, name: &DomainName) -> Result<bool> {
    let sql =
        "SELECT name FROM project_domains WHERE name IN ($1, $2) AND verified = 1 AND owner_id <> $3 LIMIT 1";
    let row: Option<(String,)> = tx.opt(sql, &params![name.as_str(), name.apex(), owner]).await?;
    Ok(row.is_some())
}

/// The project's domains with this value in a column: those that redirect to one, or lead to one custom environment.
async fn of_project(
    conn: &Conn,
    project: &ProjectId,
    column: &'static str,
    value: &str,
) -> Result<Vec<Domain>> {
    let sql =
        format!("SELECT doc FROM project_domains WHERE project_id = $1 AND {column} = $2 ORDER BY name");
    let docs: Vec<(String,)> = conn.all(&sql, &params![project, value]).await?;
    docs.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect()
}

impl Domain {
    /// Writes what changed; `project` is where it was.
    async fn save(&self, tx: &Conn, project: &ProjectId) -> Result<()> {
        let sql = "UPDATE project_domains SET project_id = $3, verified = $4, redirect = $5, git_branch = $6,
            custom_environment_id = $7, doc = $8 WHERE project_id = $1 AND name = $2";
        let Domain { name, project_id, routing, verified, .. } = self;
        let params = params![
            project,
            name.as_str(),
            project_id,
            i64::from(*verified),
            routing.redirect.as_deref(),
            routing.git_branch.as_deref(),
            routing.custom_environment_id.as_deref(),
            serde_json::to_string(self)?
        ];
        tx.execute(sql, &params).await?;
        Ok(())
    }

    /// A side of `project.domain.updated`.
    fn routing_told(&self) -> Json {
        let Routing { redirect, redirect_status_code, git_branch, .. } = &self.routing;
        json!({
            "domain": self.name, "redirect": redirect, "redirectStatusCode": redirect_status_code, "gitBranch": git_branch,
        })
    }
}

/// A change of a project's domain, in the transaction in which it happens.
struct Change<'a> {
    tx: &'a Conn,
    core: &'a Core,
    scope: &'a Scope,
    project: &'a Located,
    now: Millis,
}

impl Change<'_> {
    /// Writes the entry of the audit log, and tells who subscribed to `hook`.
    async fn announce(
        &self,
        kind: &'static str,
        hook: &'static str,
        did: &str,
        domain: &Domain,
    ) -> Result<()> {
        let told = json!({ "project": { "id": self.project.id }, "domain": { "name": domain.name } });
        self.record(kind, did, domain, hook, told).await
    }

    async fn record(
        &self,
        kind: &'static str,
        did: &str,
        domain: &Domain,
        hook: &'static str,
        told: Json,
    ) -> Result<()> {
        let Change { tx, core, scope, project, now } = *self;
        let text = format!("{did} {} of project {}", domain.name, project.name);
        let payload = json!({ "projectId": project.id, "projectName": project.name, "domain": domain.name });
        let event = Event::new(kind, text, payload).in_project(&project.id).hook(scope, hook, told);
        events::record(tx, core, scope, now, event).await.map(drop)
    }
}
