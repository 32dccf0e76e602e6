//! requestDelete: the end of a user. Pintle sends no mail that could be answered, so the request itself is the confirmation.

use super::{Farewell, Receipt, Whose, delete_owner, reader};
use crate::configurations::lifecycle;
use crate::configurations::removal::{Item, go_first};
use crate::events::{self, Event};
use crate::ids::{OwnerId, UserId};
use crate::permissions::Role;
use crate::teams::members;
use crate::{Core, Error, Result, Scope, users};
use pintle_store::{Conn, params};
use serde::Serialize;
use serde_json::json;
use std::sync::atomic::AtomicU32;

/// The answer. The receipt is shown here, since its reader is gone.
#[derive(Debug, Serialize)]
pub struct Gone {
    id: UserId,
    email: String,
    message: &'static str,
    receipt: Receipt,
}

/// A team of the user's: id, slug, the user's role, and how many owners it has.
type Membership = (String, String, String, i64);

/// requestDelete: the personal account with all that it owns, the user's tokens, and its places in teams, which it leaves as anybody leaves.
/// What it installed for a team stays the team's and becomes the oldest owner's; connectable accounts are disabled, as for anybody who
/// leaves.
///
/// # Errors
/// 400 `last_owner` while a team would be left without an owner, naming those; 409 `integration_installed` while others have installed what
/// the account develops; 403 for a token that is good for one team only.
pub async fn delete(core: &Core, scope: &Scope, farewell: Farewell) -> Result<Gone> {
    let id = reader(scope)?.clone();
    let (core, lost) = (core.clone(), AtomicU32::new(0));
    let scope = scope.acting_for(id.as_owner());
    core.clone()
        .db
        .write(async move |tx| {
            go_first(tx, &lost).await?;
            let user = users::load(tx, &id).await?;
            let teams = memberships(tx, &id).await?;
            let left = leave_all(tx, &core, &scope, &id, teams).await?;
            hand_over_all(tx, &core, &scope, &id).await?;
            let mut receipt =
                delete_owner(tx, &core, &scope, (Whose::User, &user.username), &farewell).await?;
            receipt.left = left;
            receipt.write(tx, &id).await?;
            let payload = json!({ "username": user.username, "email": user.email });
            let event = Event::new("user-delete", "deleted the own account", payload);
            events::record(tx, &core, &scope, core.clock.now(), event).await?;
            Ok(Gone { id: user.id, email: user.email, message: "The account is deleted", receipt })
        })
        .await
}

async fn memberships(tx: &Conn, user: &UserId) -> Result<Vec<Membership>> {
    let sql = "SELECT o.id, o.slug, m.role,
        (SELECT COUNT(*) FROM members w WHERE w.team_id = o.id AND w.role = 'OWNER')
      FROM members m JOIN owners o ON o.id = m.team_id WHERE m.user_id = $1 ORDER BY o.id";
    let teams: Vec<Membership> = tx.all(sql, &params![user]).await?;
    let orphaned = |(_, _, role, owners): &&Membership| role == Role::Owner.as_str() && *owners == 1;
    let alone: Vec<&str> = teams.iter().filter(orphaned).map(|(_, slug, ..)| slug.as_str()).collect();
    if alone.is_empty() {
        return Ok(teams);
    }
    let text = format!(
        "A team must have an owner: make somebody else one or delete the team first ({})",
        alone.join(", ")
    );
    Err(Error::bad_request(text).coded("last_owner").with("teams", alone))
}

/// Leaves every team, as by removeTeamMember.
async fn leave_all(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    user: &UserId,
    teams: Vec<Membership>,
) -> Result<Vec<Item>> {
    let mut left = Vec::with_capacity(teams.len());
    for (id, slug, role, _) in teams {
        let mut acting = scope.acting_for(OwnerId::from(id.as_str()));
        acting.role = Role::parse(&role).unwrap_or(acting.role);
        members::leave(tx, core, &acting, user).await?;
        left.push(Item { id, name: format!("{slug} ({role})"), project_id: None });
    }
    Ok(left)
}

/// What the user installed for others, in teams that it is a member of or was: a record that names it would go with it.
async fn hand_over_all(tx: &Conn, core: &Core, scope: &Scope, user: &UserId) -> Result<()> {
    let sql = "SELECT DISTINCT owner_id FROM configurations WHERE user_id = $1 AND owner_id <> $1 ORDER BY owner_id";
    for (team,) in tx.all::<(String,)>(sql, &params![user]).await? {
        lifecycle::hand_over(tx, core, &scope.acting_for(OwnerId::from(team)), user).await?;
    }
    Ok(())
}
