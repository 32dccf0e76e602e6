//! Values of OTLP, as JSON and back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::Value as Json;

pub(super) fn attribute(name: &str, text: &str) -> KeyValue {
    let value = AnyValue { value: Some(Value::StringValue(text.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}

/// A text among attributes.
pub(super) fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

pub(super) fn json(value: Option<&AnyValue>) -> Json {
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Value::StringValueStrindex(_)) => Json::Null,
        Some(Value::StringValue(text)) => text.as_str().into(),
        Some(Value::BoolValue(bool)) => (*bool).into(),
        Some(Value::IntValue(int)) => (*int).into(),
        Some(Value::DoubleValue(double)) => (*double).into(),
        Some(Value::ArrayValue(array)) => array.values.iter().map(|item| json(Some(item))).collect(),
        Some(Value::KvlistValue(list)) => Json::Object(
            list.values.iter().map(|pair| (pair.key.clone(), json(pair.value.as_ref()))).collect(),
        ),
        Some(Value::BytesValue(bytes)) => STANDARD.encode(bytes).into(),
    }
}
