//! One request to a partner, and what its answer means (semantics.md 4.1 and 4.2).

use super::actor::Actor;
use super::claims::{self, Audience, Speaker};
use super::outcome::Outcome;
use crate::clock::Millis;
use crate::ids::{ConfigurationId, IntegrationId};
use crate::{Core, Error, Kind, Result, integrations, outbound};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pintle_egress::{Failure, Request, Response};
use pintle_store::Conn;
use serde_json::Value as Json;
use std::time::{Duration, Instant};
use url::Url;

/// How long a partner may take, over all tries that somebody waits for.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries that somebody waits for.
pub(super) const PAUSE: Duration = Duration::from_millis(250);
/// Tries that somebody waits for.
pub(super) const QUICK: u32 = 2;

const SPEAKER: HeaderName = HeaderName::from_static("x-vercel-auth");
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const USER_AGENT: HeaderValue = HeaderValue::from_static("Pintle-Marketplace/1.0");

/// What a partner is asked.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    pub integration: &'a IntegrationId,
    /// Which installation the token speaks of; before there is one, none.
    pub installation: Option<&'a ConfigurationId>,
    pub actor: &'a Actor,
    /// Whose token is wanted: a user's only where the actor is one.
    pub speaker: Speaker,
    pub method: Method,
    /// Under the integration's base URL, with its query: see [`path`].
    pub path: &'a str,
    /// Where that was when the question was written down: it counts where the integration is gone since.
    pub then: Option<&'a str>,
    /// The same for every try of a call that changes something.
    pub key: Option<&'a str>,
    pub body: Option<String>,
}

/// What stands in a segment of a path as it is (RFC 3986, `unreserved`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path of these segments, which may be of any characters: a partner chooses the ids of its resources.
pub fn path(segments: &[&str]) -> String {
    segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, ENCODED))).collect()
}

/// What was sent, and what came of it.
#[derive(Debug)]
pub(super) struct Asked {
    pub at: Millis,
    pub took: Duration,
    pub sent: HeaderMap,
    pub answer: Result<Response, Failure>,
}

/// Asks once. What cannot even be sent is an answer that did not come.
pub(super) async fn ask(core: &Core, question: &Question<'_>, timeout: Duration) -> Asked {
    let (at, began) = (core.clock.now(), Instant::now());
    let (sent, answer) = match request(core, question, timeout).await {
        Ok(request) => (request.headers.clone(), outbound::send(core, request).await),
        Err(failure) => (HeaderMap::new(), Err(failure)),
    };
    Asked { at, took: began.elapsed(), sent, answer }
}

async fn request(core: &Core, question: &Question<'_>, timeout: Duration) -> Result<Request, Failure> {
    let broken = |error: Error| Failure::Broken(error.message);
    let conn = core.db.read().await.map_err(|error| broken(error.into()))?;
    let url = address(&conn, question.integration, question.path).await;
    let url = match (url, question.then) {
        (Err(error), Some(then)) if error.kind == Kind::NotFound => {
            Url::parse(then).map_err(|_| broken(error))?
        }
        (url, _) => url.map_err(broken)?,
    };
    drop(conn);
    let speaker = if question.actor.is_user() { question.speaker } else { Speaker::System };
    let audience = Audience { integration: question.integration, installation: question.installation };
    let token = claims::token(core, question.actor, speaker, audience).await.map_err(broken)?;
    let header = |text: &str| {
        HeaderValue::from_str(text).map_err(|error| Failure::Broken(format!("a header: {error}")))
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, header(&format!("Bearer {token}"))?);
    headers.insert(SPEAKER, HeaderValue::from_static(speaker.as_str()));
    headers.insert(header::USER_AGENT, USER_AGENT);
    headers.insert(header::ACCEPT, JSON);
    if let Some(key) = question.key {
        headers.insert(KEY, header(key)?);
    }
    if question.body.is_some() {
        headers.insert(header::CONTENT_TYPE, JSON);
    }
    let body = question.body.clone().unwrap_or_default().into();
    Ok(Request { method: question.method.clone(), url, headers, body, timeout })
}

/// Where a partner is now: it may have moved since a call was intended.
pub(super) async fn address(conn: &Conn, integration: &IntegrationId, path: &str) -> Result<Url> {
    let app = integrations::require(conn, integration.as_str()).await?;
    Url::parse(&format!("{}{path}", app.partner_url()?)).map_err(Error::internal)
}

/// Whether another try at once may do better, for somebody who waits.
pub(super) fn worth_another(answer: &Result<Response, Failure>) -> bool {
    match answer {
        Ok(response) => response.status >= 500,
        Err(Failure::Unreachable(_) | Failure::Broken(_)) => true,
        // One will not be otherwise at once, the other has taken all of the time.
        Err(Failure::Refused(_) | Failure::Unresolved(_) | Failure::TimedOut) => false,
    }
}

/// Asks for something that changes nothing, twice where the first try fails, and answers the body.
///
/// # Errors
/// What the partner says where it refuses; 502 `partner_unavailable` where it does not answer, or with something that cannot be.
pub async fn get(core: &Core, question: Question<'_>) -> Result<Json> {
    match tried(core, &question).await {
        Outcome::Answered { body, .. } => Ok(body),
        Outcome::Refused { error, .. } => Err(error.into_error()),
        Outcome::Unknown { reason, .. } => Err(unavailable(&reason)),
    }
}

async fn tried(core: &Core, question: &Question<'_>) -> Outcome {
    let began = Instant::now();
    for _ in 1..QUICK {
        let asked = ask(core, question, PATIENCE.saturating_sub(began.elapsed())).await;
        if !worth_another(&asked.answer) {
            return Outcome::of(&asked.answer);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Outcome::of(&ask(core, question, PATIENCE.saturating_sub(began.elapsed())).await.answer)
}

/// Asks once, and answers the body as it came: for what may be said only once, and need not be JSON.
///
/// # Errors
/// As `get`.
pub async fn once(core: &Core, question: &Question<'_>) -> Result<Bytes> {
    let answer = ask(core, question, PATIENCE).await.answer;
    match Outcome::of(&answer) {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        Outcome::Answered { .. } | Outcome::Unknown { .. } => match answer {
            Ok(Response { status: 200..=299, truncated: false, body, .. }) => Ok(body),
            Ok(Response { status: 200..=299, .. }) => Err(unavailable("its answer was too long")),
            Ok(Response { status, .. }) => Err(unavailable(&format!("it answered {status}"))),
            Err(failure) => Err(unavailable(&failure.to_string())),
        },
    }
}

/// What a team sees where its partner does not answer.
pub fn unavailable(reason: &str) -> Error {
    let text = format!("The integration's server did not answer as it must: {reason}");
    Error::new(Kind::BadGateway, "partner_unavailable", text)
}
