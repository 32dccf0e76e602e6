//! What a deployment gets: every variable of its environment, and of several with the same name the nearest one.

use super::shared::{self, SharedVariable};
use super::{Kind, Target, Variable};
use crate::ids::{ConfigurationId, ProjectId};
use crate::{Core, Result};
use pintle_store::{Conn, params};
use std::collections::BTreeMap;

/// Where a deployment runs.
pub(crate) struct Environment<'a> {
    /// A target, or the id of a custom environment.
    pub name: &'a str,
    /// `production`, `preview` or `development`, which a custom environment has too.
    pub kind: Target,
    /// What people call it: the target, or the slug.
    pub called: &'a str,
    /// The Git branch it is made from; empty where it has none. Only previews have variables of a branch.
    pub branch: &'a str,
}

/// A variable that a deployment gets.
pub(crate) struct Effective {
    /// In the clear; empty where it is sensitive, since nobody here may read it.
    pub value: String,
    /// The installation that owns it.
    pub configuration: Option<ConfigurationId>,
    /// It is shared, not the project's own.
    pub shared: bool,
    pub sensitive: bool,
    /// Production has it too.
    pub in_production: bool,
}

/// The project's own: those without a branch first, so that those of the branch take their place.
const OWN: &str = "SELECT e.doc, e.value FROM env_targets t JOIN envs e ON e.id = t.env_id
  WHERE t.project_id = $1 AND t.target = $2 AND t.git_branch IN ('', $3) ORDER BY t.git_branch, t.key";

/// Those of all places: to join their targets, PostgreSQL would read everybody's.
const SHARED: &str = "SELECT e.doc, e.value FROM shared_env_projects l JOIN shared_envs e ON e.id = l.env_id
  WHERE l.project_id = $1";

/// A deployment's variables by their names. The project's own beat shared ones, those of the branch beat those without one. A custom
/// environment has the variables that name it, and shared ones for all custom environments: it inherits nothing from a target.
pub(crate) async fn effective(
    conn: &Conn,
    core: &Core,
    project: &ProjectId,
    environment: &Environment<'_>,
) -> Result<BTreeMap<String, Effective>> {
    let mut found = BTreeMap::new();
    let everywhere =
        if Target::parse(environment.name).is_some() { environment.name } else { shared::CUSTOM };
    for (doc, sealed) in conn.all::<(String, Vec<u8>)>(SHARED, &params![project]).await? {
        let variable: SharedVariable = serde_json::from_str(&doc)?;
        if !variable.places().contains(&everywhere) {
            continue;
        }
        let value = match variable.kind {
            Kind::Sensitive => String::new(),
            _ => core.vault.open_text(variable.id.as_str(), &sealed)?,
        };
        let sensitive = variable.kind == Kind::Sensitive;
        let in_production = variable.target.contains(&Target::Production);
        let one = Effective { value, configuration: None, shared: true, sensitive, in_production };
        found.insert(variable.key, one);
    }
    let params = params![project, environment.name, environment.branch];
    for (doc, sealed) in conn.all::<(String, Vec<u8>)>(OWN, &params).await? {
        let variable: Variable = serde_json::from_str(&doc)?;
        let value = match variable.kind {
            Kind::System => environment.system(&variable.key),
            Kind::Sensitive => String::new(),
            _ => core.vault.open_text(variable.id.as_str(), &sealed)?,
        };
        let sensitive = variable.kind == Kind::Sensitive;
        let in_production = variable.in_production();
        let configuration = variable.configuration_id;
        let one = Effective { value, configuration, shared: false, sensitive, in_production };
        found.insert(variable.key, one);
    }
    Ok(found)
}

impl Environment<'_> {
    /// The value of a variable that the platform fills in; empty for what only a deployment has.
    fn system(&self, key: &str) -> String {
        let value = match key {
            "VERCEL" => "1",
            "VERCEL_ENV" => self.kind.as_str(),
            "VERCEL_TARGET_ENV" => self.called,
            "VERCEL_GIT_COMMIT_REF" => self.branch,
            _ => "",
        };
        value.to_owned()
    }
}
