//! Sending to a drain's endpoint.

use super::parcel::{Message, Parcel};
use super::syslog::Address;
use crate::{Core, outbound};
use pintle_egress::{Failure, Request, Response};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long a syslog receiver has to close its side after everything was sent. Not all of them do.
const CLOSING: Duration = Duration::from_secs(1);

/// Sends a parcel, which may take so long. Syslog knows no answer: `None` says that the connection took everything.
///
/// # Errors
/// Where there is no answer, or the connection broke.
pub async fn send(core: &Core, parcel: Parcel, limit: Duration) -> Result<Option<Response>, Failure> {
    match parcel.message {
        Message::Http(request) => {
            let request = Request { timeout: limit, ..request };
            outbound::send(core, request).await.map(Some)
        }
        Message::Syslog(address, frames) => {
            let sent = tokio::time::timeout(limit, write(core, &address, &frames)).await;
            sent.unwrap_or(Err(Failure::TimedOut)).map(|()| None)
        }
    }
}

/// A connection for each parcel: a receiver that closes it at the end has read everything, and one that resets it has not.
async fn write(core: &Core, address: &Address, frames: &[u8]) -> Result<(), Failure> {
    let broken = |error: std::io::Error| Failure::Broken(error.to_string());
    let mut stream = core.egress.connect(&address.host, address.port, address.tls).await?;
    stream.write_all(frames).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    stream.shutdown().await.map_err(broken)?;
    let mut rest = [0; 512];
    match tokio::time::timeout(CLOSING, stream.read(&mut rest)).await {
        Ok(Err(error)) if error.kind() != ErrorKind::UnexpectedEof => Err(broken(error)),
        _ => Ok(()),
    }
}
