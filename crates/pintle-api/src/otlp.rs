//! OTLP/HTTP, as its specification has it: the body and the answer are protobuf or JSON, and errors are a google.rpc.Status.

use crate::call::Call;
use crate::failure;
use crate::incoming::Incoming;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::{HeaderValue, header};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use pintle_core::logs::intake::Taken;
use pintle_core::logs::keys::Feed;
use pintle_core::logs::otlp::{self, Rejected};
use pintle_core::{Core, Error, Kind, Result};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeMap;

routes! {
    "ingestOtlpLogs": Post "/v1/logs", LogWrite => logs;
    "ingestOtlpTraces": Post "/v1/traces", LogWrite => traces;
}

async fn logs(call: Call, incoming: Incoming) -> Result<Reply> {
    export(call, incoming, otlp::logs, |rejected| {
        let partial_success = rejected.map(|rejected| ExportLogsPartialSuccess {
            rejected_log_records: rejected.count as i64,
            error_message: rejected.message,
        });
        ExportLogsServiceResponse { partial_success }
    })
    .await
}

async fn traces(call: Call, incoming: Incoming) -> Result<Reply> {
    export(call, incoming, otlp::traces, |rejected| {
        let partial_success = rejected.map(|rejected| ExportTracePartialSuccess {
            rejected_spans: rejected.count as i64,
            error_message: rejected.message,
        });
        ExportTraceServiceResponse { partial_success }
    })
    .await
}

/// Takes a request in and answers it, errors too, in its own encoding.
async fn export<T, A>(
    call: Call,
    incoming: Incoming,
    take: impl FnOnce(&Core, &Feed, T) -> Result<Taken<Rejected>> + Send + 'static,
    answer: impl FnOnce(Option<Rejected>) -> A,
) -> Result<Reply>
where
    T: Message + Default + DeserializeOwned,
    A: Message + Serialize,
{
    let encoding = Encoding::of(&call);
    let taken = match encoding {
        Some(encoding) => receive(&call, incoming, encoding, take).await,
        None => Err(Error::bad_request("OTLP comes as application/x-protobuf or application/json")),
    };
    let encoding = encoding.unwrap_or(Encoding::Json);
    match taken {
        Ok(rejected) => encoding.reply(&answer(Some(rejected).filter(|rejected| rejected.count > 0))),
        Err(error) => encoding.failure(&error),
    }
}

async fn receive<T: Message + Default + DeserializeOwned>(
    call: &Call,
    mut incoming: Incoming,
    encoding: Encoding,
    take: impl FnOnce(&Core, &Feed, T) -> Result<Taken<Rejected>> + Send + 'static,
) -> Result<Rejected> {
    let feed = incoming.admit(call).await?;
    let body = incoming.read(call).await?;
    let (core, of) = (call.core.clone(), feed.clone());
    let make = move |bytes: &[u8]| take(&core, &of, encoding.decode(bytes)?);
    let (taken, _held) = body.make(make, Taken::weight).await?;
    taken.append(&call.core, &feed).await
}

#[derive(Clone, Copy)]
enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    fn of(call: &Call) -> Option<Self> {
        let text = call.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        match text.split(';').next().unwrap_or_default().trim() {
            "application/x-protobuf" => Some(Encoding::Protobuf),
            "application/json" => Some(Encoding::Json),
            _ => None,
        }
    }

    fn decode<T: Message + Default + DeserializeOwned>(self, bytes: &[u8]) -> Result<T> {
        match self {
            Encoding::Protobuf => T::decode(bytes).map_err(|error| Error::bad_request(error.to_string())),
            Encoding::Json if bytes.is_empty() => Ok(T::default()),
            Encoding::Json => {
                serde_json::from_slice(bytes).map_err(|error| Error::bad_request(error.to_string()))
            }
        }
    }

    fn reply(self, message: &(impl Message + Serialize)) -> Result<Reply> {
        match self {
            Encoding::Protobuf => Ok(protobuf(message)),
            Encoding::Json => Reply::json(message),
        }
    }

    fn failure(self, error: &Error) -> Result<Reply> {
        let text = match error.kind {
            Kind::Internal => {
                tracing::error!(error = %error.message, "unexpected");
                "An unexpected error occurred; the server's log has it"
            }
            _ => &error.message,
        };
        let reply = match self {
            Encoding::Protobuf => protobuf(&Status::new(error, text)),
            Encoding::Json => Reply::json(&json!({
                "code": code(error.kind), "message": text,
                "details": [{ "@type": INFO, "reason": error.code, "domain": DOMAIN, "metadata": metadata(error) }],
            }))?,
        };
        Ok(failure::delayed(Reply { status: failure::status(error), ..reply }, error))
    }
}

fn protobuf(message: &impl Message) -> Reply {
    Reply::bytes(HeaderValue::from_static("application/x-protobuf"), message.encode_to_vec())
}

const INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const DOMAIN: &str = "pintle";

/// google.rpc.Code.
fn code(kind: Kind) -> i32 {
    match kind {
        Kind::BadRequest | Kind::TooLarge | Kind::Unprocessable => 3,
        Kind::TooSlow => 4,
        Kind::NotFound | Kind::Gone => 5,
        Kind::Conflict => 6,
        Kind::Unauthorized => 16,
        Kind::Forbidden => 7,
        Kind::RateLimited => 8,
        Kind::PreconditionFailed => 9,
        Kind::MethodUnknown => 12,
        Kind::Internal => 13,
        Kind::BadGateway => 14,
    }
}

/// google.rpc.Status.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// google.protobuf.Any.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// google.rpc.ErrorInfo: the error's code in Pintle's words.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: BTreeMap<String, String>,
}

/// What else an error says, as texts.
fn metadata(error: &Error) -> BTreeMap<String, String> {
    error.details.iter().map(|(key, value)| (key.clone(), value.to_string())).collect()
}

impl Status {
    fn new(error: &Error, message: &str) -> Self {
        let (reason, domain) = (error.code.to_string(), DOMAIN.to_owned());
        let info = ErrorInfo { reason, domain, metadata: metadata(error) };
        let detail = Any { type_url: INFO.into(), value: info.encode_to_vec() };
        Self { code: code(error.kind), message: message.to_owned(), details: vec![detail] }
    }
}
