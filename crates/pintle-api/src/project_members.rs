//! Group `projectMembers` of the contract, and what newer clients call for many members at once.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use crate::teams::MemberPagination;
use pintle_core::ids::{ProjectId, UserId};
use pintle_core::{Result, Scope, project_members};
use serde_json::json;

routes! {
    "getProjectMembers": Get "/v1/projects/{idOrName}/members", ProjectMemberRead => list;
    "addProjectMember": Post "/v1/projects/{idOrName}/members", ProjectMemberWrite => add;
    "updateProjectMembers": Patch "/v1/projects/{idOrName}/members", ProjectMemberWrite => change_all;
    "removeProjectMember": Delete "/v1/projects/{idOrName}/members/{uid}", ProjectMemberWrite => remove;
    "addProjectMembers": Post "/v1/projects/{idOrName}/members/batch", ProjectMemberWrite => add_all;
    "removeProjectMembers": Delete "/v1/projects/{idOrName}/members/batch", ProjectMemberWrite => remove_all;
    "getProjectsOfMember": Get "/v1/teams/{teamId}/members/{uid}/projects", TeamRead => of_member;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let (project, search) = (call.param("idOrName"), call.query.get("search"));
    let (members, pagination) =
        project_members::list(&call.core, &scope, project, search, call.page()?).await?;
    Reply::json(&json!({ "members": members, "pagination": MemberPagination::from(pagination) }))
}

async fn of_member(call: Call, scope: Scope) -> Result<Reply> {
    let (projects, pagination) =
        project_members::of_member(&call.core, &scope, call.param("uid"), call.page()?).await?;
    Reply::json(&json!({ "projects": projects, "pagination": MemberPagination::from(pagination) }))
}

fn changed(project: &ProjectId) -> Result<Reply> {
    Reply::json(&json!({ "id": project }))
}

async fn add(call: Call, scope: Scope) -> Result<Reply> {
    changed(&project_members::add(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn add_all(call: Call, scope: Scope) -> Result<Reply> {
    changed(&project_members::add_all(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn change_all(call: Call, scope: Scope) -> Result<Reply> {
    changed(&project_members::change_all(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}

async fn remove(call: Call, scope: Scope) -> Result<Reply> {
    let user = UserId::from(call.param("uid"));
    changed(&project_members::remove(&call.core, &scope, call.param("idOrName"), user).await?)
}

async fn remove_all(call: Call, scope: Scope) -> Result<Reply> {
    changed(&project_members::remove_all(&call.core, &scope, call.param("idOrName"), call.json()?).await?)
}
