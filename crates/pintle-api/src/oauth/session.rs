//! Who sits before the consent page. A browser has no bearer token to send, so a person pastes an access token once; it comes
//! back in a cookie that only Pintle can open, that no script can read, and that is sent to the consent pages alone.

use super::credentials;
use crate::call::Call;
use axum::http::HeaderValue;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use pintle_core::clock::{HOUR, Millis, SECOND};
use pintle_core::ids::UserId;
use pintle_core::permissions::Permission;
use pintle_core::scope::{self, Principal, TeamHint};
use pintle_core::{Core, Error, Kind, Result, Scope, credential};
use serde::{Deserialize, Serialize};

const COOKIE: &str = "pintle_consent";
const LIFETIME: Millis = 12 * HOUR;
/// What the vault binds the cookie to, so that no other sealed value passes for one.
const LABEL: &str = "consent session";

#[derive(Debug)]
pub(super) struct Session {
    pub bearer: String,
    pub user: UserId,
    pub username: String,
    /// The account that the person's requests act for when they name none.
    pub default: Scope,
    /// Stands in every form of this session, and cannot be guessed from outside of it.
    pub csrf: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    bearer: String,
    expires_at: Millis,
}

impl Session {
    /// The session of a request, where it has one that is good. A token that was revoked since ends its sessions.
    pub(super) async fn of(call: &Call) -> Result<Option<Session>> {
        let Some(cookie) = credentials::cookie(&call.headers, COOKIE) else { return Ok(None) };
        let sealed =
            BASE64.decode(cookie).ok().and_then(|bytes| call.core.vault.open_text(LABEL, &bytes).ok());
        let sealed: Option<Sealed> = sealed.and_then(|text| serde_json::from_str(&text).ok());
        let Some(sealed) = sealed.filter(|sealed| sealed.expires_at > call.core.clock.now()) else {
            return Ok(None);
        };
        match Self::begin(&call.core, &sealed.bearer, cookie).await {
            Err(error) if error.kind == Kind::Forbidden => Ok(None),
            session => session.map(Some),
        }
    }

    async fn begin(core: &Core, bearer: &str, cookie: &str) -> Result<Session> {
        let scope = scope::authenticate(core, Some(bearer), TeamHint::None, Permission::Account).await?;
        let Principal::User { id, username } = scope.principal.clone() else {
            return Err(Error::forbidden("This is an integration's token: a person consents with their own"));
        };
        let csrf = credential::hash(&format!("consent form {cookie}")).to_string();
        Ok(Session { bearer: bearer.to_owned(), user: id, username, default: scope, csrf })
    }

    /// Begins a session with an access token; answers the value of `Set-Cookie`.
    ///
    /// # Errors
    /// 403 where the token is not a person's, or not good.
    pub(super) async fn sign_in(call: &Call, bearer: &str) -> Result<HeaderValue> {
        Self::begin(&call.core, bearer, "").await?;
        let expires_at = call.core.clock.now() + LIFETIME;
        let plain = serde_json::to_vec(&Sealed { bearer: bearer.to_owned(), expires_at })?;
        let sealed = call.core.vault.seal(LABEL, &plain, &call.core.entropy)?;
        set_cookie(call, &BASE64.encode(sealed), LIFETIME / SECOND)
    }

    /// Ends it; answers the value of `Set-Cookie`.
    pub(super) fn sign_out(call: &Call) -> Result<HeaderValue> {
        set_cookie(call, "", 0)
    }

    /// # Errors
    /// 403 for a form that does not come from a page of this session.
    pub(super) fn check_form(&self, call: &Call, csrf: Option<&str>) -> Result<()> {
        // Compared as hashes, so that the time taken tells nothing of the secret.
        let same = csrf.is_some_and(|sent| credential::hash(sent) == credential::hash(&self.csrf));
        if same && credentials::from_own_page(&call.headers, &call.origin()) {
            return Ok(());
        }
        Err(Error::forbidden("This form was not sent from a page of yours, or the page is too old"))
    }
}

fn set_cookie(call: &Call, value: &str, seconds: i64) -> Result<HeaderValue> {
    let secure = if call.origin().starts_with("https:") { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={value}; Path=/integrations; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).map_err(Error::internal)
}
