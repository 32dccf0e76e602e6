//! Users' access tokens (group `authentication`). Installations' tokens come from a code exchange: see `configurations::install`.

use crate::clock::Millis;
use crate::credential::{self, Prefix};
use crate::events::{self, Event};
use crate::ids::{OwnerId, TokenId, UserId};
use crate::page::{self, Page, Pagination};
use crate::scope::{Principal, Scope};
use crate::{Core, Error, OnConstraint, Result, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is stored of a token, and shown: never the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// How a token is shown: with its last use, which stands beside the document so that noting it costs little.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    #[serde(flatten)]
    pub token: Token,
    pub active_at: Millis,
}

impl Shown {
    fn read(doc: &str, active_at: Millis) -> Result<Self> {
        Ok(Self { token: serde_json::from_str(doc)?, active_at })
    }
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

/// The body of createAuthToken.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateToken {
    pub name: String,
    /// Milliseconds; a fraction is dropped.
    expires_at: Option<f64>,
    /// Newer clients ask for tokens of one project, which Pintle does not make.
    project_id: Option<String>,
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
        Self::made_at(core.clock.now(), core, input)
    }

    /// The same as if it had been made then.
    pub(crate) fn made_at(now: Millis, core: &Core, input: NewToken) -> Self {
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
    .on_unique("tokens_pkey", exists)
    .on_missing_parent(|| Error::not_found("User"))
    .map(drop)
}

/// createAuthToken: for the whole account, or only for the team that the request named.
///
/// # Errors
/// 400 for an empty name, an expiry that has passed, or a token of one project: a wider one than asked for would be worse.
pub async fn create(
    core: &Core,
    scope: &Scope,
    body: CreateToken,
    team_named: bool,
) -> Result<(Shown, String)> {
    validate::length("name", &body.name, 256)?;
    if body.project_id.is_some() {
        return Err(Error::bad_request("Tokens of a single project are not supported by this server"));
    }
    let expires_at = body.expires_at.map(|at| at as Millis);
    if expires_at.is_some_and(|at| at <= core.clock.now()) {
        return Err(Error::invalid("`expiresAt` should be in the future."));
    }
    let user = user(scope)?.clone();
    let team = scope.team_id().filter(|_| team_named || scope.team_only);
    let input = NewToken { name: body.name, expires_at, team, ..NewToken::default() };
    let Issued { token, bearer_token } = Issued::new(core, input);
    let (core, scope, record) = (core.clone(), log_of(scope, &user, &token), token.clone());
    core.clone()
        .db
        .write(async move |tx| {
            insert(tx, &user, &record, None).await?;
            let event = event("user-token-created", "created", &record);
            events::record(tx, &core, &scope, record.created_at, event).await.map(drop)
        })
        .await?;
    Ok((Shown { active_at: token.created_at, token }, bearer_token))
}

/// Whose tokens the operations of this group are about.
fn user(scope: &Scope) -> Result<&UserId> {
    match &scope.principal {
        Principal::User { id, .. } => Ok(id),
        _ => Err(Error::forbidden("Only a user has tokens of its own")),
    }
}

/// What happens to a team's token stands in the team's log, the rest in the personal account's.
fn log_of(scope: &Scope, user: &UserId, token: &Token) -> Scope {
    scope.acting_for(token.team_id.clone().unwrap_or_else(|| user.as_owner()))
}

fn event(kind: &'static str, verb: &str, token: &Token) -> Event {
    let payload = json!({ "tokenId": token.id, "name": token.name, "teamId": token.team_id });
    Event::new(kind, format!("{verb} token {}", token.name), payload)
}

/// A user's own tokens, never those of installations made by it. A token that is good for one team knows only that team's.
const VISIBLE: &str =
    "user_id = $1 AND configuration_id IS NULL AND (CAST($2 AS TEXT) IS NULL OR team_id = $2)";

fn only_team(scope: &Scope) -> Option<OwnerId> {
    scope.team_id().filter(|_| scope.team_only)
}

/// listAuthTokens, newest first.
pub async fn list(core: &Core, scope: &Scope, page: Page) -> Result<(Vec<Shown>, Pagination)> {
    let sql = format!("SELECT created_at, doc, active_at FROM tokens WHERE {VISIBLE}");
    let conn = core.db.read().await?;
    let params = params![user(scope)?, only_team(scope)];
    let (rows, pagination) =
        page::rows::<(Millis, String, Millis)>(&conn, &sql, "created_at", &params, page).await?;
    let tokens =
        rows.iter().map(|(_, doc, active_at)| Shown::read(doc, *active_at)).collect::<Result<_>>()?;
    Ok((tokens, pagination))
}

/// The token that a path names: by its id, or as the one that the request was made with.
fn named(scope: &Scope, id: &str) -> TokenId {
    if id == "current" { scope.token.clone() } else { TokenId::from(id) }
}

fn not_found() -> Error {
    Error::not_found("Token")
}

/// getAuthToken.
///
/// # Errors
/// 404 for a token that is not the caller's.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<Shown> {
    let sql = format!("SELECT doc, active_at FROM tokens WHERE {VISIBLE} AND id = $3");
    let params = params![user(scope)?, only_team(scope), named(scope, id)];
    let row: Option<(String, Millis)> = core.db.read().await?.opt(&sql, &params).await?;
    let (doc, active_at) = row.ok_or_else(not_found)?;
    Shown::read(&doc, active_at)
}

/// deleteAuthToken: the token is unknown from now on, also where it deletes itself.
///
/// # Errors
/// 404 for a token that is not the caller's, or is gone.
pub async fn delete(core: &Core, scope: &Scope, id: &str) -> Result<TokenId> {
    let now = core.clock.now();
    let (user, id) = (user(scope)?.clone(), named(scope, id));
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let sql = format!("DELETE FROM tokens WHERE {VISIBLE} AND id = $3 RETURNING doc");
            let row: Option<(String,)> = tx.opt(&sql, &params![&user, only_team(&scope), &id]).await?;
            let (doc,) = row.ok_or_else(not_found)?;
            let token: Token = serde_json::from_str(&doc)?;
            let event = event("user-token-deleted", "deleted", &token);
            events::record(tx, &core, &log_of(&scope, &user, &token), now, event).await?;
            Ok(token.id)
        })
        .await
}
