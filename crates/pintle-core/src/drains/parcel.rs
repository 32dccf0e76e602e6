//! What is sent to a drain's endpoint: a piece of the stream in the drain's encoding, signed, with its headers.

use super::delivery::{Compression, Delivery, Encoding, Headers, Http, OtlpEncoding, OtlpHttp, Syslog};
use super::syslog::{self, Address};
use super::{Selection, encode, otlp};
use crate::logs::{Kind, Stretch};
use crate::{Error, Result, deliveries, planted, signature};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use pintle_egress::Request;
use serde_json::Value as Json;
use std::time::Duration;
use url::Url;

/// How long an endpoint may take, where nobody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) const USER_AGENT: HeaderValue =
    HeaderValue::from_static("VercelDrain/1.0 (+https://vercel.com/docs/drains)");

/// Headers that belong to the connection, so are not a user's to set.
const NOT_THEIRS: &[HeaderName] =
    &[header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];

/// A piece, ready to be sent.
#[derive(Debug)]
pub struct Parcel {
    pub message: Message,
    pub about: About,
    /// The headers whose values are the user's own, perhaps secret.
    pub hidden: Vec<String>,
}

/// What is told of a parcel when it is gone.
#[derive(Debug, Default, Clone)]
pub struct About {
    /// Lines, or spans.
    pub lines: usize,
    /// Before compression.
    pub bytes: usize,
    /// The first bytes of the body, uncompressed, as text.
    pub beginning: String,
}

impl About {
    fn of(body: &[u8], lines: usize) -> Self {
        Self { lines, bytes: body.len(), beginning: deliveries::beginning(body) }
    }
}

#[derive(Debug)]
pub enum Message {
    Http(Request),
    Syslog(Address, Bytes),
}

impl Delivery {
    /// Whether events of a kind can be sent this way.
    pub(super) fn carries(&self, kind: Kind) -> bool {
        match (self, kind) {
            (Delivery::Http(_) | Delivery::Syslog(_), Kind::Log) | (Delivery::OtlpHttp(_), Kind::Trace) => {
                true
            }
            (Delivery::OtlpHttp(otlp), Kind::Log) => otlp::logs_endpoint(&otlp.endpoint.traces).is_some(),
            _ => false,
        }
    }
}

/// Packs what a selection takes of a stretch; `None` where it takes nothing. `delivery` has its secrets in it.
///
/// # Errors
/// Where the delivery cannot be sent to, its filter is none, or the stretch cannot be read.
pub fn pack(delivery: &Delivery, stretch: Stretch, selection: &Selection) -> Result<Option<Parcel>> {
    selection.check()?;
    let kind = stretch.kind;
    let packed = match delivery {
        Delivery::Http(http) => {
            lines(http.encoding, stretch, selection)?.map(|packed| post(http, delivery.secret(), packed))
        }
        Delivery::OtlpHttp(otlp) => export(otlp.encoding, stretch, selection)?
            .map(|packed| post_otlp(otlp, delivery.secret(), kind, packed)),
        Delivery::Syslog(syslog) => frames(&stretch, selection)?.map(|packed| write(syslog, packed)),
        Delivery::S3(_) | Delivery::Internal(_) => None,
    };
    packed.transpose()
}

/// A body, and how many lines it has.
type Packed = (Bytes, usize);

fn some((body, lines): Packed) -> Option<Packed> {
    (lines > 0).then_some((body, lines))
}

fn lines(encoding: Encoding, stretch: Stretch, selection: &Selection) -> Result<Option<Packed>> {
    let (text, lines) = match selection.takes_every_line() {
        true => (stretch.body, stretch.lines),
        false => {
            let (mut text, mut lines) = (Vec::new(), 0);
            for line in stretch.each_line() {
                if selection.takes_line(&serde_json::from_slice(line)?) {
                    text.extend_from_slice(line);
                    text.push(b'\n');
                    lines += 1;
                }
            }
            (text.into(), lines)
        }
    };
    Ok(some((encode::body(encoding, text), lines)))
}

fn taken(stretch: &Stretch, selection: &Selection) -> Result<Vec<Json>> {
    let mut taken = Vec::new();
    for line in stretch.each_line() {
        let line: Json = serde_json::from_slice(line)?;
        if selection.takes_line(&line) {
            taken.push(line);
        }
    }
    Ok(taken)
}

