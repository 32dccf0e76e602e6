//! Who stands behind an installation, as its partner may know (semantics.md 4.4).

use crate::clock::Millis;
use crate::deliveries::{FanOut, fan_out};
use crate::events;
use crate::ids::{ConfigurationId, EventId, OwnerId, UserId};
use crate::permissions::{Extended, Permission, Role, Verdict};
use crate::users::User;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// getAccountInfo: the team or personal account, where its installation is shown, and the person to turn to.
#[derive(Debug, Serialize)]
pub struct Account {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub url: String,
    pub contact: Option<Contact>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Contact {
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl From<User> for Contact {
    fn from(user: User) -> Self {
        Self { email: user.email, name: user.name }
    }
}

/// What a partner takes a person for: `ADMIN` may install integrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PartnerRole {
    Admin,
    User,
}

impl PartnerRole {
    pub fn of(role: Role, extended: &Extended) -> Self {
        match Permission::Install.for_role(role, extended) {
            Verdict::Yes => PartnerRole::Admin,
            Verdict::No | Verdict::ByProject => PartnerRole::User,
        }
    }
}

/// getMember.
#[derive(Debug, Serialize)]
pub struct Member {
    pub id: UserId,
    pub role: PartnerRole,
}

/// getAccountInfo of the partner that calls.
pub async fn info(core: &Core, scope: &Scope) -> Result<Account> {
    of(&core.db.read().await?, core, scope, scope.partner()?).await
}

/// Who stands behind an installation of the scope's owner. Pintle has no dashboard, so the URL is the configuration's own.
pub async fn of(conn: &Conn, core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<Account> {
    let (doc,): (String,) = conn.one("SELECT doc FROM owners WHERE id = $1", &params![scope.owner()]).await?;
    let Named { name } = serde_json::from_str(&doc)?;
    let contact = contact(conn, scope.owner(), id).await?;
    Ok(Account { name, url: url(&core.issuer, scope, id), contact: contact.map(Contact::from) })
}

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

/// Where an installation is shown: getConfiguration of it.
pub fn url(origin: &str, scope: &Scope, id: &ConfigurationId) -> String {
    match scope.team_id() {
        Some(team) => format!("{origin}/v1/integrations/configuration/{id}?teamId={team}"),
        None => format!("{origin}/v1/integrations/configuration/{id}"),
    }
}

/// The best person of an installation's owner: whoever installed it, while still an owner of the team, else the oldest owner.
pub async fn contact(conn: &Conn, owner: &OwnerId, id: &ConfigurationId) -> Result<Option<User>> {
    let sql = "SELECT u.doc FROM owners u LEFT JOIN members m ON m.user_id = u.id AND m.team_id = $1
      LEFT JOIN configurations c ON c.id = $2 AND c.user_id = u.id
      WHERE u.id = $1 AND u.kind = 'user' OR m.role = 'OWNER'
      ORDER BY CASE WHEN c.id IS NULL THEN 1 ELSE 0 END, m.created_at, u.id LIMIT 1";
    let row: Option<(String,)> = conn.opt(sql, &params![owner, id]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

/// getMember: a person of the installation's owner.
///
/// # Errors
/// 404 for who is none.
pub async fn member(core: &Core, scope: &Scope, user: &str) -> Result<Member> {
    let id = UserId::from(user);
    if scope.owner().as_str() == user && scope.personal {
        return Ok(Member { id, role: PartnerRole::Admin });
    }
    let sql = "SELECT role, permissions FROM members WHERE team_id = $1 AND user_id = $2";
    let row: Option<(String, String)> = core.db.read().await?.opt(sql, &params![scope.owner(), &id]).await?;
    let (role, permissions) = row.ok_or_else(|| Error::not_found("Member"))?;
    let role = Role::parse(&role).ok_or_else(|| Error::internal(format!("no role: {role}")))?;
    Ok(Member { id, role: PartnerRole::of(role, &Extended(permissions)) })
}

/// Tells the partners of all native installations of the scope's owner what a member is to them now; `None`: no member any more.
pub(crate) async fn tell_of_member(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    member: &User,
    role: Option<PartnerRole>,
    now: Millis,
) -> Result<()> {
    let sql =
        "SELECT id FROM configurations WHERE owner_id = $1 AND installation_type = 'marketplace' ORDER BY id";
    for (id,) in tx.all::<(String,)>(sql, &params![scope.owner()]).await? {
        let role = role.map_or(json!("NONE"), |role| json!(role));
        let payload = json!({
            "configuration": { "id": id }, "installationId": id, "memberId": member.id, "role": role,
            "userEmail": member.email,
        });
        // The change has its entry in the log already; each installation's notice is an event of its own.
        let (event, payload) = (EventId::new(&core.entropy), events::with_base(scope, payload));
        let told = FanOut {
            owner: scope.owner(),
            event: &event,
            name: "marketplace.member.changed",
            payload: &payload,
            project: None,
            at: now,
            made_up: false,
        };
        fan_out(tx, core, &told).await?;
    }
    Ok(())
}
