//! A user goes on to the partner, signed in there as who it is here (semantics.md 4.7): a code travels with the browser, and the
//! partner's server exchanges it for a token that says who came.

use super::actor::Actor;
use super::claims::{self, Audience, LIFETIME, Speaker};
use crate::clock::{MINUTE, Millis, SECOND};
use crate::configurations::{self, Configuration, exchange};
use crate::ids::{ConfigurationId, IntegrationId, OwnerId};
use crate::scope::Principal;
use crate::{Core, Error, Result, Scope, credential, integrations};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// How long a browser has from Pintle to the partner, and the partner to exchange the code.
const CODE_LIFETIME: Millis = 5 * MINUTE;

/// How a partner's links into itself begin.
const SCHEME: &str = "sso:";

/// Where at the partner's the user wants to go; all of it optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Pintle's id of a product or the partner's, and so for a resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experimentation_item_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Place>,
    /// A page of the partner's: what an `sso:` link leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `true`, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
}

/// A place that every partner has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Billing,
    Usage,
    Onboarding,
    Secrets,
    Support,
}

/// The address to send the user's browser to, with a code that is good once, for five minutes.
///
/// # Errors
/// 403 for who is no user; 404 where the scope's owner has no such installation; 400 where its integration has no page to sign in on.
pub async fn jump(
    core: &Core,
    scope: &Scope,
    id: &ConfigurationId,
    destination: Destination,
) -> Result<String> {
    if !matches!(scope.principal, Principal::User { .. }) {
        return Err(Error::forbidden("Only a user can be signed in at a partner's"));
    }
    let (code, state) = (core.entropy.base62(32), core.entropy.base62(24));
    let (core, scope, id) = (core.clone(), scope.clone(), id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = configurations::load(tx, &scope, &id).await?;
            configuration.require_enabled()?;
            let page = login_page(tx, &configuration.integration_id).await?;
            let destination = destination.clone().named(tx, &id).await?;
            keep(tx, &core, &scope, &id, &code, &state).await?;
            address(&page, &code, &state, &destination)
        })
        .await
}

/// Whose installation of this integration it is.
///
/// # Errors
/// 404 where there is none.
pub async fn owner(core: &Core, integration: &IntegrationId, id: &ConfigurationId) -> Result<OwnerId> {
    let sql = "SELECT owner_id FROM configurations WHERE id = $1 AND integration_id = $2";
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &params![id, integration]).await?;
    row.map(|(owner,)| OwnerId::from(owner)).ok_or_else(not_found)
}

/// What is no installation of the caller's.
pub fn not_found() -> Error {
    configurations::not_found()
}

async fn login_page(conn: &Conn, integration: &IntegrationId) -> Result<String> {
    let app = integrations::find(conn, integration.as_str()).await?;
    let page = app.and_then(|app| app.redirect_login_url);
    page.ok_or_else(|| {
        Error::bad_request("The integration has no page to sign in on: it has no `redirectLoginUrl`")
    })
}

async fn keep(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    id: &ConfigurationId,
    code: &str,
    state: &str,
) -> Result<()> {
    let now = core.clock.now();
    tx.execute("DELETE FROM sso_codes WHERE expires_at <= $1", &params![now]).await?;
    let sql =
        "INSERT INTO sso_codes (id, configuration_id, state, actor, expires_at) VALUES ($1, $2, $3, $4, $5)";
    let actor = serde_json::to_string(&Actor::of(scope))?;
    tx.execute(sql, &params![credential::hash(code), id, state, actor, now + CODE_LIFETIME]).await?;
    Ok(())
}

fn address(page: &str, code: &str, state: &str, destination: &Destination) -> Result<String> {
    let mut url = Url::parse(page).map_err(|error| Error::internal(format!("{page}: {error}")))?;
    let mut query = url.query_pairs_mut();
    query.append_pair("mode", "sso").append_pair("code", code).append_pair("state", state);
    if let Json::Object(map) = serde_json::to_value(destination)? {
        for (key, value) in &map {
            query.append_pair(key, value.as_str().unwrap_or_default());
        }
    }
    drop(query);
    Ok(url.into())
}

impl Destination {
    /// The parameters that a partner's page can be given, by name.
    pub const PARAMETERS: [&'static str; 10] = [
        "product_id",
        "resource_id",
        "check_id",
        "project_id",
        "experimentation_item_id",
        "invoice_id",
        "pr",
        "path",
        "url",
        "support",
    ];

