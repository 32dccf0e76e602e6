//! Requests that feed logs: who feeds, and a body that may be large and packed, taken in only where there is room for it.

use crate::call::Call;
use crate::dispatch::Api;
use axum::body::Body;
use axum::http::header;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use pintle_core::logs::Buffer;
use pintle_core::logs::keys::{self, Feed};
use pintle_core::{Error, Kind, Result};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use std::io::{self, Read};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Bytes that are unpacked in one step.
const STEP: usize = 64 << 10;
/// Seconds after which whoever found no room is to try again.
const PAUSE: u32 = 1;

/// Bytes from which on a body is worked on apart, where no other request waits for it: this many take about a millisecond.
const LARGE: usize = 64 << 10;
/// How far back a zstd frame may refer, in bytes: as far as the format asks every decoder to go.
const WINDOW: usize = 8 << 20;

/// What all requests together may hold of logs at a time.
pub(crate) struct Room {
    bytes: Arc<Semaphore>,
    /// One for each large body that is worked on: no more than there are processors, since each takes memory of its own.
    hands: Arc<Semaphore>,
}

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        let hands = available_parallelism().map_or(1, NonZero::get);
        Self {
            bytes: Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))),
            hands: Arc::new(Semaphore::new(hands)),
        }
    }

    /// Works on something of so many bytes. The work holds what it was given until it ends, also where the caller has gone.
    async fn work<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if bytes < LARGE {
            return work();
        }
        let hand = self.hands.clone().acquire_owned().await.map_err(Error::internal)?;
        let held = move || {
            let done = work();
            drop(hand);
            done
        };
        tokio::task::spawn_blocking(held).await.map_err(Error::internal)?
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
    pub bytes: Buffer,
    held: Held,
    api: Api,
}

impl Taken {
    /// Makes something of the body, and answers with what goes on holding the room of both; `weight` says how many bytes it has.
    ///
    /// # Errors
    /// Those of `make`; 429 where there is no room for what it made.
    pub async fn make<T: Send + 'static>(
        self,
        make: impl FnOnce(&[u8]) -> Result<T> + Send + 'static,
        weight: impl FnOnce(&T) -> usize + Send + 'static,
    ) -> Result<(T, Self)> {
        let (api, bytes) = (self.api.clone(), self.bytes.len());
        let work = move || {
            let mut taken = self;
            let made = make(&taken.bytes)?;
            taken.held.cover(bytes + weight(&made))?;
            Ok((made, taken))
        };
        api.room().work(bytes, work).await
    }
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
    /// 413 for a body that is larger than the limit, packed or unpacked; 400 for one that does not unpack; 408 for one that does not
    /// arrive in time; 429 where there is no room for it.
    pub async fn read(self, call: &Call) -> Result<Taken> {
        let limit = self.api.options().body_limit;
        let mut held = Held { room: self.api.room().bytes.clone(), permit: None };
        let header = |name| call.headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let packing = Packing::named(header(header::CONTENT_ENCODING).unwrap_or_default())?;
        let length = header(header::CONTENT_LENGTH).and_then(|value| value.parse().ok());
        let length: usize = length.unwrap_or(0).min(limit);
        held.cover(length)?;
        let mut bytes = Buffer::with_capacity(length);
        let mut body = Limited::new(self.body, limit);
        let arrival = async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| unreadable(error.as_ref(), limit))?;
                if let Ok(data) = frame.into_data() {
                    held.cover(bytes.len() + data.len())?;
                    bytes.extend_from_slice(&data);
                }
            }
            Ok(())
        };
        in_time(self.api.options().body_time, arrival).await?;
        let Some(packing) = packing else { return Ok(Taken { bytes, held, api: self.api }) };
        let packed = bytes.len();
        let unpack = move || {
            let bytes = packing.unpack(&bytes, limit, &mut held)?;
            Ok((bytes, held))
        };
        let (bytes, held) = self.api.room().work(packed, unpack).await?;
        Ok(Taken { bytes, held, api: self.api })
    }
}

/// How a body is packed.
#[derive(Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// `None` for a body that is not packed.
    fn named(encoding: &str) -> Result<Option<Self>> {
        match encoding {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "zstd" => Ok(Some(Self::Zstd)),
            other => Err(Error::bad_request(format!(
                "The content encoding `{other}` is not supported: use gzip or zstd"
            ))),
        }
    }

    fn unpack(self, packed: &[u8], limit: usize, held: &mut Held) -> Result<Buffer> {
        let mut unpacked = Unpacked { bytes: Buffer::with_capacity(0), limit, before: packed.len(), held };
        match self {
            Self::Gzip => unpacked.add(MultiGzDecoder::new(packed))?,
            Self::Zstd => {
                let mut rest = packed;
                while let Some(frame) = next_frame(&mut rest, limit)? {
                    unpacked.add(frame)?;
                }
            }
        }
        Ok(unpacked.bytes)
    }
}

/// A decoder of the next frame of a body in zstd, which may have many, and some that hold nothing; `None` at its end.
fn next_frame<'r, 'b>(rest: &'r mut &'b [u8], limit: usize) -> Result<Option<impl Read + use<'r, 'b>>> {
    let window = WINDOW.max(limit) as u64;
    while !rest.is_empty() {
        let mut ahead = *rest;
        match StreamingDecoder::new_with_max_window_size(&mut ahead, window) {
            Ok(_) => {
                let frame = StreamingDecoder::new_with_max_window_size(rest, window);
                return frame.map(Some).map_err(|error| garbled(&error));
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => *rest = ahead.get(length as usize..).ok_or_else(|| garbled(&"it ends too early"))?,
            Err(error) => return Err(garbled(&error)),
        }
    }
    Ok(None)
}

/// What has been unpacked of a body.
struct Unpacked<'h> {
    bytes: Buffer,
    limit: usize,
    /// Bytes that are held beside: of the packed body.
    before: usize,
    held: &'h mut Held,
}

impl Unpacked<'_> {
    /// Reads to the end, which may be far.
    fn add(&mut self, mut packed: impl Read) -> Result<()> {
        loop {
            let at = self.bytes.len();
            self.held.cover(self.before + at + STEP)?;
            self.bytes.resize(at + STEP);
            let read = packed.read(&mut self.bytes[at..]).map_err(|error: io::Error| garbled(&error))?;
            self.bytes.resize(at + read);
            if read == 0 {
                return Ok(());
            }
            if self.bytes.len() > self.limit {
                return Err(too_large(self.limit));
            }
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

/// Throws away a body that nobody will read, as far as it comes at once. Else the connection would be closed with some of it unread,
/// and its sender might hear of that in place of the answer.
pub(crate) async fn discard(mut body: Body) {
    const AT_MOST: usize = 4 << 20;
    let arrival = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, |data| data.len());
            if bytes > AT_MOST {
                break;
            }
        }
    };
    drop(timeout(Duration::from_millis(250), arrival).await);
}

/// Waits for a body, as long as one may take: its sender holds a connection, and room for what it sends.
///
/// # Errors
/// 408 where it takes longer.
pub(crate) async fn in_time<T>(limit: Duration, arrival: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| {
        let text = format!("The body did not arrive within {limit:?}");
        Err(Error::new(Kind::TooSlow, "request_timeout", text))
    };
    timeout(limit, arrival).await.unwrap_or_else(late)
}
