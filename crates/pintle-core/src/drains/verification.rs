//! That whoever made a drain speaks for its endpoint (semantics.md 6.3): it is asked before anything is sent to it.
//!
//! Off unless the operator wants it: the platform stores a drain whose endpoint is not up yet, and so do the tools that are made for
//! it.

use super::delivery::{Delivery, Http};
use super::parcel;
use super::trial::PATIENCE;
use crate::ids::OwnerId;
use crate::{Core, Error, Result, Scope, credential, outbound};
use http::{HeaderMap, HeaderValue, Method, header};
use pintle_egress::Request;
use serde::Serialize;
use std::str::FromStr;
use url::Url;

/// The header in which an endpoint repeats the code.
pub const HEADER: &str = "x-vercel-verify";

/// What an endpoint must do before a drain leads to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// Nothing.
    #[default]
    Off,
    /// Answer 200.
    Answer,
    /// Answer 200 with its owner's code.
    Code,
}

impl FromStr for Verification {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "answer" => Ok(Self::Answer),
            "code" => Ok(Self::Code),
            _ => Err("expected off, answer or code"),
        }
    }
}

/// What an owner needs to know to make an endpoint pass.
#[derive(Debug, Serialize)]
pub struct Told {
    pub verification: Verification,
    pub header: &'static str,
    pub code: String,
}

pub fn tell(core: &Core, scope: &Scope) -> Told {
    Told { verification: core.drain_verification, header: HEADER, code: code(core, scope.owner()) }
}

/// The code of an owner: always the same, and nobody else's.
fn code(core: &Core, owner: &OwnerId) -> String {
    credential::hex(&core.vault.derive("drain verification", owner.as_str())[..20])
}

/// Asks an endpoint for HTTP: `{}`, unsigned, with the drain's headers. OTLP collectors and syslog receivers are not asked: they
/// answer to nothing but what they know.
///
/// # Errors
/// 400 with what came instead.
pub(super) async fn verify(core: &Core, scope: &Scope, delivery: &Delivery) -> Result<()> {
    let (Delivery::Http(http), true) = (delivery, core.drain_verification != Verification::Off) else {
        return Ok(());
    };
    let refused = |what: String| {
        Err(Error::bad_request(format!("The endpoint of the drain could not be verified: {what}")))
    };
    let answer = match outbound::send(core, question(http)?).await {
        Ok(answer) => answer,
        Err(failure) => return refused(failure.to_string()),
    };
    if answer.status != 200 {
        return refused(format!("it answered with status {} instead of 200", answer.status));
    }
    if core.drain_verification == Verification::Code {
        let repeated = answer.headers.get(HEADER).and_then(|value| value.to_str().ok());
        if repeated.map(str::trim) != Some(code(core, scope.owner()).as_str()) {
            let wrong = if repeated.is_some() { "another code" } else { "no code" };
            return refused(format!("its answer has {wrong} in the header {HEADER}"));
        }
    }
    Ok(())
}

fn question(http: &Http) -> Result<Request> {
    let url = Url::parse(&http.endpoint).map_err(Error::invalid)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, parcel::USER_AGENT);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parcel::theirs(&http.headers, &mut headers);
    Ok(Request { method: Method::POST, url, headers, body: "{}".into(), timeout: PATIENCE })
}
