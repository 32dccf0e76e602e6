//! The query string. Every value is text; the getters say what it must be.

use crate::openapi::Notes;
use pintle_core::clock::{self, Millis};
use pintle_core::{Error, Result};
use serde_json::{Value as Json, json};

pub struct Query {
    pairs: Vec<(String, String)>,
    /// Where what is asked for is written down; then there are no values.
    notes: Option<Notes>,
}

impl Query {
    pub fn parse(text: &str) -> Self {
        Self { pairs: form_urlencoded::parse(text.as_bytes()).into_owned().collect(), notes: None }
    }

    /// One without values that takes notes.
    pub(crate) fn noting(notes: Notes) -> Self {
        Self { pairs: Vec::new(), notes: Some(notes) }
    }

    fn note(&self, name: &str, schema: impl FnOnce() -> Json, required: bool) {
        if let Some(notes) = &self.notes {
            notes.asked(name, schema(), required);
        }
    }

    /// A value that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.note(name, || json!({ "type": "string" }), false);
        self.pairs.iter().find(|(n, value)| n == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every value of a name that is given more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.note(name, || json!({ "type": "string" }), false);
        self.pairs.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// # Errors
    /// 400 where it is not there.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.note(name, || json!({ "type": "string" }), true);
        if self.notes.is_some() {
            return Ok("");
        }
        self.get(name).ok_or_else(|| Error::invalid(format_args!("missing required property `{name}`.")))
    }

    /// A whole number. Clients send millisecond stamps with a fraction, which is dropped.
    pub fn number(&self, name: &str) -> Result<Option<i64>> {
        self.note(name, || json!({ "type": "number" }), false);
        let Some(text) = self.get(name) else { return Ok(None) };
        let number: f64 =
            text.parse().map_err(|_| Error::invalid(format_args!("`{name}` should be number.")))?;
        Ok(Some(number as i64))
    }

    /// A point in time, as milliseconds or in ISO 8601.
    pub fn moment(&self, name: &str) -> Result<Option<Millis>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let wrong = || Error::invalid(format_args!("`{name}` should match format \"date-time\"."));
        clock::parse(text).map(Some).ok_or_else(wrong)
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.note(name, || json!({ "type": "boolean" }), false);
        match self.get(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(Error::invalid(format_args!("`{name}` should be boolean."))),
        }
    }

    /// One of a closed list, where it is there.
    pub fn one_of(&self, name: &str, allowed: &[&str]) -> Result<Option<&str>> {
        self.note(name, || json!({ "type": "string", "enum": allowed }), false);
        let Some(text) = self.get(name) else { return Ok(None) };
        pintle_core::validate::one_of(name, text, allowed)?;
        Ok(Some(text))
    }

    /// A list parted by commas, or given by repeating the name; empty where it is not there.
    pub fn list(&self, name: &str) -> Vec<String> {
        let parts = self.all(name).flat_map(|value| value.split(','));
        parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}
