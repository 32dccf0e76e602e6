//! removeCustomEnvironment.

use super::{Environment, event, find, not_found};
use crate::projects::{domains, env, locate};
use crate::{Core, Result, Scope, events};
use pintle_store::params;
use serde::Deserialize;

/// The body.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Removal {
    /// Whether variables that are in no other environment go with it. Else they stay, in none.
    pub delete_unassigned_environment_variables: bool,
}

/// removeCustomEnvironment: variables that are elsewhere too stay there; what becomes of the others the caller says. Its domains go.
///
/// # Errors
/// 404 where the project has no such environment; 404 and 403 as `locate`.
pub async fn remove(
    core: &Core,
    scope: &Scope,
    project: &str,
    slug_or_id: &str,
    removal: Removal,
) -> Result<Environment> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, slug_or_id) = (project.to_owned(), slug_or_id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            let environment = find(tx, &project.id, &slug_or_id).await?.ok_or_else(not_found)?;
            let unassigned = removal.delete_unassigned_environment_variables;
            env::leave(tx, &core, &scope, &project, &environment.id, unassigned, now).await?;
            domains::leave(tx, &core, &scope, &project, &environment.id, now).await?;
            let sql = "DELETE FROM custom_environments WHERE id = $1";
            tx.execute(sql, &params![&environment.id]).await?;
            let deleted = event("project-custom-environment-deleted", "deleted", &project, &environment);
            events::record(tx, &core, &scope, now, deleted).await?;
            Ok(environment)
        })
        .await
}
