//! Invitations by e-mail address. Somebody who has an account here is a member at once; anybody else once there is one with the address,
//! and it joins. Pintle sends no mail: whoever invites says where to come.

use super::admission::{JoinedFrom, Origin, Promise, admit, project_name};
use crate::clock::{DAY, Millis};
use crate::events::{self, Event};
use crate::ids::{InviteId, ProjectId};
use crate::permissions::{Extended, Permission, ProjectRole, Role, Verdict};
use crate::users::{self, User};
use crate::{Core, Error, OnConstraint, Result, Scope, access_groups, union, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value as Json, json};

/// How many wait at a time: as many as a list shows.
const AT_ONCE: i64 = 1_000;

/// How long an invitation is good.
const GOOD_FOR: Millis = 30 * DAY;

/// The body of inviteUserToTeam: one, as the contract has it, or a list, as newer clients send it.
#[derive(Debug, Clone)]
pub struct NewInvites(Vec<NewInvite>);

/// One of them. `accessGroups` and `teamPermissions` come from newer clients.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewInvite {
    email: String,
    role: Option<Role>,
    #[serde(default)]
    projects: Vec<InProject>,
    #[serde(default)]
    access_groups: Vec<String>,
    #[serde(default)]
    team_permissions: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InProject {
    project_id: ProjectId,
    role: ProjectRole,
}

impl<'de> Deserialize<'de> for NewInvites {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Array(list) => list.into_iter().map(union::read).collect::<Result<_, _>>().map(Self),
            one => Ok(Self(vec![union::read(one)?])),
        }
    }
}

impl NewInvite {
    fn check(&self) -> Result<()> {
        validate::length("email", &self.email, 256)?;
        validate::email("email", &self.email)?;
        for project in &self.projects {
            validate::at_most("projects.projectId", project.project_id.as_str(), 64)?;
        }
        let mut names = self.team_permissions.iter();
        names.try_for_each(|name| validate::one_of("teamPermissions", name, &Extended::NAMES))
    }

    /// # Errors
    /// 404 for a project or a group that is not the team's.
    async fn promise(&self, tx: &Conn, scope: &Scope) -> Result<Promise> {
        let mut promise = Promise::of(self.role.unwrap_or(Role::Member));
        promise.team_permissions = Extended::of(&self.team_permissions).list();
        for InProject { project_id, role } in &self.projects {
            let name = project_name(tx, scope.owner(), project_id).await?;
            name.ok_or_else(|| Error::not_found("Project"))?;
            promise.projects.insert(project_id.clone(), *role);
        }
        for group in &self.access_groups {
            promise.access_groups.push(access_groups::find(tx, scope, group).await?.id);
        }
        Ok(promise)
    }
}

/// Who was invited, on the wire. `uid` is the user's id, or the invitation's where there is no user yet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invited {
    uid: String,
    username: String,
    email: String,
    role: Role,
    team_roles: [Role; 1],
    team_permissions: Vec<String>,
}

impl Invited {
    fn new(uid: String, username: String, email: String, promise: Promise) -> Self {
        let Promise { role, team_permissions, .. } = promise;
        Self { uid, username, email, role, team_roles: [role], team_permissions }
    }
}

/// inviteUserToTeam: all of them, or none. An address that was invited before is invited anew.
///
/// # Errors
/// 400 for who is a member already or has asked to become one, and where a thousand wait; 404 for a project or a group that is not the team's.
pub async fn invite(core: &Core, scope: &Scope, body: NewInvites) -> Result<Vec<Invited>> {
    validate::items("body", &body.0, 1, 10)?;
    body.0.iter().try_for_each(NewInvite::check)?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            super::load(tx, &scope).await?;
            let mut invited = Vec::with_capacity(body.0.len());
            for new in &body.0 {
                let promise = new.promise(tx, &scope).await?;
                invited.push(match users::by_email(tx, &new.email).await? {
                    Some(user) => add(tx, &core, &scope, user, promise).await?,
                    None => promise_to(tx, &core, &scope, &new.email, promise).await?,
                });
            }
            Ok(invited)
        })
        .await
}

async fn add(tx: &Conn, core: &Core, scope: &Scope, user: User, promise: Promise) -> Result<Invited> {
    let sql = "SELECT user_id FROM access_requests WHERE team_id = $1 AND user_id = $2";
    let asked: Option<(String,)> = tx.opt(sql, &params![scope.owner(), &user.id]).await?;
    if asked.is_some() {
        let text = "The user already requested access to the team";
        return Err(Error::bad_request(text).coded("access_requested"));
    }
    let origin = Origin { joined_from: Some(JoinedFrom::new("mail")), access_requested_at: None };
    admit(tx, core, scope, &user, &promise, &origin).await?;
    let payload = json!({
        "invitedUser": { "username": user.username, "email": user.email }, "invitedEmail": user.email,
        "invitationRole": promise.role, "invitedUid": user.id,
    });
    let text = format!("added {} to the team", user.username);
    events::record(tx, core, scope, core.clock.now(), Event::new("team-member-add", text, payload)).await?;
    Ok(Invited::new(user.id.to_string(), user.username, user.email, promise))
}

