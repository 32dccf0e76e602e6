//! removeTeamMember: out of a team, by an owner or of one's own accord.

use super::codes;
use super::standing::{Standing, keep_an_owner};
use crate::configurations::{DisabledReason, lifecycle};
use crate::events::{self, Event};
use crate::ids::{OwnerId, UserId};
use crate::marketplace::account;
use crate::permissions::Role;
use crate::scope::Principal;
use crate::teams::requests;
use crate::{Core, Error, Result, Scope, access_groups, users};
use pintle_store::{Conn, params};
use serde_json::json;

/// Removes a member from the team that the scope acts for, or turns down who has asked to become one. A member goes with its roles in the team's projects and its tokens for the team.
/// Its other tokens reach the team no longer, nor do the codes that it knows; the installations that it made are disabled (semantics.md 3.2).
///
/// # Errors
/// 404 for who is no member; 403 where the caller is neither an owner nor the member; 400 for the last owner, and for a new
/// default team that is none of the leaving member's, or is chosen for somebody else.
pub async fn remove(core: &Core, scope: &Scope, user: UserId, new_default: Option<OwnerId>) -> Result<()> {
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            if scope.role == Role::Owner && requests::decline(tx, &core, &scope, &user).await? {
                return Ok(());
            }
            let member = Standing::load(tx, &scope, &user).await?;
            let own = matches!(&scope.principal, Principal::User { id, .. } if *id == user);
            if !own && scope.role != Role::Owner {
                return Err(Error::forbidden("Not authorized"));
            }
            if member.role == Role::Owner {
                keep_an_owner(tx, &scope).await?;
            }
            depart(tx, &core, &scope, &member, own).await?;
            match &new_default {
                Some(_) if !own => {
                    return Err(Error::bad_request("`newDefaultTeamId` is for leaving a team oneself"));
                }
                Some(id) if !users::set_default(tx, &user, Some(id)).await? => {
                    let text = "`newDefaultTeamId` is not a team that the user is a member of";
                    return Err(Error::bad_request(text));
                }
                _ => {}
            }
            Ok(())
        })
        .await
}

/// Leaves the scope's team, of which the user is a member and not the last owner, in the caller's transaction.
pub(crate) async fn leave(tx: &Conn, core: &Core, scope: &Scope, user: &UserId) -> Result<()> {
    let member = Standing::load(tx, scope, user).await?;
    depart(tx, core, scope, &member, true).await
}

async fn depart(tx: &Conn, core: &Core, scope: &Scope, member: &Standing, own: bool) -> Result<()> {
    let user = &member.user;
    let reason = DisabledReason::OriginalOwnerLeftTheTeam;
    lifecycle::disable_of_user(tx, core, scope, scope.owner(), &user.id, reason).await?;
    codes::leave(tx, core, scope, member).await?;
    take(tx, scope.owner(), &user.id).await?;
    account::tell_of_member(tx, core, scope, user, None, core.clock.now()).await?;
    events::record(tx, core, scope, core.clock.now(), event(member, own)).await.map(drop)
}

/// Takes away what made the user a member.
async fn take(tx: &Conn, team: &OwnerId, user: &UserId) -> Result<()> {
    let statements = [
        "DELETE FROM project_members WHERE user_id = $2 AND project_id IN (SELECT id FROM projects WHERE owner_id = $1)",
        "DELETE FROM tokens WHERE team_id = $1 AND user_id = $2 AND configuration_id IS NULL",
        "UPDATE owners SET default_team_id = NULL WHERE id = $2 AND default_team_id = $1",
        "DELETE FROM members WHERE team_id = $1 AND user_id = $2",
    ];
    for sql in statements {
        tx.execute(sql, &params![team, user]).await?;
    }
    access_groups::leave_all(tx, team, user).await
}

fn event(member: &Standing, own: bool) -> Event {
    let user = &member.user;
    if own {
        return Event::new(
            "team-member-leave",
            "left the team",
            json!({ "uid": user.id, "role": member.role }),
        );
    }
    let payload = json!({
        "deletedUid": user.id, "deletedUser": { "username": user.username, "email": user.email },
    });
    Event::new("team-member-delete", format!("removed {} from the team", user.username), payload)
}
