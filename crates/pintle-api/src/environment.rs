//! Group `environment` of the contract: shared variables and custom environments; and the set of variables that the command line
//! pulls.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::projects::env::{self, shared};
use pintle_core::projects::environments;
use pintle_core::{Result, Scope, validate};

routes! {
    "createSharedEnvVariable": Post "/v1/env", SharedEnvWrite => create_shared;
    "listSharedEnvVariable": Get "/v1/env", SharedEnvRead => list_shared;
    // As infrastructure clients list them.
    "listAllSharedEnvVariables": Get "/v1/env/all", SharedEnvRead => list_shared;
    "updateSharedEnvVariable": Patch "/v1/env", SharedEnvWrite => update_shared;
    "deleteSharedEnvVariable": Delete "/v1/env", SharedEnvWrite => delete_shared;
    "getSharedEnvVar": Get "/v1/env/{id}", SharedEnvRead => get_shared;
    "unlinkSharedEnvVariable": Patch "/v1/env/{id}/unlink/{projectId}", SharedEnvWrite => unlink_shared;
    "createCustomEnvironment": Post "/v9/projects/{idOrName}/custom-environments", EnvironmentWrite => create;
    "listCustomEnvironments": Get "/v9/projects/{idOrName}/custom-environments", ProjectRead => list;
    "getCustomEnvironment": Get "/v9/projects/{idOrName}/custom-environments/{environmentSlugOrId}", ProjectRead => get;
    "updateCustomEnvironment": Patch "/v9/projects/{idOrName}/custom-environments/{environmentSlugOrId}", EnvironmentWrite => update;
    "removeCustomEnvironment": Delete "/v9/projects/{idOrName}/custom-environments/{environmentSlugOrId}", EnvironmentWrite => remove;
    "pullEnvOfDevelopment": Get "/v3/env/pull/{projectId}", EnvRead => pull;
    "pullEnv": Get "/v3/env/pull/{projectId}/{target}", EnvRead => pull;
    "pullEnvOfBranch": Get "/v3/env/pull/{projectId}/{target}/{gitBranch}", EnvRead => pull;
}

async fn create_shared(call: Call, scope: Scope) -> Result<Reply> {
    let created = shared::create(&call.core, &scope, call.json()?).await?;
    Ok(Reply { status: StatusCode::CREATED, ..Reply::document(created) })
}

async fn list_shared(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    // The contract has two spellings.
    let both = |one, other| [query.list(one), query.list(other)].concat();
    // Some clients page, most want everything.
    let paged = ["limit", "until", "since"].iter().any(|name| query.get(name).is_some());
    let filter = shared::Filter {
        search: query.text("search"),
        projects: query.list("projectId"),
        ids: query.list("ids"),
        without_ids: both("exclude_ids", "exclude-ids"),
        without_projects: both("exclude_projectId", "exclude-projectId"),
        page: if paged { Some(call.page()?) } else { None },
    };
    validate::at_most("search", filter.search.as_deref().unwrap_or_default(), 256)?;
    let named = [&filter.projects, &filter.ids, &filter.without_ids, &filter.without_projects];
    for list in named {
        validate::items("ids", list, 0, 100)?;
    }
    Ok(Reply::document(shared::list(&call.core, &scope, filter).await?))
}

async fn update_shared(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(shared::update(&call.core, &scope, call.json()?).await?))
}

async fn delete_shared(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(shared::remove(&call.core, &scope, call.json()?).await?))
}

async fn get_shared(call: Call, scope: Scope) -> Result<Reply> {
    Ok(Reply::document(shared::get(&call.core, &scope, call.param("id")).await?))
}

async fn unlink_shared(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&shared::unlink(&call.core, &scope, call.param("id"), call.param("projectId")).await?)
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.param("idOrName");
    Reply::created(&environments::create(&call.core, &scope, project, call.json()?).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let branch = call.query.get("gitBranch");
    Reply::json(&environments::list(&call.core, &scope, call.param("idOrName"), branch).await?)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    let (project, named) = (call.param("idOrName"), call.param("environmentSlugOrId"));
    Reply::json(&environments::get(&call.core, &scope, project, named).await?)
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    let (project, named) = (call.param("idOrName"), call.param("environmentSlugOrId"));
    Reply::json(&environments::update(&call.core, &scope, project, named, call.json()?).await?)
}

async fn remove(call: Call, scope: Scope) -> Result<Reply> {
    let (project, named) = (call.param("idOrName"), call.param("environmentSlugOrId"));
    Reply::json(&environments::remove(&call.core, &scope, project, named, call.json()?).await?)
}

async fn pull(call: Call, scope: Scope) -> Result<Reply> {
    // `vercel dev` names none.
    let target = Some(call.param("target")).filter(|target| !target.is_empty()).unwrap_or("development");
    let project = call.param("projectId");
    let branch = Some(call.param("gitBranch")).filter(|branch| !branch.is_empty());
    Reply::json(&env::pull(&call.core, &scope, project, target, branch).await?)
}
