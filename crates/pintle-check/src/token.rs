//! Tokens as Pintle shows them to partners, and tokens that no partner may take.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use pintle_core::clock::DAY;
use pintle_core::ids::{ConfigurationId, IntegrationId};
use pintle_core::marketplace::claims::{self, Audience, Speaker};
use pintle_core::marketplace::{Actor, keys};
use pintle_core::{Core, Error, Result};
use serde_json::{Value as Json, json};

/// Whose token a request carries.
#[derive(Debug, Clone, Default)]
pub struct Token {
    pub user: bool,
    pub installation: Option<String>,
    pub flaw: Option<Flaw>,
}

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    Missing,
    /// Not a token at all.
    Garbage,
    /// The claims were changed after it was signed.
    Tampered,
    /// `alg: none`.
    Unsigned,
    Expired,
    OtherAudience,
    OtherIssuer,
}

impl Token {
    pub fn user(installation: &str) -> Self {
        Self { user: true, installation: Some(installation.to_owned()), flaw: None }
    }

    pub fn system(installation: Option<&str>) -> Self {
        Self { user: false, installation: installation.map(str::to_owned), flaw: None }
    }

    pub fn speaker(&self) -> &'static str {
        if self.user { "user" } else { "system" }
    }

    /// In words, for a report.
    pub fn described(&self) -> String {
        let flaw = match &self.flaw {
            Some(Flaw::Missing) => return "no token".into(),
            Some(Flaw::Garbage) => return "`Bearer nonsense`".into(),
            Some(Flaw::Tampered) => ", changed after it was signed",
            Some(Flaw::Unsigned) => ", with `alg: none` and no signature",
            Some(Flaw::Expired) => ", expired a day ago",
            Some(Flaw::OtherAudience) => ", for another audience",
            Some(Flaw::OtherIssuer) => ", of another issuer",
            None => "",
        };
        let of = self.installation.as_ref().map_or("no installation", String::as_str);
        format!("a {}'s token of {of}{flaw}", self.speaker())
    }

    /// What stands in the header after `Bearer`; `None` for no header.
    pub async fn text(
        &self,
        core: &Core,
        actor: &Actor,
        integration: &IntegrationId,
    ) -> Result<Option<String>> {
        let installation = self.installation.as_deref().map(ConfigurationId::from);
        let audience = Audience { integration, installation: installation.as_ref() };
        let speaker = if self.user { Speaker::User } else { Speaker::System };
        let good = claims::token(core, actor, speaker, audience).await?;
        let resigned = async |key: &str, value: Json| {
            let mut claims = part(&good, 1)?;
            claims[key] = value;
            keys::jwt(core, &claims).await
        };
        Ok(Some(match &self.flaw {
            None => good,
            Some(Flaw::Missing) => return Ok(None),
            Some(Flaw::Garbage) => "nonsense".into(),
            Some(Flaw::Tampered) => tampered(&good)?,
            Some(Flaw::Unsigned) => unsigned(&good)?,
            Some(Flaw::Expired) => {
                let now = part(&good, 1)?["iat"].as_i64().unwrap_or_default();
                resigned("exp", json!(now - DAY / 1_000)).await?
            }
            Some(Flaw::OtherAudience) => resigned("aud", json!("oac_somebodyElsesIntegration")).await?,
            Some(Flaw::OtherIssuer) => resigned("iss", json!("https://issuer.invalid")).await?,
        }))
    }
}

/// The header (0) or the claims (1) of a token.
fn part(token: &str, nth: usize) -> Result<Json> {
    let text = token.split('.').nth(nth).unwrap_or_default();
    Ok(serde_json::from_slice(&BASE64.decode(text).map_err(Error::internal)?)?)
}

/// The same header and signature over other claims: a signature that nobody checks lets it pass.
fn tampered(good: &str) -> Result<String> {
    let mut claims = part(good, 1)?;
    claims["sub"] = json!("account:somebody-else");
    let (header, signature) = (good.split('.').next(), good.rsplit('.').next());
    let claims = BASE64.encode(claims.to_string());
    Ok([header.unwrap_or_default(), &claims, signature.unwrap_or_default()].join("."))
}

fn unsigned(good: &str) -> Result<String> {
    let mut header = part(good, 0)?;
    header["alg"] = json!("none");
    let claims = good.split('.').nth(1).unwrap_or_default();
    Ok(format!("{}.{claims}.", BASE64.encode(header.to_string())))
}
