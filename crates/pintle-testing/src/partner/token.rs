//! What a partner does with the token that it is shown: the signature by the key in Pintle's JWKS, then the claims.

use super::Asked;
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http_body_util::BodyExt;
use pintle_api::Api;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;

pub(super) struct Verifier(Api);

impl Verifier {
    pub(super) fn new(api: Api) -> Self {
        Self(api)
    }

    /// # Errors
    /// Why the token is not good for the request.
    pub(super) async fn check(&self, asked: &Asked) -> Result<(), &'static str> {
        self.signed(asked.bearer()).await?;
        let claims = &asked.claims;
        let speaker = if claims["user_id"].is_string() { "user" } else { "system" };
        if asked.header("x-vercel-auth") != speaker {
            return Err("X-Vercel-Auth says somebody else than the token");
        }
        let now = self.0.core().clock.unmoved() / 1_000;
        let seconds = |claim: &str| claims[claim].as_i64().unwrap_or_default();
        if seconds("exp") <= now || seconds("iat") > now + 1 {
            return Err("the token is not good at this time");
        }
        if claims["iss"] != self.0.core().issuer.as_str() {
            return Err("the token is somebody else's");
        }
        match asked.path.strip_prefix("/v1/installations/").and_then(|rest| rest.split('/').next()) {
            Some(installation) if claims["installation_id"] != installation => {
                Err("the token is of another installation")
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// Where no key of Pintle's signed it.
    pub(super) async fn signed(&self, token: &str) -> Result<(), &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("no token")?;
        let header = part(token, 0);
        let kid = header["kid"].as_str().filter(|_| header["alg"] == "RS256").ok_or("no kid")?;
        let jwks = self.jwks().await;
        let mut keys = jwks["keys"].as_array().expect("keys").iter();
        let key = keys.find(|key| key["kid"] == kid).ok_or("an unknown key")?;
        let number = |name: &str| BASE64.decode(key[name].as_str().unwrap_or_default()).unwrap_or_default();
        let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
        let signature = BASE64.decode(signature).map_err(|_| "no signature")?;
        key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).map_err(|_| "a bad signature")
    }

    async fn jwks(&self) -> Value {
        let request = Request::get("/.well-known/jwks").body(Body::empty()).expect("a request");
        let body = self.0.answer(request).await.into_body().collect().await.expect("a whole body");
        serde_json::from_slice(&body.to_bytes()).expect("a JWKS")
    }
}

/// The claims of a token, unchecked; `null` where it has none.
pub(super) fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, place: usize) -> Value {
    let bytes = token.split('.').nth(place).and_then(|part| BASE64.decode(part).ok()).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
