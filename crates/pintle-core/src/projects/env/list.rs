//! filterProjectEnvs and getProjectEnv. A list is one statement, and its documents are not parsed.

use super::{Reach, Stored, Target, Variable, not_found};
use crate::clock::Millis;
use crate::page::{Page, Pagination};
use crate::projects::{self, Located, environments};
use crate::{Core, Result, Scope};
use pintle_store::{Conn, Value, params};

/// What to list.
#[derive(Debug, Default)]
pub struct Filter {
    pub target: Option<String>,
    /// What a preview of this branch gets: its own variables, and of those without a branch the ones whose names it does not have.
    pub git_branch: Option<String>,
    pub custom_environment_id: Option<String>,
    pub custom_environment_slug: Option<String>,
    pub decrypt: bool,
    /// Absent: all of them.
    pub page: Option<Page>,
}

/// The ids of what is meant in an environment, and with a branch: read once for a list, since asked of each variable PostgreSQL would
/// rather go through those of all projects.
const MEANT: &str = "SELECT t.env_id FROM env_targets t WHERE t.project_id = $1 AND t.target = $2
  AND (CAST($3 AS TEXT) IS NULL OR t.git_branch = $3 OR t.git_branch = '' AND NOT EXISTS
    (SELECT 1 FROM env_targets b WHERE b.project_id = $1 AND b.target = $2 AND b.key = t.key AND b.git_branch = $3))";

/// The list: variables of a project that a caller may see; `$5` is 1 where those of production are hidden from it.
fn select() -> String {
    format!(
        "SELECT e.id, e.doc, e.value, e.created_at FROM envs e WHERE e.project_id = $1
          AND (CAST($2 AS TEXT) IS NULL OR e.id IN ({MEANT}))
          AND (CAST($4 AS TEXT) IS NULL OR e.configuration_id = $4)
          AND (CAST($5 AS BIGINT) = 0 OR e.id NOT IN
            (SELECT p.env_id FROM env_targets p WHERE p.project_id = $1 AND p.target = 'production'))
          AND e.created_at > $6 AND e.created_at < $7 ORDER BY e.created_at DESC, e.id DESC LIMIT $8"
    )
}

/// filterProjectEnvs: the answer as it goes on the wire, newest first; `pagination` where a page was asked for, and always
/// `hiddenProductionEnvCount`, since newer clients insist on either.
///
/// # Errors
/// 404 for an unknown project.
pub async fn list(core: &Core, scope: &Scope, project: &str, filter: Filter) -> Result<String> {
    let conn = core.db.read().await?;
    let project = projects::locate(&conn, scope, project).await?;
    let reach = Reach::of(scope, project.role);
    let Some(environment) = environment(&conn, &project, &filter).await? else {
        return Ok("{\"envs\":[],\"hiddenProductionEnvCount\":0}".into());
    };
    let page = filter.page;
    let params = params![
        &project.id,
        environment,
        filter.git_branch,
        reach.own,
        !reach.production,
        page.and_then(|page| page.since).unwrap_or(-1),
        page.and_then(|page| page.until).unwrap_or(i64::MAX),
        page.map_or(i64::MAX, |page| page.limit + 1),
    ];
    let mut rows: Vec<(String, String, Vec<u8>, Millis)> = conn.all(&select(), &params).await?;
    let pagination = page.map(|page| cut(&mut rows, page));
    let mut out =
        String::with_capacity(64 + rows.iter().map(|row| row.1.len() + 2 * row.2.len() + 64).sum::<usize>());
    out.push_str("{\"envs\":[");
    for (at, (id, doc, value, _)) in rows.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        Stored { id, doc, value }.write(core, filter.decrypt, &mut out)?;
    }
    out.push(']');
    if let Some(pagination) = pagination {
        out.push_str(",\"pagination\":");
        out.push_str(&serde_json::to_string(&pagination)?);
    }
    let hidden = if reach.production { 0 } else { hidden(&conn, &project, &params).await? };
    out.push_str(&format!(",\"hiddenProductionEnvCount\":{hidden}}}"));
    Ok(out)
}

/// Takes off the row that was read to see whether there are more.
fn cut(rows: &mut Vec<(String, String, Vec<u8>, Millis)>, page: Page) -> Pagination {
    let more = rows.len() as i64 > page.limit;
    rows.truncate(page.limit as usize);
    let stamp = |row: Option<&(String, String, Vec<u8>, Millis)>| row.map(|row| row.3);
    Pagination {
        count: rows.len(),
        next: stamp(rows.last()).filter(|_| more),
        prev: stamp(rows.first()).filter(|_| page.until.is_some()),
    }
}

/// Variables of production that the list leaves out, under the same filters.
async fn hidden(conn: &Conn, project: &Located, params: &[Value]) -> Result<i64> {
    let sql = format!(
        "SELECT COUNT(*) FROM env_targets p WHERE p.project_id = $1 AND p.target = 'production'
          AND (CAST($2 AS TEXT) IS NULL OR p.env_id IN ({MEANT}))"
    );
    let [_, environment, branch, ..] = params else { return Ok(0) };
    let params = [Value::from(&project.id), environment.clone(), branch.clone()];
    Ok(conn.one::<(i64,)>(&sql, &params).await?.0)
}

/// The environment to filter by, as `env_targets` has it: `Some(None)` is any, `None` is one that the project does not have.
async fn environment(conn: &Conn, project: &Located, filter: &Filter) -> Result<Option<Option<String>>> {
    // The command line sends a slug as the id.
    let custom = filter.custom_environment_id.as_ref().or(filter.custom_environment_slug.as_ref());
    let Some(custom) = custom else {
        // Only previews have variables of a branch.
        let of_branch = filter.git_branch.as_ref().map(|_| Target::Preview.as_str().to_owned());
        return Ok(Some(filter.target.clone().or(of_branch)));
    };
    if Target::parse(custom).is_some() {
        return Ok(Some(Some(custom.clone())));
    }
    let found = environments::find(conn, &project.id, custom).await?;
    Ok(found.map(|environment| Some(environment.id.to_string())))
}

/// getProjectEnv: decrypted, except a sensitive one.
///
/// # Errors
/// 404 for what is unknown or another installation's; 403 for production without the right to it.
pub async fn get(core: &Core, scope: &Scope, project: &str, id: &str) -> Result<String> {
    let conn = core.db.read().await?;
    let project = projects::locate(&conn, scope, project).await?;
    let reach = Reach::of(scope, project.role);
    let sql = "SELECT doc, value FROM envs
      WHERE id = $1 AND project_id = $2 AND (CAST($3 AS TEXT) IS NULL OR configuration_id = $3)";
    let row: Option<(String, Vec<u8>)> = conn.opt(sql, &params![id, &project.id, reach.own]).await?;
    let (doc, value) = row.ok_or_else(not_found)?;
    if !reach.production {
        reach.check(&serde_json::from_str::<Variable>(&doc)?)?;
    }
    Stored { id, doc: &doc, value: &value }.wire(core, true)
}
