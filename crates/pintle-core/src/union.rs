//! Unions in bodies: objects whose other fields depend on one of them.
//!
//! serde's own tagged enums forget where in the object an error was. Here each branch is read as a type of its own, and an error
//! carries its place, so that the wire can name the field (semantics.md 8.2).

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

/// The value of the tag, and how the rest of the object is read.
pub(crate) type Branch<T, E> = (&'static str, fn(Json) -> Result<T, E>);

/// Reads an object as the branch that its field `tag` names.
pub(crate) fn by_tag<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    tag: &'static str,
    branches: &[Branch<T, D::Error>],
) -> Result<T, D::Error> {
    let mut value = Json::deserialize(deserializer)?;
    let Some(object) = value.as_object_mut() else { return Err(mistyped("", &value, "object")) };
    let named = object.remove(tag).ok_or_else(|| D::Error::missing_field(tag))?;
    let Some(name) = named.as_str() else { return Err(mistyped(tag, &named, "string")) };
    match branches.iter().find(|(branch, _)| *branch == name) {
        Some((_, read)) => read(value),
        None => {
            let known: Vec<String> = branches.iter().map(|(branch, _)| format!("`{branch}`")).collect();
            let known = known.join(", ");
            Err(placed(tag, format_args!("unknown variant `{name}`, expected one of {known}")))
        }
    }
}

/// Reads a value as `T`; an error carries its place.
pub(crate) fn read<T: DeserializeOwned, E: Error>(value: Json) -> Result<T, E> {
    serde_path_to_error::deserialize(value).map_err(|error| placed(&error.path().to_string(), error.inner()))
}

fn mistyped<E: Error>(place: &str, value: &Json, expected: &str) -> E {
    placed(place, format_args!("invalid type: {value}, expected a {expected}"))
}

/// In the form that the reader of bodies takes apart again: ``at `place`: message``.
fn placed<E: Error>(place: &str, message: impl std::fmt::Display) -> E {
    let place = if place == "." { "" } else { place };
    E::custom(format_args!("at `{place}`: {message}"))
}
