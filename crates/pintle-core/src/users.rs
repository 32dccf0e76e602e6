//! Users: people with a personal account, which is an owner like a team.

use crate::clock::Millis;
use crate::ids::{OwnerId, UserId};
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is stored of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: Option<String>,
    pub username: String,
    pub avatar: Option<String>,
    pub created_at: Millis,
}

/// What it takes to make one. Only the operator does: in the seed file or in `--dev`.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub email: String,
    pub username: String,
    pub name: Option<String>,
}

impl NewUser {
    pub(crate) fn check(&self) -> Result<()> {
        validate::slug("username", &self.username, 48)?;
        validate::length("email", &self.email, 256)?;
        validate::email("email", &self.email)
    }
}

/// Makes a user with a personal account.
///
/// # Errors
/// 409 where the username or the e-mail address is taken.
pub async fn create(core: &Core, input: NewUser) -> Result<User> {
    let user = User::new(core, input)?;
    let record = user.clone();
    core.db.write(async move |tx| insert(tx, &record).await).await?;
    Ok(user)
}

impl User {
    /// A record that is not stored yet.
    pub(crate) fn new(core: &Core, input: NewUser) -> Result<Self> {
        input.check()?;
        Ok(Self {
            id: UserId::new(&core.entropy),
            email: input.email,
            name: input.name,
            username: input.username,
            avatar: None,
            created_at: core.clock.now(),
        })
    }

    /// What getTeamMembers searches.
    fn search(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        format!("{name}\n{}\n{}", self.username, self.email).to_lowercase()
    }
}

/// What members of a team see of one another.
#[derive(Debug, Serialize)]
pub struct Person {
    pub uid: UserId,
    username: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
}

impl From<User> for Person {
    fn from(User { id, username, email, name, avatar, .. }: User) -> Self {
        Self { uid: id, username, email, name, avatar }
    }
}

pub(crate) async fn insert(tx: &Conn, user: &User) -> Result<()> {
    tx.execute(
        "INSERT INTO owners (id, kind, slug, email, search, created_at, doc)
         VALUES ($1, 'user', $2, $3, $4, $5, $6)",
        &params![
            &user.id,
            &user.username,
            &user.email,
            user.search(),
            user.created_at,
            serde_json::to_string(user)?
        ],
    )
    .await
    .on_unique("owners_slug_key", || Error::conflict("username_taken", "The username is taken"))
    .on_unique("owners_email_key", || Error::conflict("email_taken", "The e-mail address is taken"))
    .map(drop)
}

/// A user by its id.
///
/// # Errors
/// 404 where there is none.
pub(crate) async fn load(conn: &Conn, id: &UserId) -> Result<User> {
    let sql = "SELECT doc FROM owners WHERE id = $1 AND kind = 'user'";
    let row: Option<(String,)> = conn.opt(sql, &params![id]).await?;
    let (doc,) = row.ok_or_else(not_found)?;
    Ok(serde_json::from_str(&doc)?)
}

/// The user with an e-mail address, in whichever case it is written.
pub(crate) async fn by_email(conn: &Conn, email: &str) -> Result<Option<User>> {
    let sql = "SELECT doc FROM owners WHERE LOWER(email) = $1 ORDER BY created_at, id LIMIT 1";
    let row: Option<(String,)> = conn.opt(sql, &params![email.to_lowercase()]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

/// Which team a user's requests act for when they name none; `None` is the personal account.
///
/// # Errors
/// 404 for a team that the user is not a member of.
pub async fn set_default_team(core: &Core, user: &UserId, team: Option<&OwnerId>) -> Result<()> {
    let (user, team) = (user.clone(), team.cloned());
    core.db
        .write(async move |tx| match set_default(tx, &user, team.as_ref()).await? {
            true => Ok(()),
            false => Err(Error::not_found("Team")),
        })
        .await
}

/// The same in a caller's transaction: whether the user may have it as default team.
pub(crate) async fn set_default(tx: &Conn, user: &UserId, team: Option<&OwnerId>) -> Result<bool> {
    let sql = "UPDATE owners SET default_team_id = $2 WHERE id = $1 AND kind = 'user'
      AND (CAST($2 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM members m WHERE m.team_id = $2 AND m.user_id = $1))";
    Ok(tx.execute(sql, &params![user, team]).await? == 1)
}

/// getAuthUser: whole for the user's own token and an installation with the scope `user`; limited to what names the user for a
/// token that is good for one team, and for other installations.
pub async fn get(core: &Core, scope: &Scope) -> Result<Json> {
    let id = scope.user().ok_or_else(not_found)?;
    let sql = "SELECT doc, default_team_id FROM owners WHERE id = $1";
    let row: Option<(String, Option<String>)> = core.db.read().await?.opt(sql, &params![id]).await?;
    let (doc, default_team_id) = row.ok_or_else(not_found)?;
    let user: User = serde_json::from_str(&doc)?;
    // "northstar" tells the command line to act for the default team, and never for the personal account.
    let version = default_team_id.as_ref().map(|_| "northstar");
    let limited = match scope.installation() {
        Some(installation) => !installation.scopes.can_read("user"),
        None => scope.team_only,
    };
    let mut view = json!({
        "id": user.id, "email": user.email, "name": user.name, "username": user.username, "avatar": user.avatar,
        "defaultTeamId": default_team_id, "version": version, "limited": limited,
    });
    if !limited {
        view["createdAt"] = json!(user.created_at);
        view["softBlock"] = Json::Null;
        view["billing"] = Json::Null;
        view["resourceConfig"] = json!({});
        view["stagingPrefix"] = json!(user.username);
        view["hasTrialAvailable"] = json!(false);
    }
    Ok(json!({ "user": view }))
}

fn not_found() -> Error {
    Error::not_found("User")
}
