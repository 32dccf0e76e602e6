//! Custom environments: what a project has beside production, preview and development. A variable names one by its id, and the
//! branches that it is for are told by a matcher.

mod create;
mod remove;
mod shown;
mod update;

pub use create::{NewEnvironment, create};
pub use remove::{Removal, remove};
pub use shown::Shown;
pub(super) use shown::shown;
pub use update::{EnvironmentPatch, update};

use super::env::Target;
use super::{Located, locate};
use crate::clock::Millis;
use crate::events::Event;
use crate::ids::{EnvironmentId, ProjectId};
use crate::{Core, Error, Kind, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// Custom environments of one project.
pub const LIMIT: i64 = 12;

/// What is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    pub id: EnvironmentId,
    pub slug: String,
    /// Always preview: what a deployment to it is, as far as production goes.
    #[serde(rename = "type")]
    pub kind: Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_matcher: Option<BranchMatcher>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// The branches that are deployed to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BranchMatcher {
    #[serde(rename = "type")]
    pub how: How,
    pub pattern: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    Equals,
    StartsWith,
    EndsWith,
}

impl BranchMatcher {
    pub fn matches(&self, branch: &str) -> bool {
        match self.how {
            How::Equals => branch == self.pattern,
            How::StartsWith => branch.starts_with(&self.pattern),
            How::EndsWith => branch.ends_with(&self.pattern),
        }
    }

    fn check(&self) -> Result<()> {
        validate::length("branchMatcher.pattern", &self.pattern, 100)
    }
}

/// A slug has no underscore, so none can look like an id, and none is the name of a target.
fn check_slug(slug: &str) -> Result<()> {
    validate::slug("slug", slug, 32)?;
    if slug.contains('_') {
        return Err(Error::invalid("`slug` should match pattern \"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$\"."));
    }
    match Target::parse(slug) {
        Some(_) => Err(Error::bad_request(format!("A custom environment cannot be named `{slug}`"))),
        None => Ok(()),
    }
}

fn check_description(text: &str) -> Result<()> {
    validate::at_most("description", text, 256)
}

/// 400, as the contract has no 409 here.
fn slug_taken(slug: &str) -> Error {
    Error::new(Kind::BadRequest, "slug_taken", format!("The project has an environment `{slug}` already"))
}

fn not_found() -> Error {
    Error::not_found("Custom environment")
}

pub(super) async fn find(conn: &Conn, project: &ProjectId, slug_or_id: &str) -> Result<Option<Environment>> {
    let sql = "SELECT doc FROM custom_environments WHERE project_id = $1 AND (id = $2 OR slug = $2)";
    let row: Option<(String,)> = conn.opt(sql, &params![project, slug_or_id]).await?;
    row.map(|(doc,)| Ok(serde_json::from_str(&doc)?)).transpose()
}

/// The first of these ids that is not a custom environment of the project.
pub(super) async fn unknown<'a>(
    conn: &Conn,
    project: &ProjectId,
    ids: impl Iterator<Item = &'a String>,
) -> Result<Option<&'a str>> {
    for id in ids {
        let sql = "SELECT id FROM custom_environments WHERE id = $1 AND project_id = $2";
        if conn.opt::<(String,)>(sql, &params![id, project]).await?.is_none() {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The answer of a list: those whose matcher takes the branch, where one is named.
///
/// # Errors
/// 404 and 403 as `locate`.
pub async fn list(core: &Core, scope: &Scope, project: &str, branch: Option<&str>) -> Result<Json> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, project).await?;
    let mut environments =
        shown(&conn, &[project.id.as_str()]).await?.remove(project.id.as_str()).unwrap_or_default();
    if let Some(branch) = branch {
        let takes = |one: &Shown| one.environment.branch_matcher.as_ref().is_some_and(|m| m.matches(branch));
        environments.retain(takes);
    }
    Ok(json!({ "accountLimit": { "total": LIMIT }, "environments": environments }))
}

/// getCustomEnvironment.
///
/// # Errors
/// 404 where the project has no such environment; 404 and 403 as `locate`.
pub async fn get(core: &Core, scope: &Scope, project: &str, slug_or_id: &str) -> Result<Shown> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, project).await?;
    shown::one(&conn, find(&conn, &project.id, slug_or_id).await?.ok_or_else(not_found)?).await
}

/// The entry of a change in the audit log.
fn event(kind: &'static str, verb: &str, project: &Located, environment: &Environment) -> Event {
    let text = format!("{verb} the environment {} of {}", environment.slug, project.name);
    let payload = json!({
        "projectId": project.id, "projectName": project.name, "customEnvironmentId": environment.id,
        "slug": environment.slug,
    });
    Event::new(kind, text, payload).in_project(&project.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_look_at_the_whole_the_beginning_or_the_end() {
        let takes = |how, pattern: &str, branch: &str| {
            BranchMatcher { how, pattern: pattern.to_owned() }.matches(branch)
        };
        assert!(takes(How::Equals, "main", "main") && !takes(How::Equals, "main", "main2"));
        assert!(takes(How::StartsWith, "qa/", "qa/one") && !takes(How::StartsWith, "qa/", "x/qa/"));
        assert!(takes(How::EndsWith, "-qa", "one-qa") && !takes(How::EndsWith, "-qa", "-qa-one"));
        assert!(!takes(How::Equals, "Main", "main"), "branches have cases");
    }

    #[test]
    fn slugs_are_no_targets_and_no_ids() {
        for slug in ["staging", "qa-1", "1"] {
            assert!(check_slug(slug).is_ok(), "{slug}");
        }
        let long = "a".repeat(33);
        for slug in ["", "production", "preview", "development", "Staging", "env_a", "-a", "a-", "a b", &long]
        {
            assert!(check_slug(slug).is_err(), "{slug}");
        }
    }
}
