//! Group `teams` of the contract. The team in a path is an id or a slug, and the scope has found it.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::ids::OwnerId;
use pintle_core::teams::{delete as end, patch as change};
use pintle_core::{Result, Scope, teams};
use serde_json::json;

routes! {
    "getTeams": Get "/v2/teams", TeamRead => list;
    "createTeam": Post "/v1/teams", TeamCreate => create;
    "getTeam": Get "/v2/teams/{teamId}", TeamRead => get;
    "patchTeam": Patch "/v2/teams/{teamId}", TeamWrite => patch;
    "deleteTeam": Delete "/v1/teams/{teamId}", TeamWrite => delete;
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
    Reply::json(&change::patch(&call.core, &scope, call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&end::delete(&call.core, &scope, call.json()?, new_default(&call)).await?)
}

/// The team that is to be the caller's default from now on.
fn new_default(call: &Call) -> Option<OwnerId> {
    call.query.text("newDefaultTeamId").map(OwnerId::from)
}
