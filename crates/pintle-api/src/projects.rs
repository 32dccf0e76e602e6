//! Group `projects` of the contract: the projects themselves.

pub mod env;

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::projects::{self, Filter, Next};
use pintle_core::{Result, Scope, validate};

routes! {
    "createProject": Post "/v11/projects", ProjectCreate => create;
    "getProjects": Get "/v10/projects", ProjectRead => list;
    "getProject": Get "/v9/projects/{idOrName}", ProjectRead => get;
    "updateProject": Patch "/v9/projects/{idOrName}", ProjectWrite => update;
    "deleteProject": Delete "/v9/projects/{idOrName}", ProjectWrite => delete;
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&projects::create(&call.core, &scope, call.json()?).await?)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(projects::get(&call.core, &scope, call.param("idOrName")).await?))
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&projects::update(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    projects::delete(&call.core, &scope, call.param("idOrName")).await?;
    Ok(Reply::nothing())
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let flag = |name| query.one_of(name, &["1", "0"]).map(|flag| flag.map(|text| text == "1"));
    let search = query.text("search");
    validate::at_most("search", search.as_deref().unwrap_or_default(), 100)?;
    let mut filter = Filter {
        search,
        repo: query.text("repo"),
        repo_id: query.text("repoId"),
        repo_url: query.text("repoUrl"),
        exclude_repos: query.list("excludeRepos"),
        git_fork_protection: flag("gitForkProtection")?,
        elastic_concurrency: flag("elasticConcurrencyEnabled")?,
        static_ips: flag("staticIpsEnabled")?,
        build_machine_types: query.list("buildMachineTypes"),
        build_queue: query.text("buildQueueConfiguration"),
        deprecated: query.boolean("deprecated")?.unwrap_or_default(),
        edge_config: query.get("edgeConfigId").or(query.get("edgeConfigTokenId")).is_some(),
        after: None,
    };
    // A stamp in `from` is the oldest update to list; a token there, and either of them in `until`, is where to go on.
    let mut next = None;
    match query.get("from") {
        Some(text) if is_stamp(text) => filter.after = query.number("from")?,
        Some(token) => next = Some(Next::parse(token)?),
        None => {}
    }
    match query.get("until") {
        // Clients that count pages begin with 0.
        Some("0") | None => {}
        Some(text) if is_stamp(text) => next = query.number("until")?.map(Next::older_than),
        Some(token) => next = Some(Next::parse(token)?),
    }
    let limit = query.number("limit")?;
    // Only the contract's version knows tokens; the older ones, which most clients call, have stamps.
    let tokens = call.version.is_none_or(|version| version >= 10);
    Ok(Reply::document(projects::list(&call.core, &scope, filter, limit, next, tokens).await?))
}

fn is_stamp(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}
