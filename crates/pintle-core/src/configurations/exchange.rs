//! From the code to the installation's access token (semantics.md 2.2).

use super::{Configuration, not_found};
use crate::clock::Millis;
use crate::credential::{self, Prefix};
use crate::ids::{ConfigurationId, TokenId};
use crate::integrations;
use crate::{Core, Error, Result};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The form of `POST /v2/oauth/access_token`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Exchange {
    pub client_id: String,
    pub client_secret: String,
    pub code: String,
    #[serde(default)]
    pub redirect_uri: String,
    /// Need not be sent.
    pub grant_type: Option<String>,
}

/// The exact five keys that clients validate; `team_id` is `null` for a personal account.
#[derive(Debug, Serialize)]
pub struct AccessToken {
    pub token_type: &'static str,
    pub access_token: String,
    pub installation_id: ConfigurationId,
    pub user_id: String,
    pub team_id: Option<String>,
}

/// Exchanges a code for the installation's access token. A code works once; a failed exchange does not spend it.
///
/// # Errors
/// 400 `invalid_client` for a wrong client id or secret; 400 `invalid_grant` for a code that is unknown, spent, expired, another
/// client's, or a redirect URI that is not the one the code was sent to; 400 `unsupported_grant_type`; 403
/// `integration_configuration_disabled`.
pub async fn exchange(core: &Core, form: Exchange) -> Result<AccessToken> {
    let now = core.clock.now();
    let token = credential::token(Prefix::Installation, &core.entropy);
    let (core, id) = (core.clone(), credential::hash(&token));
    let configuration = core
        .clone()
        .db
        .write(async move |tx| {
            let client = Client { id: &form.client_id, secret: &form.client_secret };
            client.check(tx, &core, form.grant_type.as_deref()).await?;
            let configuration = redeem(tx, &form, now).await?.completed(tx, now).await?;
            keep_token(tx, &configuration, &id, now).await?;
            Ok::<_, Error>(configuration)
        })
        .await?;
    Ok(AccessToken {
        token_type: "Bearer",
        access_token: token,
        installation_id: configuration.id,
        user_id: configuration.user_id.to_string(),
        team_id: configuration.team_id.map(|id| id.to_string()),
    })
}

/// Keeps the hash of an access token of this installation.
pub(crate) async fn keep_token(
    tx: &Conn,
    configuration: &Configuration,
    id: &TokenId,
    now: Millis,
) -> Result<()> {
    let doc = json!({ "id": id, "name": configuration.slug, "type": "oauth2-token" }).to_string();
    let Configuration { id: configuration_id, user_id, team_id, .. } = configuration;
    tx.execute(
        "INSERT INTO tokens (id, user_id, team_id, configuration_id, created_at, active_at, doc)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
        &params![id, user_id, team_id.as_ref(), configuration_id, now, doc],
    )
    .await?;
    Ok(())
}

/// Who exchanges a code: an integration's server.
pub(crate) struct Client<'a> {
    pub id: &'a str,
    pub secret: &'a str,
}

impl Client<'_> {
    /// # Errors
    /// 400 `invalid_client` for a wrong id or secret, 400 `unsupported_grant_type` for any but a code's.
    pub(crate) async fn check(&self, tx: &Conn, core: &Core, grant_type: Option<&str>) -> Result<()> {
        if grant_type.is_some_and(|grant| grant != "authorization_code") {
            let text = "`grant_type` should be \"authorization_code\", or be left out";
            return Err(Error::bad_request(text).coded("unsupported_grant_type"));
        }
        let app = integrations::find(tx, self.id).await?.filter(|app| app.id.as_str() == self.id);
        let app = app.ok_or_else(wrong_client)?;
        let secret = integrations::client_secret(tx, core, &app.id).await?;
        // Compared as hashes, so that the time taken tells nothing of the secret.
        if credential::hash(&secret) == credential::hash(self.secret) { Ok(()) } else { Err(wrong_client()) }
    }
}

pub(crate) fn wrong_client() -> Error {
    Error::bad_request("The client id or client secret is wrong").coded("invalid_client")
}

/// Spends the code, and answers whose it was. Where it is refused, the transaction ends with that: the code is not spent.
async fn redeem(tx: &Conn, form: &Exchange, now: Millis) -> Result<Configuration> {
    let sql = "DELETE FROM codes WHERE id = $1 AND expires_at > $2 RETURNING configuration_id, redirect_uri";
    let row: Option<(String, String)> = tx.opt(sql, &params![&credential::hash(&form.code), now]).await?;
    let (id, redirect_uri) = row.ok_or_else(unknown_code)?;
    let configuration = of_client(tx, &id, &form.client_id).await?;
    if redirect_uri != form.redirect_uri {
        return Err(bad_code("`redirect_uri` is not the URL that the code was sent to"));
    }
    Ok(configuration)
}

/// The installation that a spent code was for.
///
/// # Errors
/// 400 `invalid_grant` where another client has it; 403 while it is disabled.
pub(crate) async fn of_client(tx: &Conn, id: &str, client: &str) -> Result<Configuration> {
    let sql = "SELECT doc FROM configurations WHERE id = $1";
    let row: Option<(String,)> = tx.opt(sql, &params![id]).await?;
    let (doc,) = row.ok_or_else(unknown_code)?;
    let configuration: Configuration = serde_json::from_str(&doc)?;
    if configuration.integration_id.as_str() != client {
        return Err(bad_code("The code was made for another client"));
    }
    configuration.require_enabled()?;
    Ok(configuration)
}

pub(crate) fn unknown_code() -> Error {
    bad_code("The code is unknown, spent or expired")
}

pub(crate) fn bad_code(text: &str) -> Error {
    Error::bad_request(text).coded("invalid_grant")
}

/// Notes that the browser came back from the integration, which completes the installation where the exchange did not.
///
/// # Errors
/// 404 where the integration of this slug has no such configuration.
pub async fn complete(core: &Core, slug: &str, id: &str) -> Result<Configuration> {
    let now = core.clock.now();
    let (slug, id) = (slug.to_owned(), id.to_owned());
    core.db
        .write(async move |tx| {
            let sql = "SELECT c.doc FROM configurations c JOIN integrations i ON i.id = c.integration_id
              WHERE c.id = $1 AND i.slug = $2";
            let row: Option<(String,)> = tx.opt(sql, &params![&id, &slug]).await?;
            let (doc,) = row.ok_or_else(not_found)?;
            serde_json::from_str::<Configuration>(&doc)?.completed(tx, now).await
        })
        .await
}

impl Configuration {
    /// Marks it complete, the first time.
    async fn completed(mut self, tx: &Conn, now: Millis) -> Result<Self> {
        if self.completed_at.is_none() {
            self.completed_at = Some(now);
            self.updated_at = now;
            self.save(tx).await?;
        }
        Ok(self)
    }
}
