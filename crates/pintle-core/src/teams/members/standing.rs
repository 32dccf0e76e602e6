//! A member as a change finds it.

use crate::ids::{OwnerId, UserId};
use crate::marketplace::account::PartnerRole;
use crate::permissions::{Extended, Permission, Role, Verdict};
use crate::scope::Principal;
use crate::users::User;
use crate::{Error, Kind, Result, Scope};
use pintle_store::{Conn, params};

/// Who the member is, and what it may do in the team.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    pub user: User,
    pub role: Role,
    pub extended: Extended,
}

impl Standing {
    /// # Errors
    /// 404 for who is no member of the scope's team.
    pub async fn load(tx: &Conn, scope: &Scope, user: &UserId) -> Result<Self> {
        let sql = "SELECT m.role, m.permissions, u.doc FROM members m JOIN owners u ON u.id = m.user_id
          WHERE m.team_id = $1 AND m.user_id = $2";
        let row: Option<(String, String, String)> = tx.opt(sql, &params![scope.owner(), user]).await?;
        let (role, permissions, user) = row.ok_or_else(|| Error::not_found("Team member"))?;
        let role = Role::parse(&role).ok_or_else(|| Error::internal(format!("no role: {role}")))?;
        Ok(Self { user: serde_json::from_str(&user)?, role, extended: Extended(permissions) })
    }

    /// The same member with another role or other permissions, where these are given.
    pub fn changed(&self, role: Option<&str>, permissions: Option<&[String]>) -> Self {
        Self {
            user: self.user.clone(),
            role: role.and_then(Role::parse).unwrap_or(self.role),
            extended: permissions.map_or_else(|| self.extended.clone(), Extended::of),
        }
    }

    /// What partners take the member for.
    pub fn partner_role(&self) -> PartnerRole {
        PartnerRole::of(self.role, &self.extended)
    }

    pub fn may(&self, permission: Permission) -> bool {
        permission.for_role(self.role, &self.extended) == Verdict::Yes
    }

    /// Whether it may do this now, and not as it is `after`.
    pub fn loses(&self, permission: Permission, after: &Self) -> bool {
        self.may(permission) && !after.may(permission)
    }
}

/// Before an owner goes: somebody must be left who can do everything.
///
/// # Errors
/// 400 `last_owner`.
pub(super) async fn keep_an_owner(tx: &Conn, scope: &Scope) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM members WHERE team_id = $1 AND role = 'OWNER'";
    let (owners,): (i64,) = tx.one(sql, &params![scope.owner()]).await?;
    match owners {
        0 | 1 => Err(Error::bad_request("A team must have an owner: make another member one first")
            .coded("last_owner")),
        _ => Ok(()),
    }
}

/// That the caller's role still lets it do this for the scope's owner, asked in the transaction of the change: it may have left the team
/// since its request began, and would leave behind an installation that nobody disables, or an offer that nobody withdraws.
///
/// # Errors
/// 403 as for a request that begins now.
pub(crate) async fn require_still(tx: &Conn, scope: &Scope, permission: Permission) -> Result<()> {
    let Principal::User { id, .. } = &scope.principal else { return Ok(()) };
    if scope.personal {
        return Ok(());
    }
    let standing = Standing::load(tx, scope, id).await.map_err(|error| match error.kind {
        Kind::NotFound => Error::team_unauthorized(),
        _ => error,
    })?;
    if standing.may(permission) { Ok(()) } else { Err(Error::forbidden("Not authorized")) }
}

/// The caller acting for another of its teams, where it is an owner or a member. `team` is an id or a slug.
///
/// # Errors
/// 404 for a team that is not the caller's; 403 for another role there, and for a token that is good for one team only.
pub(crate) async fn acting_in(tx: &Conn, scope: &Scope, team: &str) -> Result<Scope> {
    let Principal::User { id, .. } = &scope.principal else { return Err(Error::forbidden("Not authorized")) };
    if scope.team_only {
        return Err(Error::forbidden("Not authorized: this token is good for its own team only"));
    }
    let sql =
        "SELECT o.id, o.slug, m.role FROM owners o JOIN members m ON m.team_id = o.id AND m.user_id = $2
      WHERE o.kind = 'team' AND (o.id = $1 OR o.slug = $1)";
    let row: Option<(String, String, String)> = tx.opt(sql, &params![team, id]).await?;
    let (id, owner_slug, role) = row.ok_or_else(|| Error::not_found("Team"))?;
    match Role::parse(&role) {
        Some(role @ (Role::Owner | Role::Member)) => {
            let mut acting = scope.acting_for(OwnerId::from(id));
            (acting.owner_slug, acting.role) = (owner_slug, role);
            Ok(acting)
        }
        _ => Err(Error::forbidden("Not authorized: this needs an owner or a member of the other team")),
    }
}
