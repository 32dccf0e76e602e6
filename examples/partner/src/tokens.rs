//! Who asks: Pintle shows a token (RS256) with every request. Never skip one of these checks: the token is all that tells Pintle from
//! anybody else, and one customer from another.

use crate::broken::Broken;
use crate::refusal::{Refusal, Result};
use crate::{App, Partner};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode, decode_header};
use serde::Deserialize;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Pintle's keys are fetched again when a token names one that is not known, but not more often than this.
const REST: Duration = Duration::from_secs(1);

/// What a token says.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Claims {
    /// The customer: a team or a person.
    pub account_id: String,
    /// The system's token has none before there is an installation.
    pub installation_id: Option<String>,
    /// A user's token has these two, the system's has not.
    pub user_id: Option<String>,
    pub user_role: Option<Role>,
    pub user_name: Option<String>,
}

/// An administrator may install and buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    Admin,
    User,
}

/// Pintle's public keys, as they were when they were last needed.
pub struct Keys {
    issuer: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: Option<JwkSet>,
    fetched: Option<Instant>,
}

impl Keys {
    pub fn new(issuer: String) -> Self {
        Self { issuer, known: Mutex::default() }
    }
}

impl Partner {
    /// Checks a token: signature, algorithm, issuer, audience and expiry.
    ///
    /// # Errors
    /// 401 for one that is not good.
    pub async fn verify(&self, token: &str) -> Result<Claims> {
        let wrong = |error| Refusal::unauthorized(format!("the token is not good: {error}"));
        // What the token itself says of its algorithm does not count.
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.set_issuer(&[&self.keys.issuer]);
        rules.set_audience(&[&self.options.client_id]);
        rules.leeway = 10;
        self.bend(&mut rules);
        if self.is(Broken::IgnoresSignature) {
            return Ok(dangerous::insecure_decode::<Claims>(token).map_err(wrong)?.claims);
        }
        let kid = decode_header(token).map_err(wrong)?.kid;
        let key = self.key(&kid.ok_or_else(|| Refusal::unauthorized("the token names no key"))?).await?;
        Ok(decode::<Claims>(token, &key, &rules).map_err(wrong)?.claims)
    }

    async fn key(&self, kid: &str) -> Result<DecodingKey> {
        let mut known = self.keys.known.lock().await;
        let has = |known: &Known| known.keys.as_ref().is_some_and(|keys| keys.find(kid).is_some());
        if !has(&known) && known.fetched.is_none_or(|at| at.elapsed() > REST) {
            known.fetched = Some(Instant::now());
            known.keys = Some(self.fetch().await?);
        }
        let key = known.keys.as_ref().and_then(|keys| keys.find(kid));
        let key = key.ok_or_else(|| Refusal::unauthorized("the token is signed with an unknown key"))?;
        DecodingKey::from_jwk(key).map_err(Refusal::failed)
    }

    /// The issuer's discovery document leads to its keys.
    async fn fetch(&self) -> Result<JwkSet> {
        let issuer = &self.keys.issuer;
        let discovery = self.pintle.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        if discovery["issuer"] != **issuer {
            return Err(Refusal::failed(format!("{} is not the issuer {issuer}", discovery["issuer"])));
        }
        let url =
            discovery["jwks_uri"].as_str().ok_or_else(|| Refusal::failed("the issuer names no keys"))?;
        serde_json::from_value(self.pintle.get(url).await?).map_err(Refusal::failed)
    }

    /// For `--broken`.
    fn bend(&self, rules: &mut Validation) {
        rules.validate_exp = !self.is(Broken::IgnoresExpiry);
        rules.validate_aud = !self.is(Broken::IgnoresAudience);
        if self.is(Broken::IgnoresIssuer) {
            rules.iss = None;
        }
    }
}

/// A request of Pintle: for a user, or its own.
pub struct Caller(pub Claims);

/// A request of Pintle for a user.
pub struct User(pub Claims);

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, partner: &App) -> Result<Self> {
        let params = RawPathParams::from_request_parts(parts, partner).await.map_err(Refusal::failed)?;
        let path = params.iter().find(|(name, _)| *name == "installation").map(|(_, value)| value);
        if partner.is(Broken::AcceptsAnyToken) {
            return Ok(Self(Claims { account_id: "anybody".into(), ..Claims::default() }));
        }
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|text| text.strip_prefix("Bearer "));
        let claims = partner.verify(token.ok_or_else(|| Refusal::unauthorized("there is no token"))?).await?;
        // The path alone says nothing of who asks.
        let own = path.is_none_or(|path| claims.installation_id.as_deref() == Some(path));
        if !own && !partner.is(Broken::IgnoresInstallation) {
            return Err(Refusal::forbidden("the token is another installation's"));
        }
        Ok(Self(claims))
    }
}

impl FromRequestParts<App> for User {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, partner: &App) -> Result<Self> {
        let Caller(claims) = Caller::from_request_parts(parts, partner).await?;
        if claims.user_id.is_none() && !partner.is(Broken::AcceptsAnyToken) {
            return Err(Refusal::forbidden("only a user can ask for this"));
        }
        Ok(Self(claims))
    }
}
