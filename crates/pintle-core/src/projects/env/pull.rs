//! What the command line writes into a file of variables (`vercel env pull`, and `link`, `pull`, `build` and `dev` by it).

use super::effective::{Effective, Environment, effective};
use super::{Reach, Target};
use crate::projects::{environments, locate};
use crate::{Core, Error, Result, Scope};
use serde::Serialize;
use std::collections::BTreeMap;

/// The answer: one set of variables for the program, and one for its build. Here they are the same.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pulled {
    pub env: BTreeMap<String, String>,
    pub build_env: BTreeMap<String, String>,
}

/// The variables of an environment, which is a target, or a custom environment by its slug or id. A sensitive one has no value here.
/// What the caller may not see is left out, and nothing weaker stands in its place; so are sensitive shared ones: that they are sensitive the
/// command line learns from the project's list alone, and it would write their empty values over those that a file has.
///
/// # Errors
/// 404 for an environment that the project does not have; 403 for production without the right to it; 404 and 403 as `locate`.
pub async fn pull(
    core: &Core,
    scope: &Scope,
    project: &str,
    environment: &str,
    branch: Option<&str>,
) -> Result<Pulled> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, project).await?;
    let reach = Reach::of(scope, project.role);
    let target = Target::parse(environment);
    reach.check_production(target == Some(Target::Production))?;
    let custom = match target {
        Some(_) => None,
        None => environments::find(&conn, &project.id, environment).await?,
    };
    let (name, kind, called) = match (target, &custom) {
        (Some(target), _) => (target.as_str(), target, target.as_str()),
        (None, Some(custom)) => (custom.id.as_str(), custom.kind, custom.slug.as_str()),
        (None, None) => return Err(Error::not_found("Environment")),
    };
    let asked = Environment { name, kind, called, branch: branch.unwrap_or_default() };
    let found = effective(&conn, core, &project.id, &asked).await?;
    let env: BTreeMap<_, _> =
        found.into_iter().filter(|(_, one)| one.is_seen(&reach)).map(|(key, one)| (key, one.value)).collect();
    Ok(Pulled { build_env: env.clone(), env })
}

impl Effective {
    fn is_seen(&self, reach: &Reach<'_>) -> bool {
        if self.shared && self.sensitive {
            return false;
        }
        let own = reach.own.is_none_or(|own| !self.shared && self.configuration.as_ref() == Some(own));
        own && (reach.production || !self.in_production)
    }
}
