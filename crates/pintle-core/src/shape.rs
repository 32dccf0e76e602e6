//! The shape of a JSON value as data, for resources with more settings than are worth a struct: the settings travel as JSON, and
//! what the contract says of each is checked on the way in, with the contract's messages (semantics.md 8.2).

use crate::{Error, Result};
use serde_json::{Map, Value as Json};
use std::fmt::Display;

/// What a value may be.
pub enum Shape {
    Any,
    Boolean,
    /// At most this many characters.
    Text(usize),
    /// At most this many characters, beginning with this one.
    Begins(char, usize),
    Number {
        min: f64,
        max: f64,
    },
    Integer {
        min: i64,
    },
    OneOf(&'static [&'static str]),
    List {
        of: &'static Shape,
        min: usize,
        max: usize,
    },
    /// An object of these fields and no others.
    Object(&'static [Field]),
    /// An object of these fields and any others.
    Open(&'static [Field]),
    /// An object of any fields.
    Map,
    Nullable(&'static Shape),
    /// Any of these; the text says what, in the message for none.
    AnyOf(&'static str, &'static [Shape]),
}

pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
}

/// A field that may be absent.
pub const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

pub const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

/// Checks an object of these fields and no others; `path` is where it stands in the body, empty for the body itself.
///
/// # Errors
/// 400 with the first violation.
pub fn object(path: &str, value: &Map<String, Json>, fields: &'static [Field]) -> Result<()> {
    open(path, value, fields)?;
    let unknown = value.keys().find(|name| !fields.iter().any(|field| field.name == *name));
    unknown.map_or(Ok(()), |name| {
        Err(Error::invalid(format_args!("should NOT have additional property `{name}`.")))
    })
}

/// Checks an object of the fields of these groups and no others.
///
/// # Errors
/// 400 with the first violation.
pub fn object_of(path: &str, value: &Map<String, Json>, groups: &[&'static [Field]]) -> Result<()> {
    groups.iter().try_for_each(|fields| open(path, value, fields))?;
    let known = |name: &str| groups.iter().any(|fields| fields.iter().any(|field| field.name == name));
    let unknown = value.keys().find(|name| !known(name));
    unknown.map_or(Ok(()), |name| {
        Err(Error::invalid(format_args!("`{path}` should NOT have additional property `{name}`.")))
    })
}

/// The same with any others.
fn open(path: &str, value: &Map<String, Json>, fields: &'static [Field]) -> Result<()> {
    for field in fields {
        let path = join(path, field.name);
        match value.get(field.name) {
            Some(value) => field.shape.check(&path, value)?,
            None if field.required => {
                return Err(Error::invalid(format_args!("missing required property `{path}`.")));
            }
            None => {}
        }
    }
    Ok(())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

impl Shape {
    /// # Errors
    /// 400 with the first violation; `path` is where the value stands in the body.
    pub fn check(&self, path: &str, value: &Json) -> Result<()> {
        let should = |be: &dyn Display| Err(Error::invalid(format_args!("`{path}` should {be}.")));
        match self {
            Shape::Any => Ok(()),
            Shape::Nullable(_) if value.is_null() => Ok(()),
            Shape::Nullable(shape) => shape.check(path, value),
            Shape::Boolean if value.is_boolean() => Ok(()),
            Shape::Boolean => should(&"be boolean"),
            Shape::Map if value.is_object() => Ok(()),
            Shape::Map => should(&"be object"),
            Shape::OneOf(allowed) if value.as_str().is_some_and(|text| allowed.contains(&text)) => Ok(()),
            Shape::OneOf(allowed) => {
                should(&format_args!("be equal to one of the allowed values \"{}\"", allowed.join(", ")))
            }
            Shape::Text(max) => self.check_text(path, value, *max),
            Shape::Begins(first, max) => {
                self.check_text(path, value, *max)?;
                match value.as_str().is_some_and(|text| text.starts_with(*first)) {
                    true => Ok(()),
                    false => should(&format_args!("match pattern \"^{first}.*\"")),
                }
            }
            Shape::Number { min, max } => match value.as_f64() {
                None => should(&"be number"),
                Some(number) if number < *min => should(&format_args!("be >= {min}")),
                Some(number) if number > *max => should(&format_args!("be <= {max}")),
                Some(_) => Ok(()),
            },
            Shape::Integer { min } => match value.as_i64() {
                None => should(&"be integer"),
                Some(number) if number < *min => should(&format_args!("be >= {min}")),
                Some(_) => Ok(()),
            },
            Shape::List { of, min, max } => {
                let Some(list) = value.as_array() else { return should(&"be array") };
                crate::validate::items(path, list, *min, *max)?;
                list.iter().enumerate().try_for_each(|(at, item)| of.check(&format!("{path}[{at}]"), item))
            }
            Shape::Object(fields) | Shape::Open(fields) => match (self, value.as_object()) {
                (Shape::Open(_), Some(value)) => open(path, value, fields),
                (_, Some(value)) => object(path, value, fields),
                (_, None) => should(&"be object"),
            },
            Shape::AnyOf(what, shapes) => match shapes.iter().any(|shape| shape.check(path, value).is_ok()) {
                true => Ok(()),
                false => should(&format_args!("be {what}")),
            },
        }
    }

    fn check_text(&self, path: &str, value: &Json, max: usize) -> Result<()> {
        match value.as_str() {
            Some(text) => crate::validate::at_most(path, text, max),
            None => Err(Error::invalid(format_args!("`{path}` should be string."))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    static FIELDS: &[Field] = &[
        required("name", Shape::Text(3)),
        optional("on", Shape::Nullable(&Shape::Boolean)),
        optional("age", Shape::Number { min: 1.0, max: 9.0 }),
        optional("at", Shape::Integer { min: 0 }),
        optional("kind", Shape::OneOf(&["a", "b"])),
        optional("tags", Shape::List { of: &Shape::Begins('/', 9), min: 1, max: 2 }),
        optional("inner", Shape::Object(&[required("id", Shape::Any)])),
        optional("open", Shape::Open(&[required("id", Shape::Boolean)])),
        optional("free", Shape::Map),
        optional("size", Shape::AnyOf("number or string", &[Shape::Integer { min: 1 }, Shape::Text(1)])),
    ];

    #[test]
    fn each_shape_says_what_is_wrong() {
        let cases = [
            (json!({}), "missing required property `name`."),
            (json!({ "name": 1 }), "`name` should be string."),
            (json!({ "name": "long" }), "`name` should NOT be longer than 3 characters."),
            (json!({ "name": "a", "x": 1 }), "should NOT have additional property `x`."),
            (json!({ "name": "a", "on": 1 }), "`on` should be boolean."),
            (json!({ "name": "a", "age": 0 }), "`age` should be >= 1."),
            (json!({ "name": "a", "age": 10 }), "`age` should be <= 9."),
            (json!({ "name": "a", "age": "1" }), "`age` should be number."),
            (json!({ "name": "a", "at": 1.5 }), "`at` should be integer."),
            (json!({ "name": "a", "at": -1 }), "`at` should be >= 0."),
            (
                json!({ "name": "a", "kind": "c" }),
                "`kind` should be equal to one of the allowed values \"a, b\".",
            ),
            (json!({ "name": "a", "tags": [] }), "`tags` should NOT have fewer than 1 items."),
            (json!({ "name": "a", "tags": ["a"] }), "`tags[0]` should match pattern \"^/.*\"."),
            (json!({ "name": "a", "tags": {} }), "`tags` should be array."),
            (json!({ "name": "a", "inner": {} }), "missing required property `inner.id`."),
            (json!({ "name": "a", "inner": null }), "`inner` should be object."),
            (
                json!({ "name": "a", "inner": { "id": 1, "x": 1 } }),
                "should NOT have additional property `x`.",
            ),
            (json!({ "name": "a", "open": { "id": 1, "x": 1 } }), "`open.id` should be boolean."),
            (json!({ "name": "a", "free": [] }), "`free` should be object."),
            (json!({ "name": "a", "size": 0 }), "`size` should be number or string."),
        ];
        for (value, message) in cases {
            let error = object("", value.as_object().unwrap(), FIELDS).unwrap_err();
            assert_eq!(error.message, format!("Invalid request: {message}"), "{value}");
        }
        let good = json!({
            "name": "a", "on": null, "age": 1, "at": 0, "kind": "a", "tags": ["/"], "inner": { "id": 1 }, "free": { "a": 1 },
            "open": { "id": true, "x": 1 }, "size": "s",
        });
        object("", good.as_object().unwrap(), FIELDS).unwrap();
    }
}
