//! Who is in an access group: members of its team, and only as long as they are.

use super::{Group, find, named, not_found, touch};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{OwnerId, UserId};
use crate::page::{self, Next, Page};
use crate::permissions::Role;
use crate::select::{Select, containing};
use crate::users::{Person, User};
use crate::{Core, Error, OnConstraint, Result, Scope};
use pintle_store::{Conn, params};
use serde::Serialize;
use serde_json::json;

/// A member of a group on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    #[serde(flatten)]
    person: Person,
    created_at: String,
    team_role: Role,
}

/// When it came, its id, its role in the team, its document.
type Row = (Millis, String, String, String);

/// listAccessGroupMembers, newest first, and what leads to the next page.
///
/// # Errors
/// 404 where the scope's team has no such group.
pub async fn list(
    core: &Core,
    scope: &Scope,
    id_or_name: &str,
    search: Option<&str>,
    limit: Option<i64>,
    from: Option<Next>,
) -> Result<(Vec<Listed>, Option<String>)> {
    let limit = Page::new(limit, None, None)?.limit;
    let conn = core.db.read().await?;
    let group = find(&conn, scope, id_or_name).await?;
    let sql = "SELECT g.created_at, g.user_id, m.role, u.doc FROM access_group_members g
      JOIN members m ON m.team_id = $2 AND m.user_id = g.user_id JOIN owners u ON u.id = g.user_id
      WHERE g.group_id = $1";
    let mut select = Select::new(sql, vec![(&group.id).into(), (&group.team).into()]);
    select.and("u.search LIKE $? ESCAPE '!'", search.map(containing));
    let place = |row: &Row| Next { at: row.0, id: row.1.clone() };
    let (rows, next) = page::behind(&conn, select, ("g.created_at", "g.user_id"), limit, from, place).await?;
    Ok((rows.into_iter().map(view).collect::<Result<_>>()?, next))
}

fn view((created_at, _, role, user): Row) -> Result<Listed> {
    let user: User = serde_json::from_str(&user)?;
    let team_role = Role::parse(&role).ok_or_else(|| Error::internal(format!("no role: {role}")))?;
    Ok(Listed { person: user.into(), created_at: created_at.to_string(), team_role })
}

/// Takes a member of the team into a group; one that is in it stays.
///
/// # Errors
/// 400 `member_not_found` for who is no member of the team.
pub(crate) async fn join(tx: &Conn, core: &Core, scope: &Scope, group: &Group, user: &UserId) -> Result<()> {
    let sql = "SELECT u.doc FROM members m JOIN owners u ON u.id = m.user_id WHERE m.team_id = $1 AND m.user_id = $2";
    let row: Option<(String,)> = tx.opt(sql, &params![&group.team, user]).await?;
    let no_member =
        || Error::bad_request(format!("{user} is not a member of the team")).coded("member_not_found");
    let (doc,) = row.ok_or_else(no_member)?;
    let member: User = serde_json::from_str(&doc)?;
    let sql = "INSERT INTO access_group_members (group_id, user_id, created_at) VALUES ($1, $2, $3)
      ON CONFLICT (group_id, user_id) DO NOTHING";
    let row = params![&group.id, user, core.clock.now()];
    match tx.execute(sql, &row).await.on_missing_parent(not_found)? {
        0 => Ok(()),
        _ => note(tx, core, scope, group, &member, ("access-group-user-added", "added", "to")).await,
    }
}

/// Takes a user out of a group; one that is not in it is none already.
pub(crate) async fn leave(tx: &Conn, core: &Core, scope: &Scope, group: &Group, user: &UserId) -> Result<()> {
    let sql = "DELETE FROM access_group_members WHERE group_id = $1 AND user_id = $2";
    if tx.execute(sql, &params![&group.id, user]).await? == 0 {
        return Ok(());
    }
    let (doc,): (String,) = tx.one("SELECT doc FROM owners WHERE id = $1", &params![user]).await?;
    let happened = ("access-group-user-removed", "removed", "from");
    note(tx, core, scope, group, &serde_json::from_str(&doc)?, happened).await
}

/// Takes a user out of every group of a team: it is no member any more, and that is the event.
pub(crate) async fn leave_all(tx: &Conn, team: &OwnerId, user: &UserId) -> Result<()> {
    let sql = "DELETE FROM access_group_members
      WHERE user_id = $2 AND group_id IN (SELECT id FROM access_groups WHERE team_id = $1)";
    tx.execute(sql, &params![team, user]).await?;
    Ok(())
}

/// The entry of a change, and the group's stamp.
async fn note(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    group: &Group,
    member: &User,
    (kind, verb, to): (&'static str, &str, &str),
) -> Result<()> {
    let text = format!("{verb} {} {to} access group {}", member.username, group.name);
    let payload = json!({
        "accessGroup": named(group), "user": { "id": member.id, "username": member.username },
    });
    let now = core.clock.now();
    touch(tx, &group.id, now).await?;
    events::record(tx, core, scope, now, Event::new(kind, text, payload)).await.map(drop)
}
