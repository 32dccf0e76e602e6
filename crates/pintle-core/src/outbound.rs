//! The one way out: whatever Pintle sends to somebody else's server goes through here, and so meets the faults that were ordered.

use crate::Core;
use crate::clock::{Millis, SECOND};
use crate::faults::{self, NewFault};
use http::{HeaderMap, header};
use pintle_egress::{Failure, Request, Response};
use std::time::SystemTime;

/// Sends a request.
///
/// # Errors
/// Where there is no answer: see [`Failure`].
pub async fn send(core: &Core, request: Request) -> Result<Response, Failure> {
    match faults::at_target(core, &request.url).await {
        Some(fault) => with(core, fault, request).await,
        None => core.egress.send(request).await,
    }
}

async fn with(core: &Core, fault: NewFault, mut request: Request) -> Result<Response, Failure> {
    if let Some(latency) = fault.latency() {
        tokio::time::sleep(latency.min(request.timeout)).await;
        request.timeout = request.timeout.checked_sub(latency).ok_or(Failure::TimedOut)?;
    }
    if let Some(status) = fault.status {
        let retry_after = fault.retry_after.map(|seconds| (header::RETRY_AFTER, seconds.into()));
        let headers: HeaderMap = retry_after.into_iter().collect();
        return Ok(Response { status, headers, body: Default::default(), truncated: false });
    }
    let answered = core.egress.send(request).await;
    match fault.drop_answer {
        true => answered.and(Err(Failure::Broken("a fault dropped the answer".to_owned()))),
        false => answered,
    }
}

/// After how long the receiver wants to be asked again: `Retry-After` in seconds, or as a date.
pub(crate) fn retry_after(response: &Response, now: Millis) -> Option<Millis> {
    let text = response.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse::<i64>() {
        return Some(seconds.saturating_mul(SECOND));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(at.as_millis() as Millis - now)
}
