//! What Pintle tells: events, each signed with the integration's secret.

use crate::App;
use crate::broken::Broken;
use crate::refusal::{Refusal, Result};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;

/// The webhook URL.
pub async fn receive(State(partner): State<App>, headers: HeaderMap, body: Bytes) -> Result<StatusCode> {
    let signature =
        headers.get("x-vercel-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(&partner.options.client_secret, &body, signature)
        && !partner.is(Broken::AcceptsBadSignature)
    {
        return Err(Refusal::forbidden("the signature is wrong"));
    }
    let event: Value = serde_json::from_slice(&body).map_err(|error| Refusal::invalid(error.to_string()))?;
    let installation = event["payload"]["configuration"]["id"].as_str().unwrap_or_default().to_owned();
    if is_removed(&partner, &installation) {
        match event["type"].as_str() {
            // Now Pintle waits for the last invoice, and for no longer than a day.
            Some("integration-configuration.removed") if partner.options.final_invoice => {
                drop(tokio::spawn(partner.bill_finally(installation)));
            }
            Some("marketplace.invoice.paid") => drop(tokio::spawn(partner.finish(installation))),
            _ => {}
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn is_removed(partner: &App, installation: &str) -> bool {
    partner.store.lock().installations.get(installation).is_some_and(|known| known.removed)
}

/// HMAC-SHA1 of the body's very bytes in hexadecimal, compared in constant time.
fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let (Ok(mut mac), Ok(signature)) =
        (Hmac::<Sha1>::new_from_slice(secret.as_bytes()), hex::decode(signature))
    else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}
