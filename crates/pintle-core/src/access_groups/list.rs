//! listAccessGroups.

use super::{COLUMNS, Columns, Group};
use crate::page::{self, Next, Page};
use crate::select::{Select, containing};
use crate::{Core, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde_json::{Value as Json, json};

/// What to list, and what to show of each.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only those with a role in this project.
    pub project: Option<String>,
    /// Part of the name.
    pub search: Option<String>,
    /// How many members and projects to name with each; `None`: only their number.
    pub members: Option<i64>,
    pub projects: Option<i64>,
}

/// listAccessGroups: of the team that the scope acts for, newest first; none where that is a personal account.
///
/// # Errors
/// 400 for limits that are not within 1 to 100.
pub async fn list(
    core: &Core,
    scope: &Scope,
    filter: Filter,
    limit: Option<i64>,
    from: Option<Next>,
) -> Result<Json> {
    let limit = Page::new(limit, None, None)?.limit;
    for (name, limit) in [("membersLimit", filter.members), ("projectsLimit", filter.projects)] {
        validate::within(name, limit.unwrap_or(1) as f64, 1.0, Page::MAX as f64)?;
    }
    let conn = core.db.read().await?;
    let mut select = Select::new(
        format!("SELECT {COLUMNS} FROM access_groups g WHERE g.team_id = $1"),
        vec![scope.owner().into()],
    );
    let in_project =
        "EXISTS (SELECT 1 FROM access_group_projects p WHERE p.group_id = g.id AND p.project_id = $?)";
    select.and(in_project, filter.project);
    select.and("LOWER(g.name) LIKE $? ESCAPE '!'", filter.search.as_deref().map(containing));
    let place = |(id, _, _, created_at, ..): &Columns| Next { at: *created_at, id: id.clone() };
    let (rows, next) = page::behind(&conn, select, ("g.created_at", "g.id"), limit, from, place).await?;
    let mut views = Vec::with_capacity(rows.len());
    for group in rows.into_iter().map(Group::from) {
        let mut view = group.view();
        if let Some(limit) = filter.members {
            view["members"] = json!(named(&conn, "access_group_members", "user_id", &group, limit).await?);
        }
        if let Some(limit) = filter.projects {
            view["projects"] =
                json!(named(&conn, "access_group_projects", "project_id", &group, limit).await?);
        }
        views.push(view);
    }
    Ok(json!({ "accessGroups": views, "pagination": { "count": views.len(), "next": next } }))
}

/// The ids of the newest that a group has of a kind.
async fn named(conn: &Conn, table: &str, column: &str, group: &Group, limit: i64) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT {column} FROM {table} WHERE group_id = $1 ORDER BY created_at DESC, {column} DESC LIMIT $2"
    );
    let rows: Vec<(String,)> = conn.all(&sql, &params![&group.id, limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
