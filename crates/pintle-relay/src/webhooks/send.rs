//! One try of a webhook: the stored bytes, signed.

use crate::exchange::{Exchange, Timing, Tried};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use pintle_core::deliveries::{self, Attempt, Leased, Pauses};
use pintle_core::signature::{self, Signer};
use pintle_core::{Core, outbound, planted};
use pintle_egress::{Failure, Request};
use std::time::Duration;

const USER_AGENT: HeaderValue = HeaderValue::from_static("Pintle-Webhooks/1.0");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Sends a delivery and says what becomes of it; `None` where it was canceled or ordered anew while it waited here.
pub(super) async fn attempt(core: &Core, leased: Leased, timeout: Duration) -> Option<Attempt> {
    let timing = Timing::start(core);
    let request = match deliveries::signer(core, &leased).await {
        Ok(None) => return None,
        Ok(Some(signer)) => request(&leased, &signer, timeout),
        Err(error) => Err(Failure::Broken(error.message)),
    };
    let (sent, outcome) = match request {
        Ok(request) => (request.headers.clone(), outbound::send(core, request).await.map(Some)),
        Err(failure) => (HeaderMap::new(), Err(failure)),
    };
    let exchange = Exchange { sent: &sent, hidden: &[], body: None, outcome };
    let Leased { id, tries, retry_until, .. } = leased;
    let tried = Tried { delivery: id, drain: None, tries, retry_until, pauses: Pauses::OF_WEBHOOKS };
    Some(exchange.attempt(core, timing, tried))
}

fn request(leased: &Leased, signer: &Signer, timeout: Duration) -> Result<Request, Failure> {
    let url = leased.address.url.clone().map_err(|error| Failure::Refused(error.to_string()))?;
    let signature = HeaderValue::try_from(signer.sign(&signed(&leased.body)));
    let signature = signature.map_err(|error| Failure::Broken(error.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::USER_AGENT, USER_AGENT);
    headers.insert(signature::HEADER, signature);
    Ok(Request { method: Method::POST, url, headers, body: leased.body.clone(), timeout })
}

/// What is signed: the very bytes that are sent.
fn signed(body: &Bytes) -> Bytes {
    if planted::on("signature-over-other-bytes") {
        let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        return serde_json::to_vec_pretty(&value).unwrap_or_default().into();
    }
    body.clone()
}
