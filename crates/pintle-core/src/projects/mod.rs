//! Projects: what integrations attach things to.

pub mod bypasses;
pub mod client_certs;
mod create;
mod delete;
pub mod domains;
pub mod env;
pub mod environments;
mod events;
mod fields;
mod git;
mod link;
mod list;
pub(crate) mod reach;
mod settings;
mod shown;
mod state;
pub mod transfers;
mod update;

pub use crate::page::Next;
pub use create::create;
pub(crate) use create::{check, insert, prepare};
pub use delete::delete;
pub use git::{ProductionBranch, connect, disconnect, set_branch};
pub use link::GitRepository;
pub use list::{Filter, list};
pub use settings::Body;
pub use state::{DataCache, pause, set_data_cache};
pub(crate) use update::change;
pub use update::update;

use crate::clock::Millis;
use crate::ids::{OwnerId, ProjectId};
use crate::permissions::ProjectRole;
use crate::scope::Scope;
use crate::{Core, Error, OnConstraint, Result};
use link::Link;
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What is stored, and what the wire shows. Of more than a hundred properties, typed is what Pintle reads or decides; the rest
/// travels in `settings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    pub id: ProjectId,
    pub account_id: OwnerId,
    pub name: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub framework: Option<String>,
    pub node_version: String,
    pub directory_listing: bool,
    pub resource_config: ResourceConfig,
    pub default_resource_config: ResourceConfig,
    /// The Git repository it is connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    #[serde(flatten)]
    pub settings: Map<String, Json>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceConfig {
    pub function_default_regions: Vec<String>,
    #[serde(flatten)]
    pub settings: Map<String, Json>,
}

impl Project {
    /// Writes the document and the columns that are derived from it.
    async fn save(&self, tx: &Conn) -> Result<()> {
        let sql = "UPDATE projects SET name = $2, updated_at = $3, doc = $4 WHERE id = $1";
        let doc = serde_json::to_string(self)?;
        tx.execute(sql, &params![&self.id, &self.name, self.updated_at, doc])
            .await
            .on_unique(NAME_INDEX, || name_taken(&self.name))
            .map(drop)
    }
}

const NAME_INDEX: &str = "projects_owner_id_name_key";

fn name_taken(name: &str) -> Error {
    Error::conflict("conflict", format!("A project with the name `{name}` already exists"))
}

/// A stamp for a change that no other project of the owner has: the list's cursor is a bare millisecond, and ties would lose
/// projects between two pages.
async fn stamp(tx: &Conn, scope: &Scope, now: Millis) -> Result<Millis> {
    let sql = "SELECT COALESCE(MAX(updated_at), 0) FROM projects WHERE owner_id = $1";
    let (newest,): (Millis,) = tx.one(sql, &params![scope.owner()]).await?;
    Ok(now.max(newest + 1))
}

/// getProject: the project as it goes on the wire.
///
/// # Errors
/// As `locate`.
pub async fn get(core: &Core, scope: &Scope, id_or_name: &str) -> Result<String> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, id_or_name).await?;
    shown::one(&conn, core, scope, &project).await
}

/// A project that the scope may reach with its permission.
pub struct Located {
    pub id: ProjectId,
    pub name: String,
    pub doc: String,
    /// The caller's strongest role in the project, where the role in the team leaves something to it.
    pub role: Option<ProjectRole>,
}

impl Located {
    /// One that the caller has just made.
    fn new(made: &Project) -> Result<Self> {
        let doc = serde_json::to_string(made)?;
        Ok(Self { id: made.id.clone(), name: made.name.clone(), doc, role: None })
    }

    /// As it is after a change.
    fn with(self, changed: &Project) -> Result<Self> {
        Ok(Self { doc: serde_json::to_string(changed)?, ..self })
    }
}

/// Finds a project by id or name, and checks that the caller may reach it.
///
/// # Errors
/// 404 where the owner has no such project or the caller may not see it; 403 where an installation was not given it, or the
/// caller's role in it does not suffice.
pub async fn locate(conn: &Conn, scope: &Scope, id_or_name: &str) -> Result<Located> {
    let found: Option<(String, String, String)> = conn
        .opt(
            "SELECT id, name, doc FROM projects WHERE owner_id = $1 AND id = $2
             UNION ALL SELECT id, name, doc FROM projects WHERE owner_id = $1 AND name = $2 LIMIT 1",
            &params![scope.owner(), id_or_name],
        )
        .await?;
    let (id, name, doc) = found.ok_or_else(|| Error::not_found("Project"))?;
    let id = ProjectId::from(id);
    let role = reach::check(conn, scope, &id).await?;
    Ok(Located { id, name, doc, role })
}

/// Checks that all of these are projects that the caller may reach.
pub async fn require_all(conn: &Conn, scope: &Scope, projects: &[ProjectId]) -> Result<()> {
    for project in projects {
        let sql = "SELECT id FROM projects WHERE owner_id = $1 AND id = $2";
        let row: Option<(String,)> = conn.opt(sql, &params![scope.owner(), project]).await?;
        row.ok_or_else(|| Error::not_found("Project"))?;
        reach::check(conn, scope, project).await?;
    }
    Ok(())
}

/// Whether the scope's owner has this project.
pub async fn exists(core: &Core, scope: &Scope, project: &ProjectId) -> Result<bool> {
    let sql = "SELECT id FROM projects WHERE owner_id = $1 AND id = $2";
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &params![scope.owner(), project]).await?;
    Ok(row.is_some())
}

/// The ids of all projects of the scope's owner.
pub async fn ids(conn: &Conn, scope: &Scope) -> Result<Vec<ProjectId>> {
    let sql = "SELECT id FROM projects WHERE owner_id = $1 ORDER BY id";
    let rows: Vec<(String,)> = conn.all(sql, &params![scope.owner()]).await?;
    Ok(rows.into_iter().map(|(id,)| ProjectId::from(id)).collect())
}
