//! Where a drain delivers to, and what of that is secret.

use super::parcel::check_headers;
use super::syslog::Address;
use crate::entropy::Entropy;
use crate::ids::DrainId;
use crate::{Core, Result, union, validate};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// What is sent along with every request; may hold credentials.
pub type Headers = BTreeMap<String, String>;

/// `delivery` of the wire and of the document. In the document its secrets are empty: see `Secrets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Delivery {
    Http(Http),
    OtlpHttp(OtlpHttp),
    Syslog(Syslog),
    S3(S3),
    Internal(Internal),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub endpoint: String,
    pub encoding: Encoding,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    pub headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpHttp {
    pub endpoint: OtlpEndpoint,
    pub encoding: OtlpEncoding,
    pub headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpEndpoint {
    pub traces: String,
}

/// The contract requires its secret in every answer, so where it is not shown it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    pub endpoint: String,
    pub secret: String,
}

/// A bucket, for audit logs; newer than the contract (infrastructure-client.md 5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3 {
    pub endpoint: String,
    pub encoding: Encoding,
    pub compression: S3Compression,
    pub file_structure: FileStructure,
    pub role_arn: String,
    pub region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_encryption: Option<ServerSideEncryption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_acl: Option<ObjectAcl>,
}

/// Nowhere outside: what a drain has that was made without a delivery. Nobody can ask for it by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Internal {
    pub target: InternalTarget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Json,
    Ndjson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OtlpEncoding {
    Proto,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    Gzip,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum S3Compression {
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStructure {
    Hive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerSideEncryption {
    #[serde(rename = "AES256")]
    Aes256,
    #[serde(rename = "aws:kms")]
    AwsKms,
    #[serde(rename = "aws:kms:dsse")]
    AwsKmsDsse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectAcl {
    Private,
    BucketOwnerRead,
    BucketOwnerFullControl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InternalTarget {
    #[serde(rename = "vercel-otel-traces-db")]
    OtelTracesDb,
}

impl<'de> Deserialize<'de> for Delivery {
    /// As a caller may ask for it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        union::by_tag(deserializer, "type", &branches())
    }
}

/// As it stands in the document.
pub(super) fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Delivery, D::Error> {
    let internal: union::Branch<_, _> = ("internal", |rest| union::read(rest).map(Delivery::Internal));
    union::by_tag(deserializer, "type", &[&branches()[..], &[internal]].concat())
}

fn branches<E: serde::de::Error>() -> [union::Branch<Delivery, E>; 4] {
    [
        ("http", |rest| union::read(rest).map(Delivery::Http)),
        ("otlphttp", |rest| union::read(rest).map(Delivery::OtlpHttp)),
        ("syslog", |rest| union::read(rest).map(Delivery::Syslog)),
        ("s3", |rest| union::read(rest).map(Delivery::S3)),
    ]
}

/// What is sealed of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Signs what is delivered; absent where nothing is signed.
    pub secret: Option<String>,
    pub headers: Headers,
}

/// How much of its secrets a caller is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The headers, which the contract requires in every answer.
    Headers,
    /// The signing secret too: where it was just set.
    Everything,
}

impl Delivery {
    pub(super) fn nowhere() -> Self {
        Delivery::Internal(Internal { target: InternalTarget::OtelTracesDb })
    }

    pub(super) fn check(&self) -> Result<()> {
        match self {
            Delivery::Http(http) => {
                validate::http_url("delivery.endpoint", &http.endpoint)?;
                check_headers("delivery.headers", &http.headers)
            }
            Delivery::OtlpHttp(otlp) => {
                validate::http_url("delivery.endpoint.traces", &otlp.endpoint.traces)?;
                check_headers("delivery.headers", &otlp.headers)
            }
            Delivery::Syslog(syslog) => Address::parse("delivery.endpoint", &syslog.endpoint).map(drop),
            Delivery::S3(s3) => {
                validate::not_empty("delivery.endpoint", &s3.endpoint)?;
                validate::not_empty("delivery.roleArn", &s3.role_arn)?;
                validate::not_empty("delivery.region", &s3.region)
            }
            Delivery::Internal(_) => Ok(()),
        }
    }

    /// That Pintle may connect to it.
    pub(super) async fn admit(&self, core: &Core) -> Result<()> {
        match self {
            Delivery::Http(http) => validate::admitted(core, "delivery.endpoint", &http.endpoint).await,
            Delivery::OtlpHttp(otlp) => {
                validate::admitted(core, "delivery.endpoint.traces", &otlp.endpoint.traces).await
            }
            Delivery::Syslog(syslog) => {
                let host = Address::parse("delivery.endpoint", &syslog.endpoint)?.host;
                validate::admitted_host(core, "delivery.endpoint", &host).await
            }
            Delivery::S3(_) | Delivery::Internal(_) => Ok(()),
        }
    }

    /// The address that logs are sent to; a bucket and nowhere have none.
    pub fn url(&self) -> Option<&str> {
        match self {
            Delivery::Http(http) => Some(&http.endpoint),
            Delivery::OtlpHttp(otlp) => Some(&otlp.endpoint.traces),
            Delivery::Syslog(syslog) => Some(&syslog.endpoint),
            Delivery::S3(_) | Delivery::Internal(_) => None,
        }
    }

    /// The address for history: without what may be a credential in it.
    pub fn address(&self) -> Option<String> {
        match self {
            Delivery::Syslog(syslog) => {
                Address::parse("delivery.endpoint", &syslog.endpoint).ok().map(|address| address.to_string())
            }
            _ => Url::parse(self.url()?).ok().map(crate::deliveries::public),
        }
    }

    pub fn headers(&self) -> Option<&Headers> {
        match self {
            Delivery::Http(http) => Some(&http.headers),
            Delivery::OtlpHttp(otlp) => Some(&otlp.headers),
            _ => None,
        }
    }

    pub fn secret(&self) -> Option<&str> {
        let secret = match self {
            Delivery::Http(http) => http.secret.as_deref(),
            Delivery::OtlpHttp(otlp) => otlp.secret.as_deref(),
            Delivery::Syslog(syslog) => Some(syslog.secret.as_str()),
            Delivery::S3(_) | Delivery::Internal(_) => None,
        };
        secret.filter(|secret| !secret.is_empty())
    }

    /// Takes its secrets out. Where it is signed but names no secret, the one of `before` stays, or a new one is made.
    pub(super) fn take_secrets(&mut self, before: Option<&Secrets>, entropy: &Entropy) -> Secrets {
        let named = self.secret().map(str::to_owned);
        let kept = || before.and_then(|secrets| secrets.secret.clone());
        let secret = || named.or_else(kept).unwrap_or_else(|| entropy.base62(32));
        match self {
            Delivery::Http(http) => {
                http.secret = None;
                Secrets { secret: Some(secret()), headers: std::mem::take(&mut http.headers) }
            }
            Delivery::OtlpHttp(otlp) => {
                otlp.secret = None;
                Secrets { secret: Some(secret()), headers: std::mem::take(&mut otlp.headers) }
            }
            Delivery::Syslog(syslog) => {
                syslog.secret = String::new();
                Secrets { secret: Some(secret()), headers: Headers::new() }
            }
            Delivery::S3(_) | Delivery::Internal(_) => Secrets::default(),
        }
    }

    /// Puts secrets back in, for an answer or for delivering.
    pub(super) fn show(&mut self, secrets: Secrets, shown: Shown) {
        let secret = secrets.secret.filter(|_| shown == Shown::Everything);
        match self {
            Delivery::Http(http) => (http.secret, http.headers) = (secret, secrets.headers),
            Delivery::OtlpHttp(otlp) => (otlp.secret, otlp.headers) = (secret, secrets.headers),
            Delivery::Syslog(syslog) => syslog.secret = secret.unwrap_or_default(),
            Delivery::S3(_) | Delivery::Internal(_) => {}
        }
    }
}

impl Secrets {
    pub(super) fn seal(&self, core: &Core, id: &DrainId) -> Result<Vec<u8>> {
        core.vault.seal(id.as_str(), &serde_json::to_vec(self)?, &core.entropy)
    }

    pub(super) fn open(core: &Core, id: &DrainId, sealed: &[u8]) -> Result<Self> {
        Ok(serde_json::from_str(&core.vault.open_text(id.as_str(), sealed)?)?)
    }
}
