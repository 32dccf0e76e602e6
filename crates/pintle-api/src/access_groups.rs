//! Group `access-groups` of the contract. A group in a path is named by id or name.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::access_groups::{self, Filter};
use pintle_core::ids::ProjectId;
use pintle_core::page::Next;
use pintle_core::{Result, Scope};
use serde_json::json;

routes! {
    "listAccessGroups": Get "/v1/access-groups", AccessGroupRead => list;
    "createAccessGroup": Post "/v1/access-groups", AccessGroupWrite => create;
    "readAccessGroup": Get "/v1/access-groups/{idOrName}", AccessGroupRead => get;
    "updateAccessGroup": Post "/v1/access-groups/{idOrName}", AccessGroupWrite => update;
    "deleteAccessGroup": Delete "/v1/access-groups/{idOrName}", AccessGroupWrite => delete;
    "listAccessGroupMembers": Get "/v1/access-groups/{idOrName}/members", AccessGroupRead => members;
    "listAccessGroupProjects": Get "/v1/access-groups/{idOrName}/projects", AccessGroupRead => projects;
    "createAccessGroupProject":
        Post "/v1/access-groups/{accessGroupIdOrName}/projects", AccessGroupWrite => add_project;
    "readAccessGroupProject":
        Get "/v1/access-groups/{accessGroupIdOrName}/projects/{projectId}", AccessGroupRead => project;
    "updateAccessGroupProject":
        Patch "/v1/access-groups/{accessGroupIdOrName}/projects/{projectId}", AccessGroupWrite => change_project;
    "deleteAccessGroupProject":
        Delete "/v1/access-groups/{accessGroupIdOrName}/projects/{projectId}", AccessGroupWrite => remove_project;
}

fn group(call: &Call) -> &str {
    match call.param("idOrName") {
        "" => call.param("accessGroupIdOrName"),
        group => group,
    }
}

fn project_id(call: &Call) -> ProjectId {
    ProjectId::from(call.param("projectId"))
}

/// Where a list goes on.
fn next(call: &Call) -> Result<Option<Next>> {
    call.query.get("next").map(Next::parse).transpose()
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let filter = Filter {
        project: query.text("projectId"),
        search: query.text("search"),
        members: query.number("membersLimit")?,
        projects: query.number("projectsLimit")?,
    };
    Reply::json(&access_groups::list(&call.core, &scope, filter, query.number("limit")?, next(&call)?).await?)
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&access_groups::create(&call.core, &scope, call.json()?).await?)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&access_groups::get(&call.core, &scope, group(&call)).await?)
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&access_groups::update(&call.core, &scope, group(&call), call.json()?).await?)
}

/// 200 without a body, as the contract has it.
async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    access_groups::delete(&call.core, &scope, group(&call)).await?;
    Ok(Reply::empty(StatusCode::OK))
}

async fn members(call: Call, scope: Scope) -> Result<Reply> {
    let (search, limit) = (call.query.get("search"), call.query.number("limit")?);
    let (members, next) =
        access_groups::members(&call.core, &scope, group(&call), search, limit, next(&call)?).await?;
    Reply::json(&json!({ "members": members, "pagination": { "count": members.len(), "next": next } }))
}

async fn projects(call: Call, scope: Scope) -> Result<Reply> {
    let limit = call.query.number("limit")?;
    let (projects, next) =
        access_groups::projects(&call.core, &scope, group(&call), limit, next(&call)?).await?;
    Reply::json(&json!({ "projects": projects, "pagination": { "count": projects.len(), "next": next } }))
}

async fn add_project(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&access_groups::add_project(&call.core, &scope, group(&call), call.json()?).await?)
}

async fn project(call: Call, scope: Scope) -> Result<Reply> {
    let project = call.param("projectId");
    Reply::json(&access_groups::get_project(&call.core, &scope, group(&call), project).await?)
}

async fn change_project(call: Call, scope: Scope) -> Result<Reply> {
    let (project, body) = (project_id(&call), call.json()?);
    Reply::json(&access_groups::change_project(&call.core, &scope, group(&call), project, body).await?)
}

async fn remove_project(call: Call, scope: Scope) -> Result<Reply> {
    access_groups::remove_project(&call.core, &scope, group(&call), project_id(&call)).await?;
    Ok(Reply::empty(StatusCode::OK))
}
