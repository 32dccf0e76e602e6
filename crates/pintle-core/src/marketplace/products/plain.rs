//! A metadata schema as the contract's answers can have it.
//!
//! Where a schema says how long a text is, what it matches, or names a region without a label, the contract's document wants an object
//! that its generator made up, and the SDK of that release refuses the whole answer for anything else; newer ones want what partners
//! write. So those rules are left out, and regions get labels. What was registered is shown by the registry and the catalogue, and is
//! what metadata is held to.

use super::MetadataSchema;
use serde_json::{Map, Value as Json, json};

const RULES: [&str; 3] = ["minLength", "maxLength", "pattern"];

impl MetadataSchema {
    pub(super) fn plain(mut self) -> Self {
        let properties = self.0.get_mut("properties").and_then(Json::as_object_mut).into_iter();
        for property in properties.flat_map(Map::values_mut).filter_map(Json::as_object_mut) {
            without_rules(property);
            property.get_mut("items").and_then(Json::as_object_mut).map(without_rules);
            let options = property.get_mut("ui:options").and_then(Json::as_array_mut).into_iter();
            options.flatten().for_each(label);
        }
        self
    }
}

fn without_rules(rules: &mut Map<String, Json>) {
    rules.retain(|name, _| !RULES.contains(&name.as_str()));
}

/// A bare option is its own label.
fn label(option: &mut Json) {
    let value = option.get("value").unwrap_or(option).clone();
    if !option.is_object() {
        *option = json!({ "value": value });
    }
    if option.get("label").is_none() {
        option["label"] = value;
    }
}
