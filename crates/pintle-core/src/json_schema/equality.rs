//! When two values are the same to JSON Schema: 1 is 1.0, and the order of properties says nothing.

use serde_json::{Number, Value as Json};

/// A text that equal values share, and no others.
pub(super) fn canonical(value: &Json) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Json, text: &mut String) {
    match value {
        Json::Number(number) => text.push_str(&plain(number)),
        Json::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Json::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in fields {
                text.push_str(&Json::String(name.clone()).to_string());
                text.push(':');
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Json::Null | Json::Bool(_) | Json::String(_) => text.push_str(&value.to_string()),
    }
}

/// Whole numbers without a fraction, however they were written.
fn plain(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() && float.fract() == 0.0 && float.abs() < 1e18 => {
            (float as i64).to_string()
        }
        _ => number.to_string(),
    }
}
