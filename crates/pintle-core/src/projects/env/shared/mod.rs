//! Shared variables: of an owner, in the projects that they are linked to (semantics.md 7.2). A project's own variable of the same
//! name beats a shared one.

mod create;
mod link;
mod list;
mod remove;
mod update;

pub use create::{NewShared, create};
pub use link::{Unlinked, unlink};
pub use list::{Filter, get, list};
pub use remove::{Ids, remove};
pub use update::{Updates, update};

use super::create::failed_item;
use super::rules::{self, PER_ENVIRONMENT, failure};
use super::{Kind, Reach, Stored, Target};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{OwnerId, ProjectId, SharedEnvId, UserId};
use crate::scope::Principal;
use crate::{Core, Error, Kind as Failure, OnConstraint, Result, Scope};
use pintle_store::{AsStoreError, Conn, Value, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// How `shared_env_targets` names all custom environments together.
pub(super) const CUSTOM: &str = "custom";

/// What is stored, and what the wire shows beside the value and the projects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedVariable {
    /// Stands first, as `Kind::of` wants it.
    #[serde(rename = "type")]
    pub kind: Kind,
    pub id: SharedEnvId,
    pub key: String,
    pub owner_id: OwnerId,
    pub target: Vec<Target>,
    #[serde(default)]
    pub apply_to_all_custom_environments: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `createdAt` in ISO 8601.
    pub created: String,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub created_by: Option<UserId>,
    pub updated_by: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_edited_by_display_name: Option<String>,
}

impl SharedVariable {
    /// Where it is, as `shared_env_targets` has it.
    pub(super) fn places(&self) -> Vec<&'static str> {
        let custom = self.apply_to_all_custom_environments.then_some(CUSTOM);
        self.target.iter().map(|target| target.as_str()).chain(custom).collect()
    }

    fn in_production(&self) -> bool {
        self.target.contains(&Target::Production)
    }

    fn edited_by(&mut self, scope: &Scope, now: Millis) {
        self.updated_at = now;
        if let Principal::User { id, username } = &scope.principal {
            self.updated_by = Some(id.clone());
            self.last_edited_by_display_name = Some(username.clone());
        }
    }

    /// # Errors
    /// 400 with the code of the first rule that is broken, and the variable's key.
    fn check(&self, value: &str) -> Result<()> {
        let environments = || match self.places().is_empty() {
            true => Some(rules::no_target(&self.key)),
            false if self.kind == Kind::Sensitive && self.target.contains(&Target::Development) => {
                Some(rules::sensitive_in_development(&self.key))
            }
            false => None,
        };
        let broken = rules::content(&self.key, self.kind, value).or_else(environments);
        broken.map_or(Ok(()), |error| Err(error.with("key", self.key.as_str())))
    }

    /// That there is room for it, in the places that it was not in before.
    ///
    /// # Errors
    /// 409 where one of its places has another variable of its name; 400 where one is full.
    async fn check_room(&self, tx: &Conn, before: Option<&SharedVariable>) -> Result<()> {
        let sql = "SELECT env_id FROM shared_env_targets
          WHERE owner_id = $1 AND target = $2 AND key = $3 AND env_id <> $4";
        let there = before.map(SharedVariable::places).unwrap_or_default();
        for place in self.places() {
            let taken: Option<(String,)> =
                tx.opt(sql, &params![&self.owner_id, place, &self.key, &self.id]).await?;
            if let Some((other,)) = taken {
                return Err(conflict(self, &other));
            }
            let sql = "SELECT COUNT(*) FROM shared_env_targets WHERE owner_id = $1 AND target = $2";
            let (count,): (i64,) = tx.one(sql, &params![&self.owner_id, place]).await?;
            if count >= PER_ENVIRONMENT && !there.contains(&place) {
                let text =
                    format!("The limit of {PER_ENVIRONMENT} shared variables for one environment is reached");
                return Err(failure("MAX_ENVS_EXCEEDED", text).with("key", self.key.as_str()));
            }
        }
        Ok(())
    }

    async fn insert_places(&self, tx: &Conn) -> Result<()> {
        let sql = "INSERT INTO shared_env_targets (env_id, owner_id, target, key) VALUES ($1, $2, $3, $4)";
        for place in self.places() {
            tx.execute(sql, &params![&self.id, &self.owner_id, place, &self.key])
                .await
                .on_unique("shared_env_targets_owner_id_target_key_key", || conflict(self, ""))?;
        }
        Ok(())
    }

    /// The wire form, its value sealed or in the clear.
    fn wire(&self, core: &Core, sealed: &[u8], projects: &[ProjectId], decrypt: bool) -> Result<String> {
        let doc = serde_json::to_string(self)?;
        wire(core, self.id.as_str(), &doc, sealed, projects, decrypt)
    }
}

