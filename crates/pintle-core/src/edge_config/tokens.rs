//! Read tokens: what applications read an edge config with, in its connection string.

use super::{not_found, record};
use crate::clock::Millis;
use crate::credential::{self, Prefix};
use crate::events::{self, Event};
use crate::ids::{EdgeConfigId, TokenId};
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// Tokens that an edge config may have.
const LIMIT: i64 = 100;

/// What is stored, and shown: never the token itself, unless whoever asks knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub id: TokenId,
    pub label: String,
    pub edge_config_id: EdgeConfigId,
    pub created_at: Millis,
    /// The token without what makes it one. The contract wants a `token` everywhere, newer clients this.
    pub partial_token: String,
    pub token: String,
}

/// The body of createEdgeConfigToken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    pub label: String,
}

/// The answer to a creation: the only place where the token shows.
#[derive(Debug, Serialize)]
pub struct Created {
    pub token: String,
    pub id: TokenId,
}

/// createEdgeConfigToken. One that an installation makes goes with it.
///
/// # Errors
/// 400 for a label that is too long or a 101st token; 404 for another owner's edge config.
pub async fn create_token(core: &Core, scope: &Scope, id: &str, Label { label }: Label) -> Result<Created> {
    validate::at_most("label", &label, 52)?;
    let now = core.clock.now();
    let token = credential::token(Prefix::EdgeConfig, &core.entropy);
    let partial = format!("{}****{}", Prefix::EdgeConfig.as_str(), &token[token.len() - 4..]);
    let hash = credential::hash(&token);
    let created = Created { token, id: hash.clone() };
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = record::load(tx, &scope, &id).await?;
            let sql = "SELECT COUNT(*) FROM edge_config_tokens WHERE edge_config_id = $1";
            if tx.one::<(i64,)>(sql, &params![&config.id]).await?.0 >= LIMIT {
                let text = format!("The limit of {LIMIT} tokens is reached: delete one first");
                return Err(Error::bad_request(text).coded("edge_config_tokens_limit_reached"));
            }
            let token = Token {
                id: hash.clone(),
                label: label.clone(),
                edge_config_id: config.id.clone(),
                created_at: now,
                partial_token: partial.clone(),
                token: partial.clone(),
            };
            let sql = "INSERT INTO edge_config_tokens (id, edge_config_id, configuration_id, created_at, doc)
              VALUES ($1, $2, $3, $4, $5)";
            let doc = serde_json::to_string(&token)?;
            tx.execute(sql, &params![&token.id, &config.id, scope.configuration(), now, doc])
                .await
                .on_missing_parent(not_found)?;
            let text = format!("created token {label} of edge config {}", config.slug);
            let payload = json!({
                "edgeConfigId": config.id, "edgeConfigSlug": config.slug, "edgeConfigTokenId": token.id, "label": label,
            });
            let event = Event::new("edge-config-token-created", text, payload);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await?;
    Ok(created)
}

/// The tokens of an edge config, newest first.
///
/// # Errors
/// 404 for another owner's.
pub async fn tokens(core: &Core, scope: &Scope, id: &str) -> Result<Vec<Token>> {
    let conn = core.db.read().await?;
    let config = record::load(&conn, scope, id).await?;
    let sql =
        "SELECT doc FROM edge_config_tokens WHERE edge_config_id = $1 ORDER BY created_at DESC, id DESC";
    let docs: Vec<(String,)> = conn.all(sql, &params![&config.id]).await?;
    docs.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect()
}

/// getEdgeConfigToken, by the token or its id. Who knows the token is told it.
///
/// # Errors
/// 404 for one that the edge config does not have, and for another owner's edge config.
pub async fn token(core: &Core, scope: &Scope, id: &str, named: &str) -> Result<Token> {
    let conn = core.db.read().await?;
    let config = record::load(&conn, scope, id).await?;
    let found = find(&conn, &config.id, named).await?.ok_or_else(token_not_found)?;
    let knows = found.id == credential::hash(named);
    Ok(if knows { Token { token: named.to_owned(), ..found } } else { found })
}

/// By the token or its id.
async fn find(conn: &Conn, config: &EdgeConfigId, named: &str) -> Result<Option<Token>> {
    let sql = "SELECT doc FROM edge_config_tokens WHERE edge_config_id = $1 AND (id = $2 OR id = $3)";
    let row: Option<(String,)> = conn.opt(sql, &params![config, named, credential::hash(named)]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

fn token_not_found() -> Error {
    Error::not_found("Edge Config token")
}

/// The body of deleteEdgeConfigTokens; newer clients say `ids` where they have those.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedTokens {
    tokens: Option<Vec<String>>,
    ids: Option<Vec<String>>,
}

/// deleteEdgeConfigTokens: all of them or none. One that is named twice goes once.
///
/// # Errors
/// 400 where none is named; 404 for one that the edge config does not have, and for another owner's edge config.
pub async fn delete_tokens(core: &Core, scope: &Scope, id: &str, named: NamedTokens) -> Result<()> {
    if named.tokens.is_none() && named.ids.is_none() {
        return Err(Error::invalid("missing required property `tokens`."));
    }
    let named: Vec<String> = [named.tokens, named.ids].into_iter().flatten().flatten().collect();
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let config = record::load(tx, &scope, &id).await?;
            let mut gone = BTreeSet::new();
            for named in &named {
                gone.insert(find(tx, &config.id, named).await?.ok_or_else(token_not_found)?.id);
            }
            if gone.is_empty() {
                return Ok(());
            }
            for id in &gone {
                tx.execute("DELETE FROM edge_config_tokens WHERE id = $1", &params![id]).await?;
            }
            let text = format!("deleted {} tokens of edge config {}", gone.len(), config.slug);
            let payload =
                json!({ "edgeConfigId": config.id, "edgeConfigSlug": config.slug, "edgeConfigTokenIds": gone });
            let event = Event::new("edge-config-token-deleted", text, payload);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await
}
