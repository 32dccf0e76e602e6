//! Variables on their way into the store. Each may fail without spoiling the others, so what would break the unique index is
//! looked for before it is inserted; the index stands behind it.

use super::create::{Draft, Drafts, author};
use super::rules::{self, PER_ENVIRONMENT, failure};
use super::{Reach, Stored, Variable, announce};
use crate::clock::Millis;
use crate::ids::{ConnectionId, ProjectId};
use crate::projects::{Located, environments};
use crate::{Core, Error, OnConstraint, Result, Scope};
use pintle_store::{Conn, params};

pub(super) const INDEX: &str = "env_targets_project_id_target_key_git_branch_key";

/// What came of it, in the order of the body: wire forms and failures.
#[derive(Default)]
pub(in crate::projects) struct Outcome {
    pub created: Vec<String>,
    pub failed: Vec<Error>,
}

pub(in crate::projects) async fn insert(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    project: &Located,
    drafts: &Drafts,
    upsert: bool,
    now: Millis,
) -> Result<Outcome> {
    let reach = Reach::of(scope, project.role);
    drafts.check(&reach)?;
    let into = Insertion { tx, core, scope, project, reach, upsert, now };
    let mut outcome = Outcome::default();
    for draft in &drafts.0 {
        match into.one(draft).await? {
            Ok(wire) => outcome.created.push(wire),
            Err(error) => outcome.failed.push(error),
        }
    }
    Ok(outcome)
}

/// Where variables go.
pub(super) struct Place<'a> {
    pub tx: &'a Conn,
    pub core: &'a Core,
    pub scope: &'a Scope,
    pub project: &'a Located,
    pub now: Millis,
}

impl Place<'_> {
    /// Writes a variable that nothing stands in the way of, and answers its document. `newest` is the stamp and number of the project's
    /// newest one.
    pub(super) async fn add(
        &self,
        variable: &Variable,
        sealed: &[u8],
        newest: (Millis, i64),
        connection: Option<&ConnectionId>,
    ) -> Result<String> {
        // Stamps of one project differ, so that the wire's cursor, a bare millisecond, loses no variable between two pages.
        let at = self.now.max(newest.0 + 1);
        let variable = Variable { created_at: at, updated_at: at, ..variable.clone() };
        let doc = serde_json::to_string(&variable)?;
        self.tx
            .execute(
                "INSERT INTO envs
                   (id, owner_id, project_id, configuration_id, created_at, number, value, doc, connection_id)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                &params![
                    &variable.id,
                    self.scope.owner(),
                    &self.project.id,
                    variable.configuration_id.as_ref(),
                    at,
                    newest.1 + 1,
                    sealed,
                    &doc,
                    connection
                ],
            )
            .await
            .on_missing_parent(|| parent_gone(self.scope))?;
        variable.insert_targets(self.tx, &self.project.id).await.on_unique(INDEX, || conflict(&variable))?;
        announce(self.tx, self.core, self.scope, self.project, &variable, self.now, super::CREATED).await?;
        Ok(doc)
    }
}

struct Insertion<'a> {
    tx: &'a Conn,
    core: &'a Core,
    scope: &'a Scope,
    project: &'a Located,
    reach: Reach<'a>,
    upsert: bool,
    now: Millis,
}

impl Insertion<'_> {
    /// The outer result fails the whole transaction, the inner one only this variable.
    async fn one(&self, draft: &Draft) -> Result<Result<String>> {
        let (variable, value, sealed) = match draft {
            Ok(draft) => draft,
            Err(error) => return Ok(Err(error.clone())),
        };
        let named = variable.custom_environment_ids.iter();
        if let Some(id) = environments::unknown(self.tx, &self.project.id, named).await? {
            return Ok(Err(rules::no_environment(id, variable)));
        }
        let found = look(self.tx, &self.project.id, variable, None).await?;
        if let Some(other) = found.taken {
            return self.onto(&other, variable, value).await;
        }
        if found.full {
            return Ok(Err(too_many(&variable.key)));
        }
        let place =
            Place { tx: self.tx, core: self.core, scope: self.scope, project: self.project, now: self.now };
        let doc = place.add(variable, sealed, found.newest, None).await?;
        let stored = Stored { id: variable.id.as_str(), doc: &doc, value: sealed };
        Ok(Ok(stored.wire(self.core, false)?))
    }

    /// A variable with this key stands in one of its environments: that is updated where it is the same one and the caller asked
    /// for it, else it is a conflict.
    async fn onto(&self, other: &str, variable: &Variable, value: &str) -> Result<Result<String>> {
        let row: (String,) = self.tx.one("SELECT doc FROM envs WHERE id = $1", &params![other]).await?;
        let existing: Variable = serde_json::from_str(&row.0)?;
        let may = self.reach.own.is_none_or(|own| existing.configuration_id.as_ref() == Some(own));
        if !self.upsert || !may || !same_environments(&existing, variable) {
            return Ok(Err(conflict(variable)));
        }
        let updated = Variable {
            kind: variable.kind,
            comment: variable.comment.clone().or(existing.comment),
            visibility: variable.visibility.or(existing.visibility),
            updated_at: self.now,
            updated_by: author(self.scope),
            ..existing
        };
        let sealed = self.core.vault.seal(updated.id.as_str(), value.as_bytes(), &self.core.entropy)?;
        let doc = serde_json::to_string(&updated)?;
        let sql = "UPDATE envs SET value = $2, doc = $3 WHERE id = $1";
        self.tx.execute(sql, &params![&updated.id, sealed.as_slice(), &doc]).await?;
        announce(self.tx, self.core, self.scope, self.project, &updated, self.now, super::UPDATED).await?;
        let stored = Stored { id: updated.id.as_str(), doc: &doc, value: &sealed };
        Ok(Ok(stored.wire(self.core, false)?))
    }
}

