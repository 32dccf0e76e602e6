//! getProjectDomains.

use crate::page::{self, Page, Pagination};
use crate::projects::locate;
use crate::select::Select;
use crate::{Core, Result, Scope};
use serde_json::value::RawValue;

/// What to list. Absent: any.
#[derive(Debug, Default)]
pub struct Filter {
    /// `production` (neither of a branch nor of a custom environment) or `preview`.
    pub production: Option<bool>,
    pub custom_environment_id: Option<String>,
    pub git_branch: Option<String>,
    /// `Some(false)`: none that redirect.
    pub redirects: Option<bool>,
    /// Where they redirect to.
    pub redirect: Option<String>,
    pub verified: Option<bool>,
}

/// getProjectDomains: the stored documents.
///
/// # Errors
/// As [`locate`].
pub async fn list(
    core: &Core,
    scope: &Scope,
    project: &str,
    filter: Filter,
    page: Page,
) -> Result<(Vec<Box<RawValue>>, Pagination)> {
    let conn = core.db.read().await?;
    let project = locate(&conn, scope, project).await?;
    let sql = "SELECT created_at, doc FROM project_domains WHERE project_id = $1";
    let mut select = Select::new(sql, vec![(&project.id).into()]);
    match filter.production {
        Some(true) => select.sql += " AND git_branch IS NULL AND custom_environment_id IS NULL",
        Some(false) => select.sql += " AND git_branch IS NOT NULL",
        None => {}
    }
    if filter.redirects == Some(false) {
        select.sql += " AND redirect IS NULL";
    }
    select.and("custom_environment_id = $?", filter.custom_environment_id);
    select.and("git_branch = $?", filter.git_branch);
    select.and("redirect = $?", filter.redirect);
    select.and("verified = $?", filter.verified.map(i64::from));
    let (rows, pagination) = page::read(&conn, &select.sql, "created_at", &select.params, page).await?;
    let docs = rows.into_iter().map(|row| RawValue::from_string(row.doc)).collect::<Result<_, _>>()?;
    Ok((docs, pagination))
}
