//! Group `projects` of the contract: environment variables.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::projects::env::{self, Body, Filter};
use pintle_core::{Result, Scope, validate};

routes! {
    "filterProjectEnvs": Get "/v10/projects/{idOrName}/env", EnvRead => list;
    "createProjectEnv": Post "/v10/projects/{idOrName}/env", EnvWrite => create;
    "getProjectEnv": Get "/v1/projects/{idOrName}/env/{id}", EnvRead => get;
    "editProjectEnv": Patch "/v9/projects/{idOrName}/env/{id}", EnvWrite => edit;
    "removeProjectEnv": Delete "/v9/projects/{idOrName}/env/{id}", EnvWrite => remove;
    "batchRemoveProjectEnv": Delete "/v1/projects/{idOrName}/env", EnvWrite => remove_many;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let git_branch = query.text("gitBranch");
    validate::at_most("gitBranch", git_branch.as_deref().unwrap_or_default(), 250)?;
    // Some clients page, most want everything.
    let paged = ["limit", "until", "since"].iter().any(|name| query.get(name).is_some());
    let filter = Filter {
        target: query.text("target"),
        git_branch,
        custom_environment_id: query.text("customEnvironmentId"),
        custom_environment_slug: query.text("customEnvironmentSlug"),
        decrypt: query.boolean("decrypt")?.unwrap_or_default(),
        page: if paged { Some(call.page()?) } else { None },
    };
    Ok(Reply::document(env::list(&call.core, &scope, call.param("idOrName"), filter).await?))
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    let array = call.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let body = if array { Body::Many(call.json()?) } else { Body::One(call.json()?) };
    // Versions before 10 took the parameter and did nothing with it.
    let upsert = call.query.get("upsert") == Some("true") && call.version.is_none_or(|version| version >= 10);
    let created = env::create(&call.core, &scope, call.param("idOrName"), body, upsert).await?;
    Ok(Reply { status: StatusCode::CREATED, ..Reply::document(created) })
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    let (project, id) = (call.param("idOrName"), call.param("id"));
    Ok(Reply::document(env::get(&call.core, &scope, project, id).await?))
}

async fn edit(call: Call, scope: Scope) -> Result<Reply> {
    let (project, id) = (call.param("idOrName"), call.param("id"));
    Ok(Reply::document(env::edit(&call.core, &scope, project, id, call.json()?).await?))
}

async fn remove(call: Call, scope: Scope) -> Result<Reply> {
    let (project, id) = (call.param("idOrName"), call.param("id"));
    let custom_environment = call.query.get("customEnvironmentId");
    Ok(Reply::document(env::remove(&call.core, &scope, project, id, custom_environment).await?))
}

async fn remove_many(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&env::remove_many(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}
