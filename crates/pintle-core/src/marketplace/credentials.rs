//! The tokens of a marketplace installation: a further one, and the end of one (semantics.md 2.3).

use crate::clock::{DAY, SECOND};
use crate::configurations::{self, Configuration, exchange};
use crate::credential::{self, Prefix};
use crate::events::{self, Event};
use crate::ids::ConfigurationId;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long a token is good that an installation gave itself.
const LIFETIME: i64 = 365 * DAY;

/// The body of a rotation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    client_secret: String,
    client_id: Option<String>,
}

/// The body of a revocation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    token: String,
    client_secret: String,
    client_id: Option<String>,
}

/// The answer to a rotation: the only place where the token shows.
#[derive(Debug, Serialize)]
pub struct Rotated {
    access_token: String,
    /// Seconds.
    expires_in: i64,
    scope: String,
    token_type: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Revoked {
    revoked: bool,
    already_revoked: bool,
}

/// Makes one more token; those that there are stay good.
///
/// # Errors
/// 400 `invalid_client` for a client id or secret that is not the integration's.
pub async fn rotate(core: &Core, scope: &Scope, client: Client) -> Result<Rotated> {
    let token = credential::token(Prefix::Installation, &core.entropy);
    let (core, scope, id) = (core.clone(), scope.clone(), credential::hash(&token));
    let scopes = core
        .clone()
        .db
        .write(async move |tx| {
            let now = core.clock.now();
            let configuration = configurations::load(tx, &scope, scope.partner()?).await?;
            check(tx, &core, &configuration, &client).await?;
            exchange::keep_token(tx, &configuration, &id, now).await?;
            let sql = "UPDATE tokens SET expires_at = $2 WHERE id = $1";
            tx.execute(sql, &params![&id, now + LIFETIME]).await?;
            record(tx, &core, &scope, &configuration, "rotated").await?;
            Ok::<_, Error>(configuration.scopes.join(" "))
        })
        .await?;
    Ok(Rotated {
        access_token: token,
        expires_in: LIFETIME / SECOND,
        scope: scopes,
        token_type: "oauth2-token",
    })
}

/// Ends a token of the installation.
///
/// # Errors
/// 400 `invalid_client` as for a rotation; 409 `last_credential` where no other would be left.
pub async fn revoke(core: &Core, scope: &Scope, body: Revocation) -> Result<Revoked> {
    let Revocation { token, client_secret, client_id } = body;
    let (client, token) = (Client { client_secret, client_id }, credential::hash(&token));
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = configurations::load(tx, &scope, scope.partner()?).await?;
            check(tx, &core, &configuration, &client).await?;
            let live = live(tx, &configuration.id, core.clock.now()).await?;
            if !live.iter().any(|id| id == token.as_str()) {
                return Ok(Revoked { revoked: false, already_revoked: true });
            }
            if live.len() == 1 {
                let text = "This is the installation's last token: make another one first";
                return Err(Error::conflict("last_credential", text));
            }
            tx.execute("DELETE FROM tokens WHERE id = $1", &params![&token]).await?;
            record(tx, &core, &scope, &configuration, "revoked").await?;
            Ok(Revoked { revoked: true, already_revoked: false })
        })
        .await
}

async fn live(tx: &Conn, id: &ConfigurationId, now: i64) -> Result<Vec<String>> {
    let sql = "SELECT id FROM tokens WHERE configuration_id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    let rows: Vec<(String,)> = tx.all(sql, &params![id, now]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

async fn check(tx: &Conn, core: &Core, configuration: &Configuration, client: &Client) -> Result<()> {
    let app = configuration.integration_id.as_str();
    if client.client_id.as_deref().is_some_and(|id| id != app) {
        return Err(exchange::wrong_client());
    }
    exchange::Client { id: app, secret: &client.client_secret }.check(tx, core, None).await
}

async fn record(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    configuration: &Configuration,
    did: &'static str,
) -> Result<()> {
    let kind = match did {
        "revoked" => "integration-configuration-credential-revoked",
        _ => "integration-configuration-credential-rotated",
    };
    let payload = json!({
        "configurationId": configuration.id, "integrationId": configuration.integration_id,
        "integrationSlug": configuration.slug, "ownerId": configuration.owner_id,
    });
    let event = Event::new(kind, format!("{did} a token of {}", configuration.slug), payload);
    events::record(tx, core, scope, core.clock.now(), event).await.map(drop)
}
