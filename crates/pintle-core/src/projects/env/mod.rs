//! Environment variables of a project (semantics.md 7).
//!
//! A variable is one row; each of its targets and custom environments is a row of `env_targets`, whose unique index is the rule
//! that no two variables of a project have the same key in the same environment and branch. The value is sealed in a column of
//! its own and joins the stored document only on its way out.

mod connected;
mod copy;
mod create;
mod edit;
mod effective;
mod insert;
mod leave;
mod list;
mod policy;
mod pull;
mod remove;
mod rules;
pub mod shared;

pub(crate) use connected::{Connected, Wanted, sync};
pub(in crate::projects) use copy::copy;
pub(in crate::projects) use create::Drafts;
pub use create::{Body, NewVariable, OneOrMany, create};
pub use edit::{Change, edit};
pub(in crate::projects) use insert::insert;
pub(in crate::projects) use leave::leave;
pub use list::{Filter, get, list};
pub(crate) use policy::Policy;
pub use pull::{Pulled, pull};
pub(crate) use remove::tell_of_end;
pub use remove::{Ids, Removed, remove, remove_many};

use super::{Located, reach};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, EnvId, IntegrationId, ProductId, ProjectId, ResourceId, UserId};
use crate::permissions::{Permission, ProjectRole, may_touch_production};
use crate::scope::{Principal, Scope};
use crate::{Core, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pintle_store::{Conn, Value, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One that the platform fills in; it has no value of its own.
    System,
    /// Refers to an old named secret.
    Secret,
    Encrypted,
    Plain,
    /// Never readable again.
    Sensitive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    Production,
    Preview,
    Development,
}

impl Target {
    pub const ALL: [Target; 3] = [Target::Production, Target::Preview, Target::Development];

    pub fn as_str(self) -> &'static str {
        match self {
            Target::Production => "production",
            Target::Preview => "preview",
            Target::Development => "development",
        }
    }

    pub fn parse(text: &str) -> Option<Target> {
        Target::ALL.into_iter().find(|target| target.as_str() == text)
    }
}

