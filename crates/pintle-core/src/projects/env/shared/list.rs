//! listSharedEnvVariable and getSharedEnvVar.

use super::{links, load, wire};
use crate::clock::Millis;
use crate::ids::ProjectId;
use crate::page::{self, Page, Pagination};
use crate::projects::env::Reach;
use crate::select::{Select, containing, marks};
use crate::{Core, Result, Scope};
use pintle_store::{Conn, Value};
use std::collections::HashMap;

/// What to list. Empty: any.
#[derive(Debug, Default)]
pub struct Filter {
    /// A part of the name.
    pub search: Option<String>,
    /// Linked to one of these projects.
    pub projects: Vec<String>,
    pub ids: Vec<String>,
    pub without_ids: Vec<String>,
    /// Linked to none of these projects.
    pub without_projects: Vec<String>,
    /// Absent: all of them, which the limits of an owner bound.
    pub page: Option<Page>,
}

/// A row: stamp, id, document, sealed value.
type Row = (Millis, String, String, Vec<u8>);

/// listSharedEnvVariable: the answer as it goes on the wire, newest first. Those of production are left out for who may not see them.
///
/// # Errors
/// None but the store's.
pub async fn list(core: &Core, scope: &Scope, filter: Filter) -> Result<String> {
    let conn = core.db.read().await?;
    let select = select(scope, &filter);
    let (rows, pagination) = read(&conn, &select, filter.page).await?;
    let mut linked = projects_of(&conn, &rows).await?;
    let mut items = Vec::with_capacity(rows.len());
    for (_, id, doc, value) in &rows {
        let projects = linked.remove(id).unwrap_or_default();
        items.push(wire(core, id, doc, value, &projects, false)?);
    }
    let pagination = serde_json::to_string(&pagination)?;
    Ok(format!("{{\"data\":[{}],\"pagination\":{pagination}}}", items.join(",")))
}

fn select(scope: &Scope, filter: &Filter) -> Select {
    let sql = "SELECT e.created_at, e.id, e.doc, e.value FROM shared_envs e WHERE e.owner_id = $1";
    let mut select = Select::new(sql, vec![scope.owner().into()]);
    select.and("LOWER(e.key) LIKE $? ESCAPE '!'", filter.search.as_deref().map(containing));
    select.among("e.id", filter.ids.iter().map(String::as_str));
    select.except("e.id", filter.without_ids.iter().map(String::as_str));
    linked(&mut select, "EXISTS", &filter.projects);
    linked(&mut select, "NOT EXISTS", &filter.without_projects);
    if !Reach::of(scope, None).production {
        // The owner's, read once: asked of each variable PostgreSQL would rather go through those of all owners.
        let hidden =
            "SELECT t.env_id FROM shared_env_targets t WHERE t.owner_id = $1 AND t.target = 'production'";
        select.sql.push_str(&format!(" AND e.id NOT IN ({hidden})"));
    }
    select
}

/// Adds that there is, or is no, link to one of these projects, if there are any.
fn linked(select: &mut Select, what: &str, projects: &[String]) {
    if !projects.is_empty() {
        let links = "SELECT 1 FROM shared_env_projects l WHERE l.env_id = e.id";
        select.sql.push_str(&format!(" AND {what} ({links}"));
        select.among("l.project_id", projects.iter().map(String::as_str));
        select.sql.push(')');
    }
}

async fn read(conn: &Conn, select: &Select, page: Option<Page>) -> Result<(Vec<Row>, Pagination)> {
    if let Some(page) = page {
        return page::rows(conn, &select.sql, "e.created_at", &select.params, page).await;
    }
    let sql = format!("{} ORDER BY e.created_at DESC, e.id DESC", select.sql);
    let rows: Vec<Row> = conn.all(&sql, &select.params).await?;
    let pagination = Pagination { count: rows.len(), next: None, prev: None };
    Ok((rows, pagination))
}

/// The projects of listed variables, by the variable's id.
async fn projects_of(conn: &Conn, rows: &[Row]) -> Result<HashMap<String, Vec<ProjectId>>> {
    const CHUNK: usize = 100;
    let sql = format!(
        "SELECT env_id, project_id FROM shared_env_projects WHERE env_id IN ({}) ORDER BY env_id, project_id",
        marks(1, CHUNK)
    );
    let mut linked: HashMap<String, Vec<ProjectId>> = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let mut params: Vec<Value> = chunk.iter().map(|row| Value::from(row.1.as_str())).collect();
        params.resize(CHUNK, Value::Text(String::new()));
        for (id, project) in conn.all::<(String, String)>(&sql, &params).await? {
            linked.entry(id).or_default().push(ProjectId::from(project));
        }
    }
    Ok(linked)
}

/// getSharedEnvVar: decrypted, except a sensitive one.
///
/// # Errors
/// 404 for what is unknown; 403 for production without the right to it.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<String> {
    let conn = core.db.read().await?;
    let (variable, sealed) = load(&conn, scope, id).await?;
    variable.wire(core, &sealed, &links(&conn, &variable.id).await?, true)
}
