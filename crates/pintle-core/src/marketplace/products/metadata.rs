//! Metadata: what somebody filled in for a resource, held to its product's schema.

use super::schema::MetadataSchema;
use crate::{Error, Result};
use serde_json::{Map, Value as Json};

/// By the names of the schema's properties; values are strings, numbers, booleans, and lists of strings or numbers.
pub type Metadata = Map<String, Json>;

/// For what metadata is filled in.
#[derive(Debug, Clone, Copy)]
pub enum When<'a> {
    Create,
    /// For a resource that has this now.
    Update(&'a Metadata),
}

impl When<'_> {
    fn current(&self, name: &str) -> Option<&Json> {
        match self {
            When::Create => None,
            When::Update(current) => current.get(name),
        }
    }
}

/// Checks metadata against a schema, and answers all that the resource then has: at creation with the defaults of what was left
/// out, at an update with what it had. What stays as it is is not judged again, so that a schema which became stricter holds up no
/// other change.
///
/// # Errors
/// 400 with the first violation, which names the field as `metadata.<name>`.
pub fn check_metadata(schema: &MetadataSchema, metadata: &Metadata, when: When<'_>) -> Result<Metadata> {
    let properties = schema.properties()?;
    let known = |name: &str| properties.iter().any(|(known, _)| *known == name);
    let unknown = metadata.iter().find(|(name, value)| !known(name) && when.current(name) != Some(*value));
    if let Some((name, _)) = unknown {
        return Err(Error::invalid(format_args!("`metadata` should NOT have additional property `{name}`.")));
    }
    let mut whole = match when {
        When::Create => Metadata::new(),
        When::Update(current) => current.clone(),
    };
    for (name, property) in &properties {
        let field = format!("metadata.{name}");
        let required = schema.requires(name);
        let before = match when {
            When::Create => property.initial(required),
            When::Update(current) => current.get(*name).cloned(),
        };
        let given = metadata.get(*name);
        let is_missing = given.is_none() && before.is_none() && matches!(when, When::Create);
        if is_missing && required && property.is_asked(when) {
            return Err(Error::invalid(format_args!("missing required property `{field}`.")));
        }
        if let Some(value) = given.filter(|value| before.as_ref() != Some(value)) {
            property.require_free(&field, when)?;
            property.check(&field, value, when)?;
        }
        if let Some(value) = given.cloned().or(before) {
            whole.insert((*name).to_owned(), value);
        }
    }
    Ok(whole)
}

#[cfg(test)]
#[path = "metadata_tests.rs"]
mod tests;
