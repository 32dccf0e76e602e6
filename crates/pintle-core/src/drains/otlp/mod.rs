//! What OTLP/HTTP drains get: spans as they came in, and log lines as records.

mod records;
mod spans;

pub use records::records;
pub use spans::{count, spans};

use super::delivery::OtlpEncoding;
use crate::{Error, Result};
use prost::Message;
use serde::Serialize;

/// A request of OTLP as the body of one of HTTP.
pub fn encode(encoding: OtlpEncoding, request: &(impl Message + Serialize)) -> Result<Vec<u8>> {
    match encoding {
        OtlpEncoding::Proto => Ok(request.encode_to_vec()),
        OtlpEncoding::Json => serde_json::to_vec(request).map_err(Error::internal),
    }
}

/// Where log records go, beside the traces: to `…/v1/logs` where those go to `…/v1/traces`. `None` where the address is another, so that
/// only its spans are sent.
pub fn logs_endpoint(traces: &str) -> Option<String> {
    let base = traces.trim_end_matches('/').strip_suffix("/v1/traces")?;
    Some(format!("{base}/v1/logs"))
}
