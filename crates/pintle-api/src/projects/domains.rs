//! Group `projects` of the contract: domains.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::projects::domains::{self, Filter};
use pintle_core::{Result, Scope};
use serde_json::json;

routes! {
    "getProjectDomains": Get "/v9/projects/{idOrName}/domains", ProjectRead => list;
    "addProjectDomain": Post "/v10/projects/{idOrName}/domains", ProjectDomainWrite => add;
    "getProjectDomain": Get "/v9/projects/{idOrName}/domains/{domain}", ProjectRead => get;
    "updateProjectDomain": Patch "/v9/projects/{idOrName}/domains/{domain}", ProjectDomainWrite => update;
    "removeProjectDomain": Delete "/v9/projects/{idOrName}/domains/{domain}", ProjectDomainWrite => remove;
    "moveProjectDomain": Post "/v1/projects/{idOrName}/domains/{domain}/move", ProjectDomainWrite => move_to;
    "verifyProjectDomain": Post "/v9/projects/{idOrName}/domains/{domain}/verify", ProjectDomainWrite => verify;
}

/// The project and the domain that a path names.
fn named(call: &Call) -> (&str, &str) {
    (call.param("idOrName"), call.param("domain"))
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let target = query.one_of("target", &["production", "preview"])?.map(|target| target == "production");
    let filter = Filter {
        production: target.or(query.boolean("production")?.filter(|production| *production)),
        custom_environment_id: query.text("customEnvironmentId"),
        git_branch: query.text("gitBranch"),
        redirects: query.boolean("redirects")?,
        redirect: query.text("redirect"),
        verified: query.boolean("verified")?,
    };
    let mut page = call.page()?;
    page.oldest_first = query.one_of("order", &["ASC", "DESC"])? == Some("ASC");
    let (domains, pagination) =
        domains::list(&call.core, &scope, call.param("idOrName"), filter, page).await?;
    Reply::json(&json!({ "domains": domains, "pagination": pagination }))
}

async fn add(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&domains::add(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    let (project, name) = named(&call);
    Ok(Reply::document(domains::get(&call.core, &scope, project, name).await?))
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    let (project, name) = named(&call);
    Reply::json(&domains::update(&call.core, &scope, project, name, call.json()?).await?)
}

async fn remove(call: Call, scope: Scope) -> Result<Reply> {
    let (project, name) = named(&call);
    domains::remove(&call.core, &scope, project, name, call.json()?).await?;
    Ok(Reply::document("{}".into()))
}

async fn move_to(call: Call, scope: Scope) -> Result<Reply> {
    let (project, name) = named(&call);
    Reply::json(&domains::move_to(&call.core, &scope, project, name, call.json()?).await?)
}

async fn verify(call: Call, scope: Scope) -> Result<Reply> {
    let (project, name) = named(&call);
    Reply::json(&domains::verify(&call.core, &scope, project, name).await?)
}