fn same_environments(one: &Variable, other: &Variable) -> bool {
    let sorted = |variable: &Variable| {
        let mut names: Vec<String> = variable.environments().into_iter().map(str::to_owned).collect();
        names.sort();
        names
    };
    sorted(one) == sorted(other)
}

/// What stands where a variable is to go.
#[derive(Default)]
pub(super) struct Found {
    /// The stamp of the project's newest variable, and its number.
    pub newest: (Millis, i64),
    /// Another variable with the same key and branch in one of the environments.
    pub taken: Option<String>,
    /// One of the environments that are new to the variable has no room left.
    pub full: bool,
}

/// One statement for each three environments, which are all that most variables have. `before` is the variable as it stands.
pub(super) async fn look(
    tx: &Conn,
    project: &ProjectId,
    variable: &Variable,
    before: Option<&Variable>,
) -> Result<Found> {
    let sql = "SELECT COALESCE((SELECT created_at FROM envs WHERE project_id = $1 ORDER BY created_at DESC LIMIT 1), 0),
      COALESCE((SELECT number FROM envs WHERE project_id = $1 ORDER BY created_at DESC LIMIT 1), 0),
      (SELECT MIN(env_id) FROM env_targets
         WHERE project_id = $1 AND target IN ($4, $5, $6) AND key = $2 AND git_branch = $3 AND env_id <> $7)";
    let mut found = Found::default();
    for environments in variable.environments().chunks(3) {
        // No environment is named by an empty text.
        let environment = |at: usize| environments.get(at).copied().unwrap_or_default();
        let except = before.map_or("", |before| before.id.as_str());
        let (key, branch) = (&variable.key, variable.branch());
        let params = params![project, key, branch, environment(0), environment(1), environment(2), except];
        let (stamp, number, taken): (Millis, i64, Option<String>) = tx.one(sql, &params).await?;
        found.newest = (stamp, number);
        found.taken = found.taken.or(taken);
    }
    // Numbers are never less than how many there are, so most projects need not be counted.
    if found.newest.1 >= PER_ENVIRONMENT {
        let there = before.map(Variable::environments).unwrap_or_default();
        let variable = variable.environments();
        for environment in variable.iter().filter(|environment| !there.contains(environment)) {
            found.full |= is_full(tx, project, environment).await?;
        }
    }
    Ok(found)
}

async fn is_full(tx: &Conn, project: &ProjectId, environment: &str) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM env_targets WHERE project_id = $1 AND target = $2";
    let (count,): (i64,) = tx.one(sql, &params![project, environment]).await?;
    Ok(count >= PER_ENVIRONMENT)
}

/// The key is taken in one of the environments, on the same branch.
pub(super) fn conflict(variable: &Variable) -> Error {
    let branch = variable.git_branch.as_deref().unwrap_or("undefined");
    let text = format!(
        "A variable with the name `{}` already exists for the target {} on branch {branch}",
        variable.key,
        variable.environments().join(",")
    );
    let targets: Vec<&str> = variable.target.iter().map(|target| target.as_str()).collect();
    let mut error =
        failure("ENV_CONFLICT", text).with("envVarKey", variable.key.as_str()).with("target", targets);
    if let Some(branch) = &variable.git_branch {
        error = error.with("gitBranch", branch.as_str());
    }
    error
}

pub(super) fn too_many(key: &str) -> Error {
    let text = format!("The limit of {PER_ENVIRONMENT} environment variables for one environment is reached");
    failure("MAX_ENVS_EXCEEDED", text).with("key", key)
}

/// What a new variable refers to is gone: an installation that was removed since its token was looked at, or the project.
fn parent_gone(scope: &Scope) -> Error {
    match scope.configuration() {
        Some(_) => Error::invalid_token(),
        None => Error::not_found("Project"),
    }
}