/// Writes the invitation down.
async fn promise_to(tx: &Conn, core: &Core, scope: &Scope, email: &str, promise: Promise) -> Result<Invited> {
    let (id, now) = (InviteId::new(&core.entropy), core.clock.now());
    let address = email.to_lowercase();
    let gone = "DELETE FROM team_invites WHERE team_id = $1 AND email = $2";
    tx.execute(gone, &params![scope.owner(), address.as_str()]).await?;
    let sql = "SELECT COUNT(*) FROM team_invites WHERE team_id = $1";
    let (count,): (i64,) = tx.one(sql, &params![scope.owner()]).await?;
    if count >= AT_ONCE {
        let text = format!("{AT_ONCE} invitations of this team wait: withdraw some first");
        return Err(Error::bad_request(text).coded("too_many_invitations"));
    }
    let sql = "INSERT INTO team_invites (id, team_id, email, created_at, expires_at, doc) VALUES ($1, $2, $3, $4, $5, $6)";
    let doc = serde_json::to_string(&promise)?;
    let row = params![&id, scope.owner(), address.as_str(), now, now + GOOD_FOR, doc];
    tx.execute(sql, &row).await.on_missing_parent(super::not_found)?;
    let payload = json!({ "invitedEmail": email, "invitationRole": promise.role });
    let event = Event::new("team-invite-link-created", format!("invited {email} to the team"), payload);
    events::record(tx, core, scope, now, event).await?;
    let name = email.split('@').next().unwrap_or_default().to_owned();
    Ok(Invited::new(id.to_string(), name, email.to_owned(), promise))
}

/// deleteTeamInviteCode: the address is invited no longer.
///
/// # Errors
/// 404 where the scope's team has no such invitation.
pub async fn withdraw(core: &Core, scope: &Scope, id: InviteId) -> Result<()> {
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let sql = "DELETE FROM team_invites WHERE team_id = $1 AND id = $2 RETURNING email";
            let row: Option<(String,)> = tx.opt(sql, &params![scope.owner(), &id]).await?;
            let (email,) = row.ok_or_else(|| Error::not_found("Team invite code"))?;
            let payload = json!({ "invitedEmail": email });
            let text = format!("withdrew the invitation of {email}");
            let event = Event::new("team-invite-link-deleted", text, payload);
            events::record(tx, &core, &scope, core.clock.now(), event).await.map(drop)
        })
        .await
}

/// `emailInviteCodes` of getTeamMembers: who was invited and has not come, newest first. Only owners see it.
pub async fn pending(core: &Core, scope: &Scope) -> Result<Vec<Json>> {
    if scope.verdict(Permission::MemberWrite) != Verdict::Yes {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, email, created_at, expires_at, doc FROM team_invites WHERE team_id = $1
      ORDER BY created_at DESC, id";
    let rows: Vec<(String, String, Millis, Millis, String)> =
        core.db.read().await?.all(sql, &params![scope.owner()]).await?;
    let now = core.clock.now();
    rows.into_iter()
        .map(|(id, email, created_at, expires_at, doc)| {
            let promise: Promise = serde_json::from_str(&doc)?;
            let view = Pending {
                id,
                email,
                created_at,
                team_roles: [promise.role],
                is_d_sync_user: false,
                expired: (expires_at <= now).then_some(true),
                promise,
            };
            Ok(serde_json::to_value(view)?)
        })
        .collect()
}

/// One of them on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pending {
    id: String,
    email: String,
    created_at: Millis,
    team_roles: [Role; 1],
    #[serde(rename = "isDSyncUser")]
    is_d_sync_user: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<bool>,
    #[serde(flatten)]
    promise: Promise,
}

/// The invitation of an address, where there is one: what it promises, and whether it is still good.
pub(super) async fn of(tx: &Conn, scope: &Scope, email: &str, now: Millis) -> Result<Option<Invite>> {
    let sql = "SELECT id, expires_at, doc FROM team_invites WHERE team_id = $1 AND email = $2";
    let row: Option<(String, Millis, String)> =
        tx.opt(sql, &params![scope.owner(), email.to_lowercase()]).await?;
    row.map(|(id, expires_at, doc)| {
        Ok(Invite { id: InviteId::from(id), good: expires_at > now, promise: serde_json::from_str(&doc)? })
    })
    .transpose()
}

/// An invitation as somebody comes with it.
pub(super) struct Invite {
    pub id: InviteId,
    pub good: bool,
    pub promise: Promise,
}
