//! JSON Schema, as far as it says something about one document: what drafts 7, 2019-09 and 2020-12 have in common, and the ways in which
//! they say the same differently. A schema that wants more is refused, not half understood.
//!
//! Users write both the schema and what it is held against, and the database's one writer does the work. So there is a bound on it, which no
//! library that I know has: see `validate::WORK`. Patterns take time in proportion to the text.

mod check;
mod equality;
mod validate;

#[cfg(test)]
mod tests;

use regex_lite::Regex;
use serde_json::Value as Json;
use std::collections::HashMap;

/// A schema that is well formed.
pub struct Schema<'a> {
    root: &'a Json,
    /// Each with how many states it has at most.
    patterns: HashMap<&'a str, (Regex, usize)>,
    patterns_size: usize,
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The first place that does not fit, as a path such as `flags.dark[0]`, and what it should be.
    Wrong { place: String, what: String },
    /// It would take too long to find out.
    TooMuchWork,
}

impl<'a> Schema<'a> {
    /// # Errors
    /// What is wrong with it, or not understood: for "`…` " before it.
    pub fn new(root: &'a Json) -> Result<Self, String> {
        let mut schema = Self { root, patterns: HashMap::new(), patterns_size: 0 };
        check::check(&mut schema)?;
        Ok(schema)
    }

    /// # Errors
    /// Where the document does not fit.
    pub fn validate(&self, document: &Json) -> Result<(), Refused> {
        validate::validate(self, document)
    }

    /// What a `$ref` within this schema names.
    fn target(&self, reference: &str) -> Option<&'a Json> {
        let pointer =
            percent_encoding::percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?;
        self.root.pointer(&pointer)
    }
}
