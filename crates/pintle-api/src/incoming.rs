//! Requests that feed logs: who feeds, and a body that may be large and packed, taken in only where there is room for it.

use crate::call::Call;
use crate::dispatch::Api;
use axum::body::Body;
use axum::http::header;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use pintle_core::logs::keys::{self, Feed};
use pintle_core::{Error, Kind, Result};
use ruzstd::decoding::StreamingDecoder;
use std::io::Read;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that are unpacked in one step.
const STEP: usize = 64 << 10;
/// Seconds after which whoever found no room is to try again.
const PAUSE: u32 = 1;

/// The bytes of logs that all requests together may hold at a time.
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }
}

/// What one request holds of it, until it is dropped.
struct Held {
    room: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Makes sure that so many bytes in all are held.
    ///
    /// # Errors
    /// 429 where there is no room for them.
    fn cover(&mut self, bytes: usize) -> Result<()> {
        let held = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = bytes.checked_sub(held).filter(|more| *more > 0) else { return Ok(()) };
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let permit = self.room.clone().try_acquire_many_owned(more).map_err(|_| no_room())?;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            none => *none = Some(permit),
        }
        Ok(())
    }
}

fn no_room() -> Error {
    let text = "Too many requests: the server holds as much of logs as it may at a time";
    Error::new(Kind::RateLimited, "rate_limited", text).retry_after(PAUSE)
}

/// A request whose body was not read yet.
pub struct Incoming {
    api: Api,
    body: Body,
}

/// A body, and its room.
pub struct Taken {
    pub bytes: Vec<u8>,
    _held: Held,
}

impl Incoming {
    pub(crate) fn new(api: Api, body: Body) -> Self {
        Self { api, body }
    }

    /// Who feeds, counted against its rate limit.
    ///
    /// # Errors
    /// As `keys::admit`; 429.
    pub async fn admit(&mut self, call: &Call) -> Result<Feed> {
        let project = call.query.get("projectId");
        let feed = keys::admit(&call.core, call.bearer(), call.team(), project).await?;
        self.api.admit(&feed).map(|()| feed)
    }

    /// The body, unpacked.
    ///
    /// # Errors
    /// 413 for a body that is larger than the limit, packed or unpacked; 400 for one that does not unpack; 429 where there is no
    /// room for it.
    pub async fn read(self, call: &Call) -> Result<Taken> {
        let limit = self.api.options().body_limit;
        let mut held = Held { room: self.api.room().0.clone(), permit: None };
        let length =
            call.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let length: usize = length.unwrap_or(0).min(limit);
        held.cover(length)?;
        let mut bytes = Vec::with_capacity(length);
        let mut body = Limited::new(self.body, limit);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| unreadable(error.as_ref(), limit))?;
            if let Ok(data) = frame.into_data() {
                held.cover(bytes.len() + data.len())?;
                bytes.extend_from_slice(&data);
            }
        }
        let bytes = match call.headers.get(header::CONTENT_ENCODING).map_or("", |v| v.to_str().unwrap_or("?"))
        {
            "" | "identity" => bytes,
            "gzip" | "x-gzip" => unpack(MultiGzDecoder::new(&bytes[..]), limit, bytes.len(), &mut held)?,
            "zstd" => {
                let decoder = StreamingDecoder::new(&bytes[..]).map_err(|error| garbled(&error))?;
                unpack(decoder, limit, bytes.len(), &mut held)?
            }
            other => {
                return Err(Error::bad_request(format!(
                    "The content encoding `{other}` is not supported: use gzip or zstd"
                )));
            }
        };
        Ok(Taken { bytes, _held: held })
    }
}

/// Reads a packed body to its end, which may be far.
fn unpack(mut packed: impl Read, limit: usize, before: usize, held: &mut Held) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let at = bytes.len();
        held.cover(before + at + STEP)?;
        bytes.resize(at + STEP, 0);
        let read = packed.read(&mut bytes[at..]).map_err(|error| garbled(&error))?;
        bytes.truncate(at + read);
        if read == 0 {
            return Ok(bytes);
        }
        if bytes.len() > limit {
            return Err(too_large(limit));
        }
    }
}

fn garbled(error: &dyn std::fmt::Display) -> Error {
    Error::bad_request(format!("The body does not unpack: {error}"))
}

fn too_large(limit: usize) -> Error {
    let text = format!("The body is larger than {limit} bytes");
    Error::new(Kind::TooLarge, "request_entity_too_large", text)
}

/// Why a body could not be read.
pub(crate) fn unreadable(error: &(dyn std::error::Error + Send + Sync + 'static), limit: usize) -> Error {
    match error.is::<LengthLimitError>() {
        true => too_large(limit),
        false => Error::bad_request("The body did not arrive whole"),
    }
}
