//! Who belongs to a team, and as what.

use crate::clock::Millis;
use crate::ids::{OwnerId, UserId};
use crate::marketplace::account::{self, PartnerRole};
use crate::permissions::{Extended, Role};
use crate::teams::admission::Origin;
use crate::teams::not_found;
use crate::{Core, Error, OnConstraint, Result, Scope, users};
use pintle_store::{Conn, FromRow, FromValue, Row, params};
use serde::Serialize;

/// `membership` of a team: what the authenticated user is in it. Every member is confirmed; who is not is no member.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    pub uid: UserId,
    pub team_id: OwnerId,
    pub confirmed: bool,
    pub role: Role,
    pub team_roles: [Role; 1],
    pub team_permissions: Vec<String>,
    pub created_at: Millis,
    /// The older name of the same.
    pub created: Millis,
    #[serde(flatten)]
    pub origin: Origin,
}

/// What a membership is read from, of `members m`.
pub(crate) const COLUMNS: &str = "m.team_id, m.user_id, m.role, m.permissions, m.created_at, m.doc";

impl Membership {
    /// Reads `COLUMNS`, the first of which is at `index`.
    pub(crate) fn read(row: &Row<'_>, index: usize) -> pintle_store::Result<Self> {
        let text = |index| String::from_value(row, index);
        let role = text(index + 2)?;
        let role =
            Role::parse(&role).ok_or_else(|| pintle_store::Error::Fault(format!("no role: {role}")))?;
        let created_at = i64::from_value(row, index + 4)?;
        let origin = serde_json::from_str(&text(index + 5)?)
            .map_err(|error| pintle_store::Error::Fault(format!("a membership's document: {error}")))?;
        Ok(Self {
            uid: UserId::from(text(index + 1)?),
            team_id: OwnerId::from(text(index)?),
            confirmed: true,
            role,
            team_roles: [role],
            team_permissions: Extended(text(index + 3)?).list(),
            created_at,
            created: created_at,
            origin,
        })
    }
}

impl FromRow for Membership {
    fn from_row(row: &Row<'_>) -> pintle_store::Result<Self> {
        Self::read(row, 0)
    }
}

/// The membership of the scope's user in the scope's team. A native installation outlives its user's membership; it is shown that
/// of the oldest owner.
pub(crate) async fn of(conn: &Conn, scope: &Scope) -> Result<Membership> {
    let sql = format!(
        "SELECT {COLUMNS} FROM members m WHERE m.team_id = $1 AND (m.user_id = $2 OR m.role = 'OWNER')
         ORDER BY CASE WHEN m.user_id = $2 THEN 0 ELSE 1 END, m.created_at LIMIT 1"
    );
    conn.opt(&sql, &params![scope.owner(), scope.user()]).await?.ok_or_else(not_found)
}

/// Makes a user a member of a team: for an operator, who asks nobody.
///
/// # Errors
/// 409 where the user is one already; 404 where the user or team does not exist.
pub async fn add(core: &Core, team: &OwnerId, user: &UserId, role: Role) -> Result<()> {
    let (core, team, user, now) = (core.clone(), team.clone(), user.clone(), core.clock.now());
    core.clone()
        .db
        .write(async move |tx| {
            insert(tx, &team, &user, role, now).await?;
            let scope = Scope::system(team.clone(), false);
            let role = PartnerRole::of(role, &Extended::default());
            account::tell_of_member(tx, &core, &scope, &users::load(tx, &user).await?, Some(role), now).await
        })
        .await
}

/// Writes a new member; nothing waits for it any more, neither an invitation nor its own request.
pub(crate) async fn insert(tx: &Conn, team: &OwnerId, user: &UserId, role: Role, now: Millis) -> Result<()> {
    tx.execute(
        "INSERT INTO members (team_id, user_id, role, permissions, created_at, doc) VALUES ($1, $2, $3, '', $4, '{}')",
        &params![team, user, role.as_str(), now],
    )
    .await
    .on_unique("members_team_id_user_id_key", || Error::conflict("already_member", "The user is a member already"))
    .on_missing_parent(|| Error::not_found("User"))?;
    let sql = "DELETE FROM access_requests WHERE team_id = $1 AND user_id = $2";
    tx.execute(sql, &params![team, user]).await?;
    let sql = "DELETE FROM team_invites WHERE team_id = $1 AND email = $2";
    let email = users::load(tx, user).await?.email.to_lowercase();
    tx.execute(sql, &params![team, email]).await?;
    Ok(())
}
