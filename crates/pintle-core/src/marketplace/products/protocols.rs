//! What a product is for: the protocols that it speaks (semantics.md 1.4).

use crate::{Error, Result, validate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Protocol {
    Storage,
    Experimentation,
    Ai,
    Authentication,
    Observability,
    Video,
    Workflow,
    Checks,
    LogDrain,
    TraceDrain,
    Messaging,
    Other,
}

impl Protocol {
    const ALL: [Protocol; 12] = [
        Protocol::Storage,
        Protocol::Experimentation,
        Protocol::Ai,
        Protocol::Authentication,
        Protocol::Observability,
        Protocol::Video,
        Protocol::Workflow,
        Protocol::Checks,
        Protocol::LogDrain,
        Protocol::TraceDrain,
        Protocol::Messaging,
        Protocol::Other,
    ];
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Protocols {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experimentation: Option<Experimentation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observability: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_drain: Option<Drain<LogFormat>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_drain: Option<Drain<TraceFormat>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Plain>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Enabled,
    Disabled,
}

/// A protocol without settings of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plain {
    pub status: Status,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Storage {
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repl: Option<Repl>,
}

/// A prompt at which a person queries the resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repl {
    pub enabled: bool,
    pub supports_read_only_mode: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome_message: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Experimentation {
    pub status: Status,
    /// The partner pushes its items into an edge config of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_config_syncing_support: Option<bool>,
}

/// Where the partner takes logs or traces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Drain<Format> {
    pub status: Status,
    pub endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Ndjson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TraceFormat {
    Json,
    Proto,
}

impl Protocols {
    /// Whether the product speaks it now.
    pub fn has(&self, protocol: Protocol) -> bool {
        self.status(protocol) == Some(Status::Enabled)
    }

    /// All that it speaks now.
    pub fn enabled(&self) -> Vec<Protocol> {
        Protocol::ALL.into_iter().filter(|protocol| self.has(*protocol)).collect()
    }

    fn status(&self, protocol: Protocol) -> Option<Status> {
        let plain = match protocol {
            Protocol::Storage => return self.storage.as_ref().map(|p| p.status),
            Protocol::Experimentation => return self.experimentation.as_ref().map(|p| p.status),
            Protocol::LogDrain => return self.log_drain.as_ref().map(|p| p.status),
            Protocol::TraceDrain => return self.trace_drain.as_ref().map(|p| p.status),
            Protocol::Ai => &self.ai,
            Protocol::Authentication => &self.authentication,
            Protocol::Observability => &self.observability,
            Protocol::Video => &self.video,
            Protocol::Workflow => &self.workflow,
            Protocol::Checks => &self.checks,
            Protocol::Messaging => &self.messaging,
            Protocol::Other => &self.other,
        };
        plain.as_ref().map(|p| p.status)
    }

    pub(super) fn check(&self, primary: Option<Protocol>) -> Result<()> {
        if let Some(drain) = &self.log_drain {
            endpoint("protocols.logDrain.endpoint", &drain.endpoint)?;
        }
        if let Some(drain) = &self.trace_drain {
            endpoint("protocols.traceDrain.endpoint", &drain.endpoint)?;
        }
        if primary.is_some_and(|primary| !self.has(primary)) {
            return Err(Error::invalid("`primaryProtocol` should be one of the enabled `protocols`."));
        }
        Ok(())
    }
}

fn endpoint(field: &str, url: &str) -> Result<()> {
    validate::at_most(field, url, 2_048)?;
    validate::http_url(field, url)
}
