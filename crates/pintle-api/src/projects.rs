//! Group `projects` of the contract: the projects themselves.

pub mod domains;
pub mod env;

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::projects::{self, Filter, Next, bypasses, client_certs, transfers};
use pintle_core::{Result, Scope, validate};
use serde_json::json;

routes! {
    "createProject": Post "/v11/projects", ProjectCreate => create;
    "getProjects": Get "/v10/projects", ProjectRead => list;
    "getProject": Get "/v9/projects/{idOrName}", ProjectRead => get;
    "updateProject": Patch "/v9/projects/{idOrName}", ProjectWrite => update;
    "deleteProject": Delete "/v9/projects/{idOrName}", ProjectWrite => delete;
    "pauseProject": Post "/v1/projects/{projectId}/pause", ProjectWrite => pause;
    "unpauseProject": Post "/v1/projects/{projectId}/unpause", ProjectWrite => unpause;
    "updateProjectDataCache": Patch "/v1/data-cache/projects/{projectId}", ProjectWrite => set_data_cache;
    "updateProjectProtectionBypass": Patch "/v1/projects/{idOrName}/protection-bypass", ProjectWrite => bypass;
    "uploadProjectClientCert": Post "/v1/projects/{idOrName}/client-cert", ProjectWrite => upload_client_cert;
    "getProjectClientCerts": Get "/v1/projects/{idOrName}/client-cert", ProjectRead => client_certs;
    // As the command line and infrastructure clients connect projects to Git repositories.
    "connectProjectRepository": Post "/v9/projects/{idOrName}/link", ProjectWrite => connect;
    "disconnectProjectRepository": Delete "/v9/projects/{idOrName}/link", ProjectWrite => disconnect;
    "updateProjectBranch": Patch "/v9/projects/{idOrName}/branch", ProjectWrite => set_branch;
    "createProjectTransferRequest": Post "/projects/{idOrName}/transfer-request", ProjectTransfer => offer;
    "acceptProjectTransferRequest": Put "/projects/transfer-request/{code}", ProjectCreate => accept;
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(projects::create(&call.core, &scope, call.json()?).await?))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(projects::get(&call.core, &scope, call.param("idOrName")).await?))
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.param("idOrName");
    Ok(Reply::document(projects::update(&call.core, &scope, project, call.json()?).await?))
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    projects::delete(&call.core, &scope, call.param("idOrName")).await?;
    Ok(Reply::nothing())
}

async fn pause(call: Call, scope: Scope) -> Result<Reply> {
    projects::pause(&call.core, &scope, call.param("projectId"), true).await?;
    Ok(Reply::empty(StatusCode::OK))
}

async fn unpause(call: Call, scope: Scope) -> Result<Reply> {
    projects::pause(&call.core, &scope, call.param("projectId"), false).await?;
    Ok(Reply::empty(StatusCode::OK))
}

async fn set_data_cache(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.param("projectId");
    Ok(Reply::document(projects::set_data_cache(&call.core, &scope, project, call.json()?).await?))
}

async fn bypass(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&bypasses::change(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn upload_client_cert(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&client_certs::upload(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn client_certs(call: Call, scope: Scope) -> Result<Reply> {
    let certs = client_certs::list(&call.core, &scope, call.param("idOrName")).await?;
    Reply::json(&json!({ "clientCerts": certs }))
}

async fn connect(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.param("idOrName");
    Ok(Reply::document(projects::connect(&call.core, &scope, project, call.json()?).await?))
}

async fn disconnect(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(projects::disconnect(&call.core, &scope, call.param("idOrName")).await?))
}

async fn set_branch(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.param("idOrName");
    Ok(Reply::document(projects::set_branch(&call.core, &scope, project, call.json()?).await?))
}

async fn offer(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.param("idOrName");
    Reply::json(&transfers::offer(&call.core, &scope, project, call.json()?).await?)
}

async fn accept(call: Call, scope: Scope) -> Result<Reply> {
    let accepted = transfers::accept(&call.core, &scope, call.param("code"), call.json()?).await?;
    Reply::json_as(StatusCode::ACCEPTED, &accepted)
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