/// What is stored, and what the wire shows beside the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Stands first, so that `Kind::of` need not read the whole document.
    #[serde(rename = "type")]
    pub kind: Kind,
    pub id: EnvId,
    pub key: String,
    pub target: Vec<Target>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_environment_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `config` or `secret`, of newer clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// The installation that owns it: whose token made it, or whose resource it belongs to.
    pub configuration_id: Option<ConfigurationId>,
    /// What it belongs to, where it follows something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hint: Option<ContentHint>,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub created_by: Option<UserId>,
    pub updated_by: Option<UserId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ContentHint {
    /// A secret of a marketplace resource.
    IntegrationStoreSecret {
        store_id: ResourceId,
        integration_id: IntegrationId,
        integration_product_id: ProductId,
        integration_configuration_id: ConfigurationId,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    Config,
    Secret,
}

impl Variable {
    /// Its targets and custom environments, as `env_targets` has them.
    fn environments(&self) -> Vec<&str> {
        let targets = self.target.iter().map(|target| target.as_str());
        targets.chain(self.custom_environment_ids.iter().map(String::as_str)).collect()
    }

    fn branch(&self) -> &str {
        self.git_branch.as_deref().unwrap_or_default()
    }

    fn in_production(&self) -> bool {
        self.target.contains(&Target::Production)
    }

    /// A row of `env_targets` for each environment: one statement for each three, which are all that most variables have.
    async fn insert_targets(&self, tx: &Conn, project: &ProjectId) -> Result<()> {
        const INTO: [&str; 3] = [
            "INSERT INTO env_targets (env_id, project_id, key, git_branch, target) VALUES ($1, $2, $3, $4, $5)",
            "INSERT INTO env_targets (env_id, project_id, key, git_branch, target)
               VALUES ($1, $2, $3, $4, $5), ($1, $2, $3, $4, $6)",
            "INSERT INTO env_targets (env_id, project_id, key, git_branch, target)
               VALUES ($1, $2, $3, $4, $5), ($1, $2, $3, $4, $6), ($1, $2, $3, $4, $7)",
        ];
        for environments in self.environments().chunks(INTO.len()) {
            let mut params = params![&self.id, project, &self.key, self.branch()].to_vec();
            params.extend(environments.iter().map(|name| Value::from(*name)));
            tx.execute(INTO[environments.len() - 1], &params).await?;
        }
        Ok(())
    }
}

impl Kind {
    /// The type of a stored variable. Lists ask this of every row, so it looks only at the document's beginning.
    fn of(doc: &str) -> Result<Kind> {
        let kinds = [
            (r#"{"type":"encrypted""#, Kind::Encrypted),
            (r#"{"type":"plain""#, Kind::Plain),
            (r#"{"type":"sensitive""#, Kind::Sensitive),
            (r#"{"type":"system""#, Kind::System),
            (r#"{"type":"secret""#, Kind::Secret),
        ];
        match kinds.iter().find(|(beginning, _)| doc.starts_with(beginning)) {
            Some((_, kind)) => Ok(*kind),
            None => Ok(serde_json::from_str::<Variable>(doc)?.kind),
        }
    }
}

/// A variable as it is stored, for the way out.
struct Stored<'a> {
    id: &'a str,
    doc: &'a str,
    value: &'a [u8],
}

impl Stored<'_> {
    /// The value on the wire, and whether that is the decrypted one. A sensitive value never shows; a plain one always does; any other
    /// shows decrypted where that is asked for, else as the opaque text of its sealed bytes.
    fn shown(&self, core: &Core, decrypt: bool) -> Result<(String, bool)> {
        Ok(match Kind::of(self.doc)? {
            Kind::Sensitive => (String::new(), false),
            Kind::Plain | Kind::System => (core.vault.open_text(self.id, self.value)?, true),
            _ if decrypt => (core.vault.open_text(self.id, self.value)?, true),
            _ => (STANDARD.encode(self.value), false),
        })
    }

    /// Appends the wire form: the stored document with the value.
    fn write(&self, core: &Core, decrypt: bool, out: &mut String) -> Result<()> {
        let (value, decrypted) = self.shown(core, decrypt)?;
        out.push_str("{\"value\":");
        out.push_str(&serde_json::to_string(&value)?);
        out.push_str(if decrypted { ",\"decrypted\":true," } else { ",\"decrypted\":false," });
        // Newer clients insist on it. Pintle looks for no issues.
        out.push_str("\"securityIssues\":[],");
        // The document is an object that is never empty, so what is left of it begins with a key.
        out.push_str(self.doc.get(1..).unwrap_or("}"));
        Ok(())
    }

    fn wire(&self, core: &Core, decrypt: bool) -> Result<String> {
        let mut out = String::with_capacity(self.doc.len() + 2 * self.value.len() + 64);
        self.write(core, decrypt, &mut out)?;
        Ok(out)
    }
}

/// Which variables of a project the caller may see and change.
struct Reach<'a> {
    /// Only those of this installation: it has the scope `project-env-vars`, not `global-project-env-vars`.
    own: Option<&'a ConfigurationId>,
    /// Those of production too.
    production: bool,
}

impl<'a> Reach<'a> {
    fn of(scope: &'a Scope, in_project: Option<ProjectRole>) -> Self {
        match &scope.principal {
            Principal::Installation(installation) => {
                let all = installation.scopes.can_write("global-project-env-vars");
                Self { own: (!all).then_some(&installation.configuration), production: true }
            }
            Principal::User { .. } => {
                Self { own: None, production: may_touch_production(scope.role, &scope.extended, in_project) }
            }
            Principal::Closing { .. } => Self { own: None, production: false },
            Principal::System => Self { own: None, production: true },
        }
    }

    /// # Errors
    /// 403 where this is a variable of production and the caller may not touch those.
    fn check(&self, variable: &Variable) -> Result<()> {
        self.check_production(variable.in_production())
    }

    /// # Errors
    /// As `check`.
    fn check_production(&self, in_production: bool) -> Result<()> {
        if in_production && !self.production {
            return Err(Error::forbidden(
                "Not authorized: environment variables of production need a further permission",
            ));
        }
        Ok(())
    }
}

/// Whoever may change environments may not for that alone make or remove variables.
///
/// # Errors
/// 403 where the caller may not.
async fn require_write(conn: &Conn, scope: &Scope, project: &Located) -> Result<()> {
    match reach::may(conn, scope, &project.id, Permission::EnvWrite).await? {
        true => Ok(()),
        false => Err(Error::forbidden("Not authorized: environment variables need a further permission")),
    }
}

/// What happened to a variable: its name in the audit log and as a webhook event, and as a verb.
type Happened = (&'static str, &'static str, &'static str);

const CREATED: Happened = ("env-variable-add", "project.env-variable.created", "added");
const UPDATED: Happened = ("env-variable-edit", "project.env-variable.updated", "edited");
const REMOVED: Happened = ("env-variable-delete", "project.env-variable.deleted", "removed");

/// Records it. The value is no part of it.
async fn announce(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    project: &Located,
    variable: &Variable,
    now: Millis,
    (kind, hook, verb): Happened,
) -> Result<()> {
    let text = format!("{verb} environment variable {} of {}", variable.key, project.name);
    let payload = json!({
        "projectId": project.id, "projectName": project.name, "envVarId": variable.id, "key": variable.key,
        "target": variable.target, "type": variable.kind,
    });
    let told = json!({ "projectId": project.id, "envVarId": variable.id });
    let event = Event::new(kind, text, payload).in_project(&project.id).hook(scope, hook, told);
    events::record(tx, core, scope, now, event).await.map(drop)
}

fn not_found() -> Error {
    Error::not_found("Environment variable")
}

/// A variable that the caller may change, in the transaction of the change.
async fn load(tx: &Conn, reach: &Reach<'_>, project: &ProjectId, id: &str) -> Result<(Variable, Vec<u8>)> {
    let sql = "SELECT doc, value FROM envs
      WHERE id = $1 AND project_id = $2 AND (CAST($3 AS TEXT) IS NULL OR configuration_id = $3)";
    let row: Option<(String, Vec<u8>)> = tx.opt(sql, &params![id, project, reach.own]).await?;
    let (doc, value) = row.ok_or_else(not_found)?;
    let variable: Variable = serde_json::from_str(&doc)?;
    reach.check(&variable)?;
    Ok((variable, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_document_begins_with_its_type() {
        for kind in [Kind::System, Kind::Secret, Kind::Encrypted, Kind::Plain, Kind::Sensitive] {
            let variable = Variable {
                kind,
                id: EnvId::from("a"),
                key: "KEY".into(),
                target: vec![Target::Preview],
                custom_environment_ids: Vec::new(),
                git_branch: None,
                comment: None,
                visibility: None,
                configuration_id: None,
                content_hint: None,
                created_at: 1,
                updated_at: 1,
                created_by: None,
                updated_by: None,
            };
            let doc = serde_json::to_string(&variable).unwrap();
            assert!(doc.starts_with("{\"type\":"), "{doc}");
            assert_eq!(Kind::of(&doc).unwrap(), kind);
            assert_eq!(Kind::of(&doc.replacen('{', "{ ", 1)).unwrap(), kind);
        }
    }
}
