//! What a partner wants its users to read, of an installation or a resource.

use crate::{Result, validate};
use serde::{Deserialize, Serialize};

/// As it comes from a partner and is shown (semantics.md 4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    pub level: Level,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `https:`, or `sso:` for a page behind the partner's sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warn,
    Error,
}

impl Notification {
    /// # Errors
    /// 400 for a field beyond its limits.
    pub fn check(&self) -> Result<()> {
        validate::length("notification.title", &self.title, 256)?;
        self.message
            .as_ref()
            .map_or(Ok(()), |text| validate::at_most("notification.message", text, 4_096))?;
        match &self.href {
            Some(href) if !href.starts_with("sso:") => validate::http_url("notification.href", href),
            _ => Ok(()),
        }
    }
}
