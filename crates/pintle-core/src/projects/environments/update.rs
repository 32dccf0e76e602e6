//! updateCustomEnvironment.

use super::{
    BranchMatcher, Environment, Shown, check_description, check_slug, event, find, not_found, shown,
    slug_taken,
};
use crate::patch::Patch;
use crate::projects::locate;
use crate::{Core, OnConstraint, Result, Scope, events};
use pintle_store::params;
use serde::Deserialize;

/// The body. `null` takes the description or the matcher away.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvironmentPatch {
    pub slug: Option<String>,
    pub description: Patch<String>,
    pub branch_matcher: Patch<BranchMatcher>,
}

impl EnvironmentPatch {
    fn check(&self) -> Result<()> {
        self.slug.as_deref().map_or(Ok(()), check_slug)?;
        self.description.as_set().map_or(Ok(()), |text| check_description(text))?;
        self.branch_matcher.as_set().map_or(Ok(()), BranchMatcher::check)
    }

    fn apply(&self, before: &Environment) -> Environment {
        let mut after = before.clone();
        if let Some(slug) = &self.slug {
            after.slug.clone_from(slug);
        }
        self.description.clone().apply(&mut after.description);
        after.description.take_if(|text| text.is_empty());
        self.branch_matcher.clone().apply(&mut after.branch_matcher);
        after
    }
}

/// updateCustomEnvironment. Its variables stay, since they name it by its id; a change of nothing writes nothing.
///
/// # Errors
/// 400 for a body that breaks the contract and for a slug that is taken; 404 where the project has no such environment; 404 and 403 as
/// `locate`.
pub async fn update(
    core: &Core,
    scope: &Scope,
    project: &str,
    slug_or_id: &str,
    patch: EnvironmentPatch,
) -> Result<Shown> {
    patch.check()?;
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, slug_or_id) = (project.to_owned(), slug_or_id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            let before = find(tx, &project.id, &slug_or_id).await?.ok_or_else(not_found)?;
            let mut after = patch.apply(&before);
            if before == after {
                return shown::one(tx, before).await;
            }
            after.updated_at = now;
            let sql = "UPDATE custom_environments SET slug = $2, doc = $3 WHERE id = $1";
            tx.execute(sql, &params![&after.id, &after.slug, serde_json::to_string(&after)?])
                .await
                .on_unique("custom_environments_project_id_slug_key", || slug_taken(&after.slug))?;
            let updated = event("project-custom-environment-updated", "changed", &project, &after);
            events::record(tx, &core, &scope, now, updated).await?;
            shown::one(tx, after).await
        })
        .await
}