fn frames(stretch: &Stretch, selection: &Selection) -> Result<Option<Packed>> {
    let taken = taken(stretch, selection)?;
    let mut frames = Vec::new();
    taken.iter().for_each(|line| syslog::push(&mut frames, line));
    Ok(some((frames.into(), taken.len())))
}

fn export(encoding: OtlpEncoding, stretch: Stretch, selection: &Selection) -> Result<Option<Packed>> {
    Ok(some(match stretch.kind {
        Kind::Log => {
            let taken = taken(&stretch, selection)?;
            (otlp::encode(encoding, &otlp::records(&taken))?.into(), taken.len())
        }
        // Exports as protobuf, one after the other, are one export.
        Kind::Trace if selection.takes_every_line() && encoding == OtlpEncoding::Proto => {
            (stretch.body, stretch.lines)
        }
        Kind::Trace => {
            let spans = otlp::spans(&stretch.body, selection)?;
            (otlp::encode(encoding, &spans)?.into(), otlp::count(&spans))
        }
    }))
}

fn post(http: &Http, secret: Option<&str>, packed: Packed) -> Result<Parcel> {
    let kind = match http.encoding {
        Encoding::Json => "application/json",
        Encoding::Ndjson => "application/x-ndjson",
    };
    let compressed = http.compression == Some(Compression::Gzip);
    request(&http.endpoint, &http.headers, secret, kind, compressed, packed)
}

fn post_otlp(otlp: &OtlpHttp, secret: Option<&str>, kind: Kind, packed: Packed) -> Result<Parcel> {
    let endpoint = match kind {
        Kind::Trace => otlp.endpoint.traces.clone(),
        Kind::Log => otlp::logs_endpoint(&otlp.endpoint.traces).unwrap_or_default(),
    };
    let kind = match otlp.encoding {
        OtlpEncoding::Json => "application/json",
        OtlpEncoding::Proto => "application/x-protobuf",
    };
    request(&endpoint, &otlp.headers, secret, kind, false, packed)
}

fn write(syslog: &Syslog, (frames, lines): Packed) -> Result<Parcel> {
    let address = Address::parse("delivery.endpoint", &syslog.endpoint)?;
    let about = About::of(&frames, lines);
    Ok(Parcel { message: Message::Syslog(address, frames), about, hidden: Vec::new() })
}

/// The signature is over the body before it is compressed, so that a receiver need not care who unpacked it.
fn request(
    endpoint: &str,
    headers: &Headers,
    secret: Option<&str>,
    content_type: &'static str,
    compressed: bool,
    (body, lines): Packed,
) -> Result<Parcel> {
    let url = Url::parse(endpoint).map_err(|error| Error::bad_request(format!("{endpoint}: {error}")))?;
    let mut all = HeaderMap::new();
    all.insert(header::USER_AGENT, USER_AGENT);
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    theirs(headers, &mut all);
    let about = About::of(&body, lines);
    let mut signed = secret.map(|secret| signature::sign(secret, &body)).transpose()?;
    let body = if compressed {
        all.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        encode::gzip(&body).map_err(Error::internal)?.into()
    } else {
        body
    };
    if planted::on("signature-over-compressed") {
        signed = secret.map(|secret| signature::sign(secret, &body)).transpose()?;
    }
    if let Some(signature) = signed {
        all.insert(signature::HEADER, HeaderValue::from_str(&signature).map_err(Error::internal)?);
    }
    let request = Request { method: Method::POST, url, headers: all, body, timeout: TIMEOUT };
    Ok(Parcel { message: Message::Http(request), about, hidden: headers.keys().cloned().collect() })
}

/// Adds a user's headers. A drain that is older than the check of headers may have some that cannot be sent.
pub(super) fn theirs(headers: &Headers, all: &mut HeaderMap) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value))
            && !NOT_THEIRS.contains(&name)
        {
            all.insert(name, value);
        }
    }
}

/// Refuses headers that HTTP does not have.
pub(super) fn check_headers(field: &str, headers: &Headers) -> Result<()> {
    for (name, value) in headers {
        if HeaderName::try_from(name).is_err() || HeaderValue::from_str(value).is_err() {
            return Err(Error::invalid(format_args!("`{field}.{name}` should be a header of HTTP.")));
        }
    }
    Ok(())
}

impl Parcel {
    /// Where it goes, without what may be a credential in it.
    pub fn address(&self) -> String {
        match &self.message {
            Message::Http(request) => crate::deliveries::public(request.url.clone()),
            Message::Syslog(address, _) => address.to_string(),
        }
    }
}
