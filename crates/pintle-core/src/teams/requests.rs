//! Requests to become a member: requestAccessToTeam and what became of it. updateTeamMember accepts one, removeTeamMember declines it.

use super::admission::{JoinedFrom, Origin, Promise, admit, require_no_member};
use super::{Team, find, not_found, outside};
use crate::events::{self, Event};
use crate::ids::UserId;
use crate::permissions::Role;
use crate::users::{self, User};
use crate::{Core, Error, OnConstraint, Result, Scope};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// How many can wait for an answer of one team.
const AT_ONCE: i64 = 10;

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    joined_from: JoinedFrom,
}

/// requestAccessToTeam. Who has asked already is answered as the first time.
///
/// # Errors
/// 404 for an unknown team; 400 for who is a member already, and where ten others wait; 403 for tokens that are good for one team only.
pub async fn request(core: &Core, scope: &Scope, team: &str, body: Request) -> Result<Json> {
    body.joined_from.check()?;
    let now = core.clock.now();
    let (core, scope, named) = (core.clone(), scope.clone(), team.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let (team, scope) = outside(tx, &scope, &named).await?;
            let user = users::load(tx, scope.user().ok_or_else(not_found)?).await?;
            require_no_member(tx, &team.id, &user).await?;
            if let Some(origin) = waiting(tx, &scope, &user.id).await? {
                return Ok(view(&team, false, &origin));
            }
            let sql = "SELECT COUNT(*) FROM access_requests WHERE team_id = $1";
            let (count,): (i64,) = tx.one(sql, &params![&team.id]).await?;
            if count >= AT_ONCE {
                let text = "Ten users wait for an answer of this team: try again later";
                return Err(Error::bad_request(text).coded("too_many_access_requests"));
            }
            let origin =
                Origin { joined_from: Some(body.joined_from.clone()), access_requested_at: Some(now) };
            let sql =
                "INSERT INTO access_requests (team_id, user_id, created_at, doc) VALUES ($1, $2, $3, $4)";
            let row = params![&team.id, &user.id, now, serde_json::to_string(&origin)?];
            tx.execute(sql, &row).await.on_missing_parent(not_found)?;
            let payload = json!({
                "requestedTeamName": team.shown_name(), "requestedUserName": user.username, "uid": user.id,
                "joinedFrom": origin.joined_from,
            });
            let event = Event::new("team-member-request-access", "asked to become a member", payload);
            events::record(tx, &core, &scope, now, event).await?;
            Ok(view(&team, false, &origin))
        })
        .await
}

/// getTeamAccessRequest: what became of the caller's own, or of anybody's for an owner of the team.
///
/// # Errors
/// 404 for an unknown team, for who has asked for nothing or was declined, and for anybody else's where the caller is no owner; 400 for a
/// member that came another way.
pub async fn status(core: &Core, scope: &Scope, team: &str, user: Option<&str>) -> Result<Json> {
    let conn = core.db.read().await?;
    let caller =
        scope.user().filter(|_| !scope.team_only).ok_or_else(|| Error::forbidden("Not authorized"))?;
    let team = find(&conn, team).await?;
    let user = user.map_or_else(|| caller.clone(), UserId::from);
    if user != *caller && !is_owner(&conn, &team, caller).await? {
        return Err(Error::not_found("Access request"));
    }
    let sql = "SELECT confirmed, doc FROM memberships WHERE team_id = $1 AND user_id = $2";
    let row: Option<(bool, String)> = conn.opt(sql, &params![&team.id, &user]).await?;
    let (confirmed, doc) = row.ok_or_else(|| Error::not_found("Access request"))?;
    let origin: Origin = serde_json::from_str(&doc)?;
    match confirmed && origin.access_requested_at.is_none() {
        true => {
            let text = "The user is a member of the team and did not request access";
            Err(Error::bad_request(text).coded("already_member"))
        }
        false => Ok(view(&team, confirmed, &origin)),
    }
}

async fn is_owner(conn: &Conn, team: &Team, user: &UserId) -> Result<bool> {
    let sql = "SELECT role FROM members WHERE team_id = $1 AND user_id = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![&team.id, user]).await?;
    Ok(row.is_some_and(|(role,)| role == Role::Owner.as_str()))
}

/// Nobody here is connected to an account of a Git provider.
fn view(team: &Team, confirmed: bool, origin: &Origin) -> Json {
    json!({
        "teamSlug": team.slug, "teamName": team.shown_name(), "confirmed": confirmed,
        "joinedFrom": origin.joined_from, "accessRequestedAt": origin.access_requested_at,
        "github": null, "gitlab": null, "bitbucket": null,
    })
}

/// The request of a user that waits for an answer of the scope's team.
async fn waiting(tx: &Conn, scope: &Scope, user: &UserId) -> Result<Option<Origin>> {
    let sql = "SELECT doc FROM access_requests WHERE team_id = $1 AND user_id = $2";
    let row: Option<(String,)> = tx.opt(sql, &params![scope.owner(), user]).await?;
    row.map(|(doc,)| Ok(serde_json::from_str(&doc)?)).transpose()
}

/// Lets in who has asked; `false` where the user has not.
pub(super) async fn accept(tx: &Conn, core: &Core, scope: &Scope, user: &UserId, role: Role) -> Result<bool> {
    let Some(origin) = waiting(tx, scope, user).await? else { return Ok(false) };
    let user = users::load(tx, user).await?;
    admit(tx, core, scope, &user, &Promise::of(role), &origin).await?;
    note(tx, core, scope, &user, ("team-member-confirm-request", "accepted the request of")).await?;
    Ok(true)
}

/// Turns down who has asked; `false` where the user has not.
pub(super) async fn decline(tx: &Conn, core: &Core, scope: &Scope, user: &UserId) -> Result<bool> {
    let sql = "DELETE FROM access_requests WHERE team_id = $1 AND user_id = $2";
    if tx.execute(sql, &params![scope.owner(), user]).await? == 0 {
        return Ok(false);
    }
    let user = users::load(tx, user).await?;
    note(tx, core, scope, &user, ("team-member-decline-request", "declined the request of")).await?;
    Ok(true)
}

async fn note(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    user: &User,
    (kind, verb): (&'static str, &str),
) -> Result<()> {
    let team = super::load(tx, scope).await?;
    let payload = json!({
        "teamName": team.shown_name(), "teamId": team.id, "username": user.username, "updatedUid": user.id,
    });
    let event = Event::new(kind, format!("{verb} {}", user.username), payload);
    events::record(tx, core, scope, core.clock.now(), event).await.map(drop)
}
