//! One event on its way to the developer's own server.

use super::Handed;
use crate::failure::{Failure, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::{Request, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// As long as a webhook's receiver has.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an answer is told to the server, in bytes.
const KEPT: u64 = 4 * 1024;

pub struct Forwarder {
    agent: Agent,
    url: String,
}

/// What became of it, as the server is told.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    pub delivery_id: String,
    pub duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl Outcome {
    /// As with a webhook, any 2xx is success.
    pub fn arrived(&self) -> bool {
        matches!(self.status, Some(200..=299))
    }
}

impl Forwarder {
    /// # Errors
    /// Exit code 2 for what is no URL.
    pub fn new(url: &str, skip_verify: bool) -> Result<Self> {
        let uri: Option<Uri> = url.parse().ok();
        let good = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
        if !uri.as_ref().is_some_and(good) {
            return Err(Failure::usage(format_args!("`{url}` is not an http or https URL")));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .tls_config(tls(skip_verify));
        Ok(Self { agent: config.build().into(), url: url.to_owned() })
    }

    pub fn send(&self, event: &Handed) -> Outcome {
        let began = Instant::now();
        let mut outcome = match self.post(event) {
            Ok(answered) => answered,
            Err(error) => Outcome { error: Some(error), ..Outcome::default() },
        };
        outcome.duration_ms = began.elapsed().as_millis() as u64;
        outcome.delivery_id.clone_from(&event.id);
        outcome
    }

    fn post(&self, event: &Handed) -> Result<Outcome, String> {
        let request = Request::post(&self.url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Pintle-Webhooks/1.0")
            .header("x-vercel-signature", &event.signature)
            .body(event.body.as_bytes());
        let answer = self.agent.run(request.map_err(|error| error.to_string())?);
        let (head, body) = answer.map_err(|error| error.to_string())?.into_parts();
        let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = Some(beginning(body)?);
        Ok(Outcome { status: Some(head.status.as_u16()), headers, body, ..Outcome::default() })
    }
}

/// The answer has come when its body has, of which the beginning will do.
fn beginning(body: Body) -> Result<String, String> {
    let mut bytes = Vec::new();
    body.into_reader().take(KEPT).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The system's roots, as the server has them.
fn tls(skip_verify: bool) -> TlsConfig {
    let roots = match skip_verify {
        true => Vec::new(),
        false => rustls_native_certs::load_native_certs().certs,
    };
    let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .disable_verification(skip_verify)
        .build()
}
