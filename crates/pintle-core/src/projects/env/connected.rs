//! Variables of a resource's connection. They follow the resource's secrets, whatever was done to them meanwhile.

use super::create::author;
use super::insert::{Place, conflict, look, too_many};
use super::policy::Policy;
use super::{ContentHint, Kind, REMOVED, Target, UPDATED, Variable, announce, rules};
use crate::clock::Millis;
use crate::ids::{ConfigurationId, ConnectionId, EnvId};
use crate::projects::Located;
use crate::{Core, Error, Kind as Failure, Result, Scope};
use pintle_store::{Conn, params};

/// One variable that a connection is to have.
#[derive(Clone, PartialEq)]
pub(crate) struct Wanted {
    pub key: String,
    pub value: String,
    pub target: Vec<Target>,
}

/// The connection that they belong to.
pub(crate) struct Connected<'a> {
    pub connection: &'a ConnectionId,
    pub configuration: &'a ConfigurationId,
    pub hint: ContentHint,
    pub project: &'a Located,
    /// Never readable again, whatever the team demands.
    pub sensitive: bool,
}

/// Gives a connection these variables and no others; each that comes, changes or goes has its event.
///
/// # Errors
/// 409 where the project has one of the names already, 400 for a name or value that no variable can have and beyond the limit of an
/// environment; then the transaction must fail.
pub(crate) async fn sync(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    of: &Connected<'_>,
    wanted: Vec<Wanted>,
    now: Millis,
) -> Result<()> {
    let policy = Policy::read(tx, scope).await?;
    let mut wanted = of.variables(core, scope, policy.sensitive, wanted, now)?;
    let place = Place { tx, core, scope, project: of.project, now };
    let sql = "SELECT doc, value FROM envs WHERE connection_id = $1 ORDER BY id";
    for (doc, sealed) in tx.all::<(String, Vec<u8>)>(sql, &params![of.connection]).await? {
        let before: Variable = serde_json::from_str(&doc)?;
        let same = |(variable, _): &(Variable, String)| {
            variable.key == before.key && variable.environments() == before.environments()
        };
        match wanted.iter().position(same) {
            Some(at) => {
                let (after, value) = wanted.remove(at);
                place.refresh(before, &sealed, after, &value).await?;
            }
            None => {
                tx.execute("DELETE FROM envs WHERE id = $1", &params![&before.id]).await?;
                announce(tx, core, scope, of.project, &before, now, REMOVED).await?;
            }
        }
    }
    for (variable, value) in wanted {
        place.connect(of.connection, &variable, &value).await?;
    }
    Ok(())
}

impl Connected<'_> {
    /// A sensitive variable cannot target development, so that gets a readable one of its own.
    fn variables(
        &self,
        core: &Core,
        scope: &Scope,
        demanded: bool,
        wanted: Vec<Wanted>,
        now: Millis,
    ) -> Result<Vec<(Variable, String)>> {
        let sensitive = self.sensitive || demanded;
        let mut variables = Vec::with_capacity(wanted.len());
        for Wanted { key, value, target } in wanted {
            let (apart, together): (Vec<_>, Vec<_>) =
                target.into_iter().partition(|target| sensitive && *target == Target::Development);
            let kind = if sensitive { Kind::Sensitive } else { Kind::Encrypted };
            for (target, kind) in [(together, kind), (apart, Kind::Encrypted)] {
                if target.is_empty() {
                    continue;
                }
                let variable = self.variable(EnvId::at(now, &core.entropy), key.clone(), target, kind, scope);
                rules::check(&variable, &value)?;
                variables.push((variable, value.clone()));
            }
        }
        Ok(variables)
    }

    fn variable(&self, id: EnvId, key: String, target: Vec<Target>, kind: Kind, scope: &Scope) -> Variable {
        Variable {
            kind,
            id,
            key,
            target,
            custom_environment_ids: Vec::new(),
            git_branch: None,
            comment: None,
            visibility: None,
            configuration_id: Some(self.configuration.clone()),
            content_hint: Some(self.hint.clone()),
            created_at: 0,
            updated_at: 0,
            created_by: author(scope),
            updated_by: author(scope),
        }
    }
}

impl Place<'_> {
    async fn connect(&self, connection: &ConnectionId, variable: &Variable, value: &str) -> Result<()> {
        let found = look(self.tx, &self.project.id, variable, None).await?;
        if found.taken.is_some() {
            return Err(taken(variable, self.project));
        }
        if found.full {
            return Err(too_many(&variable.key));
        }
        let sealed = self.core.vault.seal(variable.id.as_str(), value.as_bytes(), &self.core.entropy)?;
        self.add(variable, &sealed, found.newest, Some(connection)).await.map(drop)
    }

    /// Gives a variable another value or kind, or says that it comes from elsewhere, where that is so.
    async fn refresh(&self, before: Variable, sealed: &[u8], wanted: Variable, value: &str) -> Result<()> {
        let id = before.id.clone();
        let Variable { kind, content_hint, .. } = wanted;
        let same = before.kind == kind && before.content_hint == content_hint;
        if same && self.core.vault.open_text(id.as_str(), sealed)? == value {
            return Ok(());
        }
        let after =
            Variable { kind, content_hint, updated_at: self.now, updated_by: author(self.scope), ..before };
        let sealed = self.core.vault.seal(id.as_str(), value.as_bytes(), &self.core.entropy)?;
        let doc = serde_json::to_string(&after)?;
        let sql = "UPDATE envs SET value = $2, doc = $3 WHERE id = $1";
        self.tx.execute(sql, &params![&id, sealed.as_slice(), &doc]).await?;
        announce(self.tx, self.core, self.scope, self.project, &after, self.now, UPDATED).await
    }
}

/// The same as for a variable that somebody creates, in the words of a connection.
fn taken(variable: &Variable, project: &Located) -> Error {
    let mut error = conflict(variable);
    error.kind = Failure::Conflict;
    error.message = format!("Project {}: {}", project.name, error.message);
    error.with("projectId", project.id.as_str())
}