    /// The same with what is Pintle's named as the partner names it.
    async fn named(mut self, conn: &Conn, id: &ConfigurationId) -> Result<Self> {
        if let Some(resource) = &mut self.resource_id {
            let sql = "SELECT partner_id FROM resources WHERE configuration_id = $1 AND id = $2 AND partner_id IS NOT NULL";
            let row: Option<(String,)> = conn.opt(sql, &params![id, resource.as_str()]).await?;
            *resource = row.map_or(resource.clone(), |(theirs,)| theirs);
        }
        if let Some(product) = &mut self.product_id {
            let sql =
                "SELECT p.slug FROM products p JOIN configurations c ON c.integration_id = p.integration_id
              WHERE c.id = $1 AND p.id = $2";
            let row: Option<(String,)> = conn.opt(sql, &params![id, product.as_str()]).await?;
            *product = row.map_or(product.clone(), |(slug,)| slug);
        }
        Ok(self)
    }
}

/// The form of exchange-sso-token.
#[derive(Debug, Clone, Deserialize)]
pub struct Exchange {
    pub code: String,
    pub state: Option<String>,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: Option<String>,
    pub grant_type: Option<String>,
}

/// Who came.
#[derive(Debug, Serialize)]
pub struct Identity {
    pub id_token: String,
    /// `null`: there is nothing that it would be good for.
    pub access_token: Option<String>,
    pub token_type: Option<String>,
    /// In seconds.
    pub expires_in: i64,
}

/// Exchanges a code for a token that says who came. A code works once; a failed exchange does not spend it.
///
/// # Errors
/// As for a code of an installation: 400 `invalid_client`, `invalid_grant`, `unsupported_grant_type`; 403 where that is disabled.
pub async fn exchange(core: &Core, form: Exchange) -> Result<Identity> {
    let inner = core.clone();
    let redeemed = core.db.write(async move |tx| {
        let client = exchange::Client { id: &form.client_id, secret: &form.client_secret };
        client.check(tx, &inner, form.grant_type.as_deref()).await?;
        redeem(tx, &form, inner.clock.now()).await
    });
    let (integration, installation, actor) = redeemed.await?;
    let audience = Audience { integration: &integration, installation: Some(&installation) };
    let id_token = claims::token(core, &actor, Speaker::User, audience).await?;
    Ok(Identity { id_token, access_token: None, token_type: None, expires_in: LIFETIME / SECOND })
}

/// Spends the code, and answers who came where. Where it is refused, the transaction ends with that: the code is not spent.
async fn redeem(tx: &Conn, form: &Exchange, now: Millis) -> Result<(IntegrationId, ConfigurationId, Actor)> {
    let sql =
        "DELETE FROM sso_codes WHERE id = $1 AND expires_at > $2 RETURNING configuration_id, state, actor";
    let row: Option<(String, String, String)> =
        tx.opt(sql, &params![&credential::hash(&form.code), now]).await?;
    let (id, state, actor) = row.ok_or_else(exchange::unknown_code)?;
    let Configuration { id, integration_id, .. } = exchange::of_client(tx, &id, &form.client_id).await?;
    if form.state.as_ref().is_some_and(|sent| *sent != state) {
        return Err(exchange::bad_code("`state` is not the one that came with the code"));
    }
    if let Some(sent) = &form.redirect_uri
        && *sent != login_page(tx, &integration_id).await?
    {
        return Err(exchange::bad_code("`redirect_uri` is not the URL that the code was sent to"));
    }
    Ok((integration_id, id, serde_json::from_str(&actor)?))
}

/// A link of a partner's as a person can follow it: one that begins with `sso:` leads there by way of Pintle. The integration is named by
/// id or slug.
pub fn followed(core: &Core, integration: &str, configuration: &str, link: &str) -> Option<String> {
    let page: String = byte_serialize(link.strip_prefix(SCHEME)?.as_bytes()).collect();
    Some(format!("{}/sso/integrations/{integration}/{configuration}?url={page}", core.issuer))
}

/// The same for the link in a document's `notification`, where it has one.
pub fn follow_notification(core: &Core, integration: &str, configuration: &str, document: &mut Json) {
    let link = document["notification"]["href"].as_str();
    if let Some(link) = link.and_then(|link| followed(core, integration, configuration, link)) {
        document["notification"]["href"] = link.into();
    }
}
