//! getProjects.

use super::{Project, reach, shown};
use crate::clock::Millis;
use crate::page::{Next, Page};
use crate::select::containing;
use crate::{Core, Result, Scope};
use pintle_store::{Conn, Value, params};
use serde_json::{Value as Json, json};

/// What to list. Absent: any.
#[derive(Debug, Default)]
pub struct Filter {
    pub search: Option<String>,
    /// `name` or `owner/name` of the connected repository.
    pub repo: Option<String>,
    pub repo_id: Option<String>,
    pub repo_url: Option<String>,
    pub exclude_repos: Vec<String>,
    pub git_fork_protection: Option<bool>,
    pub elastic_concurrency: Option<bool>,
    pub static_ips: Option<bool>,
    /// `default` stands for none.
    pub build_machine_types: Vec<String>,
    pub build_queue: Option<String>,
    /// Only those whose node version is no longer supported.
    pub deprecated: bool,
    /// Only those connected to an edge config or its token: none is yet.
    pub edge_config: bool,
    /// Only those updated after this.
    pub after: Option<Millis>,
}

/// The list's SELECT: `$2` an installation with chosen projects, `$3` a contributor, `$4` a part of the name.
const SELECT: &str = "SELECT p.updated_at, p.id, p.doc FROM projects p WHERE p.owner_id = $1
  AND (CAST($2 AS TEXT) IS NULL OR EXISTS
    (SELECT 1 FROM configuration_projects c WHERE c.configuration_id = $2 AND c.project_id = p.id))
  AND (CAST($3 AS TEXT) IS NULL OR EXISTS
    (SELECT 1 FROM project_roles r WHERE r.project_id = p.id AND r.user_id = $3))
  AND (CAST($4 AS TEXT) IS NULL OR p.name LIKE $4 ESCAPE '!')
  AND p.updated_at > $5 AND (p.updated_at, p.id) < ($6, $7)
  ORDER BY p.updated_at DESC, p.id DESC LIMIT $8";

type Found = (Millis, String, String);

/// getProjects: the answer as it goes on the wire. `tokens` makes `next` a continuation token instead of a stamp.
pub async fn list(
    core: &Core,
    scope: &Scope,
    filter: Filter,
    limit: Option<i64>,
    from: Option<Next>,
    tokens: bool,
) -> Result<String> {
    let limit = Page::new(limit, None, None)?.limit as usize;
    let conn = core.db.read().await?;
    let found =
        if filter.edge_config { Vec::new() } else { read(&conn, scope, &filter, limit, &from).await? };
    let more = found.len() > limit;
    let page = found.get(..limit).unwrap_or(&found);
    let next = page.last().filter(|_| more).map(|(at, id, _)| Next { at: *at, id: id.clone() });
    let pagination = match (tokens, next) {
        (true, next) => json!({ "count": page.len(), "next": next.map(|next| next.token()) }),
        (false, next) => json!({
            "count": page.len(), "next": next.map(|next| next.at),
            "prev": page.first().filter(|_| from.is_some()).map(|(at, ..)| at),
        }),
    };
    let stored: Vec<(&str, &str)> = page.iter().map(|(_, id, doc)| (id.as_str(), doc.as_str())).collect();
    let projects = shown::many(&conn, &stored).await?.join(",");
    Ok(format!("{{\"projects\":[{projects}],\"pagination\":{pagination}}}"))
}

/// One more than a page. What only the document tells is filtered here, so that it may take several readings.
async fn read(
    conn: &Conn,
    scope: &Scope,
    filter: &Filter,
    limit: usize,
    from: &Option<Next>,
) -> Result<Vec<Found>> {
    let mut from = from.clone().unwrap_or_else(|| Next::older_than(Millis::MAX));
    let selection = scope.installation().filter(|installation| installation.selected);
    let search = filter.search.as_deref().map(containing);
    let mut found: Vec<Found> = Vec::new();
    loop {
        let batch = if filter.reads_documents() { 4 * limit + 1 } else { limit + 1 };
        let params = params![
            scope.owner(),
            selection.map(|installation| &installation.configuration),
            reach::narrowed(scope),
            search.as_deref(),
            filter.after.unwrap_or(-1),
            from.at,
            from.id.as_str(),
            Value::Int(batch as i64),
        ];
        let rows: Vec<Found> = conn.all(SELECT, &params).await?;
        let last = rows.len() < batch;
        if let Some((at, id, _)) = rows.last() {
            from = Next { at: *at, id: id.clone() };
        }
        for row in rows {
            if !filter.reads_documents() || filter.wants(&serde_json::from_str(&row.2)?) {
                found.push(row);
            }
        }
        if last || found.len() > limit {
            return Ok(found);
        }
    }
}

impl Filter {
    fn reads_documents(&self) -> bool {
        let Self { repo, repo_id, repo_url, exclude_repos, build_machine_types, build_queue, .. } = self;
        repo.is_some()
            || repo_id.is_some()
            || repo_url.is_some()
            || !exclude_repos.is_empty()
            || !build_machine_types.is_empty()
            || build_queue.is_some()
            || self.git_fork_protection.is_some()
            || self.elastic_concurrency.is_some()
            || self.static_ips.is_some()
            || self.deprecated
    }

    fn wants(&self, project: &Project) -> bool {
        let resources = &project.resource_config.settings;
        let flag = |wanted: Option<bool>, value: Option<&Json>| {
            wanted.is_none_or(|wanted| wanted == value.and_then(Json::as_bool).unwrap_or_default())
        };
        let machine = resources.get("buildMachineType").and_then(Json::as_str).unwrap_or("default");
        let queue = resources.get("buildQueue").and_then(|queue| queue["configuration"].as_str());
        let static_ips = project.settings.get("staticIps").and_then(|ips| ips.get("enabled"));
        self.wants_repository(project)
            && flag(self.git_fork_protection, project.settings.get("gitForkProtection"))
            && flag(self.elastic_concurrency, resources.get("elasticConcurrencyEnabled"))
            && flag(self.static_ips, static_ips)
            && (self.build_machine_types.is_empty()
                || self.build_machine_types.iter().any(|kind| kind == machine))
            && self.build_queue.as_deref().is_none_or(|wanted| queue == Some(wanted))
            && (!self.deprecated || is_deprecated(&project.node_version))
    }

    fn wants_repository(&self, project: &Project) -> bool {
        let link = project.link.as_ref();
        let repo = link.map(|link| link.repo());
        let is = |wanted: &str| repo.as_deref().is_some_and(|repo| repo == wanted || ends_with(repo, wanted));
        let url = |url: &str| url.trim_end_matches('/').trim_end_matches(".git").to_lowercase();
        self.repo.as_deref().is_none_or(is)
            && !self.exclude_repos.iter().any(|excluded| is(excluded))
            && self
                .repo_id
                .as_ref()
                .is_none_or(|id| link.and_then(|link| link.repo_id()).as_ref() == Some(id))
            && self
                .repo_url
                .as_ref()
                .is_none_or(|wanted| link.is_some_and(|link| url(&link.url()) == url(wanted)))
    }
}

/// `owner/name` ends with `/name`.
fn ends_with(repo: &str, name: &str) -> bool {
    repo.strip_suffix(name).is_some_and(|owner| owner.ends_with('/'))
}

/// Node.js 18 and older.
fn is_deprecated(version: &str) -> bool {
    version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major <= 18)
}
