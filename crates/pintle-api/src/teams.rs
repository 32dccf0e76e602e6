//! Group `teams` of the contract. The team in a path is an id or a slug, and the scope has found it.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::ids::{InviteId, OwnerId, UserId};
use pintle_core::page::Pagination;
use pintle_core::permissions::Role;
use pintle_core::teams::{self, invites, join, members, requests};
use pintle_core::{Result, Scope, deletions};
use serde::Serialize;
use serde_json::json;

routes! {
    "getTeams": Get "/v2/teams", TeamRead => list;
    "createTeam": Post "/v1/teams", TeamCreate => create;
    "getTeam": Get "/v2/teams/{teamId}", TeamRead => get;
    "patchTeam": Patch "/v2/teams/{teamId}", TeamWrite => patch;
    "deleteTeam": Delete "/v1/teams/{teamId}", TeamWrite => delete;
    "getTeamMembers": Get "/v3/teams/{teamId}/members", TeamRead => members;
    "inviteUserToTeam": Post "/v1/teams/{teamId}/members", MemberWrite => invite;
    "deleteTeamInviteCode": Delete "/v1/teams/{teamId}/invites/{inviteId}", MemberWrite => withdraw;
    "joinTeam": Post "/v1/teams/{teamId}/members/teams/join", TeamJoin => join;
    "requestAccessToTeam": Post "/v1/teams/{teamId}/request", TeamJoin => request;
    "getTeamAccessRequest": Get "/v1/teams/{teamId}/request/{userId}", TeamJoin => request_status;
    "getOwnTeamAccessRequest": Get "/v1/teams/{teamId}/request", TeamJoin => own_request_status;
    "updateTeamMember": Patch "/v1/teams/{teamId}/members/{uid}", MemberWrite => update_member;
    "removeTeamMember": Delete "/v1/teams/{teamId}/members/{uid}", MemberRemove => remove_member;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let (teams, pagination) = teams::list(&call.core, &scope, call.page()?).await?;
    Reply::json(&json!({ "teams": teams, "pagination": pagination }))
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    let team = teams::create_by(&call.core, &scope, call.json()?).await?;
    Reply::json(&json!({ "id": team.id, "slug": team.slug }))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&teams::get(&call.core, &scope).await?)
}

async fn patch(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&teams::patch(&call.core, &scope, call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&deletions::delete_team(&call.core, &scope, call.json()?, new_default(&call)).await?)
}

/// The team that is to be the caller's default from now on.
fn new_default(call: &Call) -> Option<OwnerId> {
    call.query.text("newDefaultTeamId").map(OwnerId::from)
}

/// Only lists of members say in words whether there is more.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberPagination {
    has_next: bool,
    #[serde(flatten)]
    pagination: Pagination,
}

impl From<Pagination> for MemberPagination {
    fn from(pagination: Pagination) -> Self {
        Self { has_next: pagination.next.is_some(), pagination }
    }
}

async fn members(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let filter = members::Filter {
        search: query.text("search"),
        role: query.one_of("role", &Role::ALL.map(Role::as_str))?.and_then(Role::parse),
        exclude_project: query.text("excludeProject"),
        eligible_for_project: query.text("eligibleMembersForProjectId"),
        users: query.list("filterByUserIds"),
    };
    let page = call.page()?;
    let (members, pagination) = members::list(&call.core, &scope, filter, page).await?;
    // They are not paged: the first page has them.
    let invited = match page.until {
        None => invites::pending(&call.core, &scope).await?,
        Some(_) => Vec::new(),
    };
    let pagination = MemberPagination::from(pagination);
    Reply::json(&json!({ "members": members, "emailInviteCodes": invited, "pagination": pagination }))
}

fn member(call: &Call) -> UserId {
    UserId::from(call.param("uid"))
}

async fn update_member(call: Call, scope: Scope) -> Result<Reply> {
    members::update(&call.core, &scope, member(&call), call.json()?).await?;
    Reply::json(&json!({ "id": scope.owner() }))
}

async fn remove_member(call: Call, scope: Scope) -> Result<Reply> {
    members::remove(&call.core, &scope, member(&call), new_default(&call)).await?;
    Reply::json(&json!({ "id": scope.owner() }))
}

/// A list that was sent with one in it is answered as the one.
async fn invite(call: Call, scope: Scope) -> Result<Reply> {
    let invited = invites::invite(&call.core, &scope, call.json()?).await?;
    match invited.as_slice() {
        [one] => Reply::json(one),
        many => Reply::json(&many),
    }
}

async fn withdraw(call: Call, scope: Scope) -> Result<Reply> {
    invites::withdraw(&call.core, &scope, InviteId::from(call.param("inviteId"))).await?;
    Reply::json(&json!({ "id": scope.owner() }))
}

async fn join(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&join::join(&call.core, &scope, call.param("teamId"), call.json()?).await?)
}

async fn request(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&requests::request(&call.core, &scope, call.param("teamId"), call.json()?).await?)
}

async fn request_status(call: Call, scope: Scope) -> Result<Reply> {
    let user = Some(call.param("userId"));
    Reply::json(&requests::status(&call.core, &scope, call.param("teamId"), user).await?)
}

async fn own_request_status(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&requests::status(&call.core, &scope, call.param("teamId"), None).await?)
}
