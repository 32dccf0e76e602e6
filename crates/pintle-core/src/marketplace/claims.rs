//! Tokens that say to a partner for whom Pintle speaks (semantics.md 4.1): a user, or Pintle itself for an account. They have exactly
//! these claims; partners may forbid others.

use super::actor::{Actor, Who};
use super::keys;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::ids::{ConfigurationId, IntegrationId, OwnerId, UserId};
use crate::users::User;
use crate::{Core, Result, credential};
use pintle_store::params;
use serde::{Deserialize, Serialize};

/// How long a token is good.
pub const LIFETIME: Millis = 10 * MINUTE;

/// Who speaks, as `X-Vercel-Auth` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    User,
    System,
}

impl Speaker {
    pub fn as_str(self) -> &'static str {
        match self {
            Speaker::User => "user",
            Speaker::System => "system",
        }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a IntegrationId,
    sub: String,
    account_id: &'a OwnerId,
    /// `null` before there is one.
    installation_id: Option<&'a ConfigurationId>,
    #[serde(flatten)]
    user: Option<UserClaims>,
    /// Seconds since the epoch.
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct UserClaims {
    user_id: UserId,
    user_role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
}

/// Whom a token speaks to, and of what.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    pub integration: &'a IntegrationId,
    pub installation: Option<&'a ConfigurationId>,
}

/// A token for the actor: as its user, where it is one and `speaker` says so, else as the system.
pub async fn token(core: &Core, actor: &Actor, speaker: Speaker, audience: Audience<'_>) -> Result<String> {
    let user = match (&actor.who, speaker) {
        (Who::User { id, admin, .. }, Speaker::User) => Some(user(core, id, *admin).await?),
        _ => None,
    };
    let account = format!("account:{}", opaque(actor.owner.as_str()));
    let sub = match &user {
        Some(user) => format!("{account}:user:{}", opaque(user.user_id.as_str())),
        None => account,
    };
    // In the system's time even where Pintle's was moved forward: a partner's clock is not.
    let iat = core.clock.unmoved() / SECOND;
    let claims = Claims {
        iss: &core.issuer,
        aud: audience.integration,
        sub,
        account_id: &actor.owner,
        installation_id: audience.installation,
        user,
        iat,
        exp: iat + LIFETIME / SECOND,
    };
    keys::jwt(core, &claims).await
}

/// What a partner may know of a user; one that was deleted meanwhile has only its id.
async fn user(core: &Core, id: &UserId, admin: bool) -> Result<UserClaims> {
    let sql = "SELECT doc FROM owners WHERE id = $1 AND kind = 'user'";
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &params![id]).await?;
    let user: Option<User> = row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?;
    let (user_email, user_name) = user.map(|user| (user.email, user.name.unwrap_or(user.username))).unzip();
    let user_role = if admin { "ADMIN" } else { "USER" };
    Ok(UserClaims { user_id: id.clone(), user_role, user_email, user_name })
}

/// The subject is made of hexadecimal digits, which ids are not.
fn opaque(id: &str) -> String {
    credential::hash(id).to_string()
}