/// A stored document with its value and the projects that it is linked to.
fn wire(
    core: &Core,
    id: &str,
    doc: &str,
    sealed: &[u8],
    projects: &[ProjectId],
    decrypt: bool,
) -> Result<String> {
    let (value, decrypted) = Stored { id, doc, value: sealed }.shown(core, decrypt)?;
    let (value, projects) = (serde_json::to_string(&value)?, serde_json::to_string(projects)?);
    // Newer clients insist on issues. The document is an object that is never empty, so what is left of it begins with a key.
    let (issues, rest) = ("\"securityIssues\":[]", doc.get(1..).unwrap_or("}"));
    Ok(format!("{{\"value\":{value},\"decrypted\":{decrypted},{issues},\"projectId\":{projects},{rest}"))
}

/// The key is taken in one of the environments.
fn conflict(variable: &SharedVariable, other: &str) -> Error {
    let text = format!(
        "A shared variable with the name `{}` already exists for the target {}",
        variable.key,
        variable.places().join(",")
    );
    let error = Error::new(Failure::Conflict, "existing_key_and_target", text)
        .with("envVarKey", variable.key.as_str())
        .with("target", json!(variable.target));
    if other.is_empty() { error } else { error.with("envVarId", other) }
}

fn not_found() -> Error {
    Error::not_found("Shared environment variable")
}

/// One that the caller may change, with its sealed value.
async fn load(tx: &Conn, scope: &Scope, id: &str) -> Result<(SharedVariable, Vec<u8>)> {
    let sql = "SELECT doc, value FROM shared_envs WHERE id = $1 AND owner_id = $2";
    let row: Option<(String, Vec<u8>)> = tx.opt(sql, &params![id, scope.owner()]).await?;
    let (doc, value) = row.ok_or_else(not_found)?;
    let variable: SharedVariable = serde_json::from_str(&doc)?;
    Reach::of(scope, None).check_production(variable.in_production())?;
    Ok((variable, value))
}

/// What happened to one: its type in the audit log, and a verb.
type Happened = (&'static str, &'static str);

const CREATED: Happened = ("shared-env-variable-create", "added");
const UPDATED: Happened = ("shared-env-variable-update", "edited");
const DELETED: Happened = ("shared-env-variable-delete", "removed");

/// Records it. The value is no part of it.
async fn announce(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    variable: &SharedVariable,
    projects: &[ProjectId],
    now: Millis,
    (kind, verb): Happened,
) -> Result<()> {
    let text = format!("{verb} shared environment variable {}", variable.key);
    let payload = json!({
        "envVarId": variable.id, "key": variable.key, "target": variable.target, "type": variable.kind,
        "projectIds": projects,
    });
    events::record(tx, core, scope, now, Event::new(kind, text, payload)).await.map(drop)
}

/// A failure of one variable before anything of it is written, told apart from one of the whole transaction.
fn item<T>(result: Result<T>) -> Result<std::result::Result<T, Error>> {
    match result {
        Err(error) if error.kind == Failure::Internal || error.as_store_error().is_some() => Err(error),
        item => Ok(item),
    }
}

/// The answer to a change of several: `{name: […], failed: […]}`.
///
/// # Errors
/// Where none was changed: the variable's own error where it was one, else 400 `BAD_REQUEST` with `failed` beside it.
fn answer(name: &str, outcomes: Vec<Result<String>>) -> Result<String> {
    let one = outcomes.len() == 1;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Ok(wire) => done.push(wire),
            Err(error) if one => return Err(error),
            Err(error) => failed.push(failed_item(&error)),
        }
    }
    let failed = Json::Array(failed);
    if done.is_empty() {
        let error = failure("BAD_REQUEST", format!("No environment variables were {name}"));
        return Err(error.beside("failed", failed));
    }
    Ok(format!("{{\"{name}\":[{}],\"failed\":{failed}}}", done.join(",")))
}

/// Each once, in the order of production, preview, development.
fn sorted(target: &[Target]) -> Vec<Target> {
    Target::ALL.into_iter().filter(|one| target.contains(one)).collect()
}

/// The projects that a variable is linked to, in the order of their ids.
async fn links(conn: &Conn, id: &SharedEnvId) -> Result<Vec<ProjectId>> {
    let sql = "SELECT project_id FROM shared_env_projects WHERE env_id = $1 ORDER BY project_id";
    let rows: Vec<(String,)> = conn.all(sql, &[Value::from(id)]).await?;
    Ok(rows.into_iter().map(|(id,)| ProjectId::from(id)).collect())
}
