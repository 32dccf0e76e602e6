//! Users' access tokens (group `authentication`). Installations' tokens come from a code exchange: see `configurations::install`.

use crate::clock::Millis;
use crate::credential::{self, Prefix};
use crate::ids::{OwnerId, TokenId, UserId};
use crate::{Core, Error, OnConstraint, Result};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is stored of a token, and shown: never the token itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub origin: String,
    pub prefix: String,
    /// The last four characters.
    pub suffix: String,
    /// One entry: the whole account, or one team.
    pub scopes: Vec<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<OwnerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    pub created_at: Millis,
}

/// A token with its value, which is shown only here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    pub token: Token,
    pub bearer_token: String,
}

/// What it takes to make one.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    pub name: String,
    pub expires_at: Option<Millis>,
    /// Only for this team.
    pub team: Option<OwnerId>,
    /// Requests a minute; `None` is the server's default.
    pub rate_limit: Option<i64>,
    /// The value, where the operator chose it in the seed file.
    pub value: Option<String>,
}

/// Makes a token for a user.
///
/// # Errors
/// 409 where a value was chosen that exists; 404 where the user is gone.
pub async fn issue(core: &Core, user: &UserId, input: NewToken) -> Result<Issued> {
    let rate_limit = input.rate_limit;
    let issued = Issued::new(core, input);
    let (record, user) = (issued.token.clone(), user.clone());
    core.db.write(async move |tx| insert(tx, &user, &record, rate_limit).await).await?;
    Ok(issued)
}

impl Issued {
    /// A record that is not stored yet, and its value.
    pub(crate) fn new(core: &Core, input: NewToken) -> Self {
        let now = core.clock.now();
        let value = input.value.unwrap_or_else(|| credential::token(Prefix::User, &core.entropy));
        let suffix = value.char_indices().rev().nth(3).map_or(value.as_str(), |(at, _)| &value[at..]);
        let mut scope = match &input.team {
            Some(team) => json!({ "type": "team", "teamId": team, "origin": "manual", "createdAt": now }),
            None => json!({ "type": "user", "origin": "manual", "createdAt": now }),
        };
        if let Some(at) = input.expires_at {
            scope["expiresAt"] = json!(at);
        }
        let token = Token {
            id: credential::hash(&value),
            name: input.name,
            kind: "token".into(),
            origin: "manual".into(),
            prefix: Prefix::User.as_str().into(),
            suffix: suffix.to_owned(),
            scopes: vec![scope],
            team_id: input.team,
            expires_at: input.expires_at,
            created_at: now,
        };
        Self { token, bearer_token: value }
    }
}

pub(crate) async fn insert(tx: &Conn, user: &UserId, token: &Token, rate_limit: Option<i64>) -> Result<()> {
    let exists = || Error::conflict("token_exists", "A token with this value exists");
    tx.execute(
        "INSERT INTO tokens (id, user_id, team_id, created_at, active_at, expires_at, rate_limit, doc)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        &params![
            &token.id,
            user,
            token.team_id.as_ref(),
            token.created_at,
            token.expires_at,
            rate_limit,
            serde_json::to_string(token)?
        ],
    )
    .await
    .on_unique("tokens_id_key", exists)
    .on_unique("tokens_pkey", exists)
    .on_missing_parent(|| Error::not_found("User"))
    .map(drop)
}
