//! createCustomEnvironment.

use super::{BranchMatcher, Environment, LIMIT, check_description, check_slug, event, find, slug_taken};
use crate::ids::EnvironmentId;
use crate::projects::env::{self, Target};
use crate::projects::{Located, locate};
use crate::{Core, Error, Kind, OnConstraint, Result, Scope, events};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEnvironment {
    pub slug: String,
    pub description: Option<String>,
    pub branch_matcher: Option<BranchMatcher>,
    /// A target, or another custom environment by its slug or id.
    pub copy_env_vars_from: Option<String>,
}

impl NewEnvironment {
    fn check(&self) -> Result<()> {
        check_slug(&self.slug)?;
        check_description(self.description.as_deref().unwrap_or_default())?;
        self.branch_matcher.as_ref().map_or(Ok(()), BranchMatcher::check)
    }
}

/// createCustomEnvironment: with copies of the variables of another environment, where one is named.
///
/// # Errors
/// 400 for a body that breaks the contract, a slug that is taken, an environment to copy from that is not there, and beyond the limit
/// of a project; 403 for variables that the caller may not read; 404 and 403 as `locate`.
pub async fn create(core: &Core, scope: &Scope, project: &str, new: NewEnvironment) -> Result<Environment> {
    new.check()?;
    let now = core.clock.now();
    let environment = Environment {
        id: EnvironmentId::new(&core.entropy),
        slug: new.slug,
        kind: Target::Preview,
        description: new.description.filter(|text| !text.is_empty()),
        branch_matcher: new.branch_matcher,
        created_at: now,
        updated_at: now,
    };
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    let copied = new.copy_env_vars_from.filter(|from| !from.is_empty());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            let sql = "SELECT COUNT(*) FROM custom_environments WHERE project_id = $1";
            if tx.one::<(i64,)>(sql, &params![&project.id]).await?.0 >= LIMIT {
                let text = format!("A project has at most {LIMIT} custom environments");
                return Err(Error::new(Kind::BadRequest, "custom_environments_limit_exceeded", text));
            }
            insert(tx, &project, &environment).await?;
            let created = event("project-custom-environment-created", "created", &project, &environment);
            events::record(tx, &core, &scope, now, created).await?;
            if let Some(from) = &copied {
                let from = source(tx, &project, from).await?;
                env::copy(tx, &core, &scope, &project, &from, &environment.id, now).await?;
            }
            Ok(environment.clone())
        })
        .await
}

async fn insert(tx: &Conn, project: &Located, environment: &Environment) -> Result<()> {
    tx.execute(
        "INSERT INTO custom_environments (id, project_id, slug, created_at, doc) VALUES ($1, $2, $3, $4, $5)",
        &params![
            &environment.id,
            &project.id,
            &environment.slug,
            environment.created_at,
            serde_json::to_string(environment)?
        ],
    )
    .await
    .on_unique("custom_environments_project_id_slug_key", || slug_taken(&environment.slug))
    .on_missing_parent(|| Error::not_found("Project"))
    .map(drop)
}

/// The environment to copy from, as variables name it.
async fn source(tx: &Conn, project: &Located, from: &str) -> Result<String> {
    if let Some(target) = Target::parse(from) {
        return Ok(target.as_str().to_owned());
    }
    let missing = || Error::bad_request(format!("There is no environment `{from}` to copy variables from"));
    Ok(find(tx, &project.id, from).await?.ok_or_else(missing)?.id.to_string())
}
