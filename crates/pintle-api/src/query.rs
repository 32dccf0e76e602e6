//! The query string. Every value is text; the getters say what it must be.

use pintle_core::clock::{self, Millis};
use pintle_core::{Error, Result};

pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// A value that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, value)| n == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Every value of a name that is given more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// # Errors
    /// 400 where it is not there.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| Error::invalid(format_args!("missing required property `{name}`.")))
    }

    /// A whole number. Clients send millisecond stamps with a fraction, which is dropped.
    pub fn number(&self, name: &str) -> Result<Option<i64>> {
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
        match self.get(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(Error::invalid(format_args!("`{name}` should be boolean."))),
        }
    }

    /// One of a closed list, where it is there.
    pub fn one_of(&self, name: &str, allowed: &[&str]) -> Result<Option<&str>> {
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
