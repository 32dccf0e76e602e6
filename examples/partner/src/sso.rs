//! A customer comes from Pintle and is signed in here without a password.

use crate::App;
use crate::broken::Broken;
use crate::refusal::{Refusal, Result};
use crate::store::random;
use crate::tokens::Claims;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub struct Visit {
    code: String,
    state: Option<String>,
    /// What the customer wants to see.
    resource_id: Option<String>,
}

/// The redirect login URL. The code proves nothing by itself: only what Pintle answers for it does.
pub async fn sign_in(State(partner): State<App>, Query(visit): Query<Visit>) -> Result<Response> {
    let claims = match exchange(&partner, &visit).await {
        Err(_) if partner.is(Broken::SsoTrustsAnything) => Claims::default(),
        exchanged => exchanged?,
    };
    let session = random()?;
    partner.store.lock().sessions.insert(session.clone(), claims);
    let cookie = format!("session={session}; Path=/; HttpOnly; SameSite=Lax");
    let location = format!("/?resource={}", visit.resource_id.unwrap_or_default());
    let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, location)];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

async fn exchange(partner: &App, visit: &Visit) -> Result<Claims> {
    let body = json!({
        "code": visit.code, "state": visit.state, "client_id": partner.options.client_id,
        "client_secret": partner.options.client_secret, "grant_type": "authorization_code",
    });
    let (status, answer) = partner.pintle.call(None, "POST", "/v1/integrations/sso/token", &body).await?;
    match (status, answer["id_token"].as_str()) {
        (200, Some(token)) => partner.verify(token).await,
        _ => Err(Refusal::forbidden(format!("the code was not accepted ({status})"))),
    }
}

/// The customer's page.
pub async fn home(State(partner): State<App>, headers: HeaderMap) -> Result<Html<String>> {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="));
    let store = partner.store.lock();
    let claims = session.and_then(|session| store.sessions.get(session));
    let claims = claims.ok_or_else(|| Refusal::unauthorized("come here from Pintle"))?;
    let name = claims.user_name.as_deref().unwrap_or("somebody").replace(['<', '>', '&'], "");
    Ok(Html(format!("<!doctype html><title>Databases</title><p>Welcome, {name}.")))
}
