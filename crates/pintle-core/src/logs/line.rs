//! One line of a log, as far as it is read (semantics.md 6.4). What else a line has travels with it.

use crate::clock::Millis;
use crate::drains::filter::{Environment, LogSource};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A line, borrowed from its bytes. A stored line has at least the fields that every line has: `id` to `level`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a map")]
pub struct Line<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    pub deployment_id: Option<Text<'a>>,
    pub source: Option<LogSource>,
    pub host: Option<Text<'a>>,
    pub timestamp: Option<Stamp<'a>>,
    pub project_id: Option<Text<'a>>,
    pub level: Option<Level>,
    pub message: Option<Text<'a>>,
    /// The message was longer than is kept.
    pub message_truncated: Option<bool>,
    #[serde(rename = "type")]
    pub kind: Option<Text<'a>>,
    pub environment: Option<Environment>,
    pub branch: Option<Text<'a>>,
    pub path: Option<Text<'a>>,
    pub request_id: Option<Text<'a>>,
    /// -1: the function crashed.
    pub status_code: Option<i64>,
    pub edge_type: Option<Text<'a>>,
    pub proxy: Option<Proxy<'a>>,
}

/// Any JSON, read to its end and forgotten. What `Line` passes over is only skipped there: escapes that are no characters, numbers
/// that are none, and what nests too deep would pass.
pub(super) struct Whole;

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        while entries.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

/// The request that a line is about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a map")]
pub struct Proxy<'a> {
    #[serde(borrow)]
    pub host: Option<Text<'a>>,
    pub method: Option<Text<'a>>,
    pub path: Option<Text<'a>>,
    /// -1: a revalidation in the background.
    pub status_code: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warning,
    Error,
    Fatal,
}

/// A text that is borrowed wherever it has no escapes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// When a line was written: milliseconds, or, before it is stored, in another form.
#[derive(Debug)]
pub enum Stamp<'a> {
    Millis(Millis),
    /// Milliseconds with a fraction.
    Number(f64),
    Text(Cow<'a, str>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Stamp<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StampVisitor)
    }
}

struct StampVisitor;

impl<'de> Visitor<'de> for StampVisitor {
    type Value = Stamp<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, at: u64) -> Result<Self::Value, E> {
        Ok(Stamp::Millis(i64::try_from(at).unwrap_or(i64::MAX)))
    }

    fn visit_i64<E>(self, at: i64) -> Result<Self::Value, E> {
        Ok(Stamp::Millis(at))
    }

    fn visit_f64<E>(self, at: f64) -> Result<Self::Value, E> {
        Ok(Stamp::Number(at))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Stamp::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Stamp::Text(Cow::Owned(text.to_owned())))
    }
}

impl Line<'_> {
    /// When it was written; 0 where it does not say, which no stored line does.
    pub fn at(&self) -> Millis {
        match &self.timestamp {
            Some(Stamp::Millis(at)) => *at,
            _ => 0,
        }
    }

    /// The path that was requested, with a slash first: functions write theirs without.
    pub fn request_path(&self) -> Option<Cow<'_, str>> {
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.path.as_ref());
        let path = proxy.or(self.path.as_ref())?.as_str();
        Some(if path.starts_with('/') { Cow::Borrowed(path) } else { Cow::Owned(format!("/{path}")) })
    }
}
