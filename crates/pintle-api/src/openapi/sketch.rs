//! The JSON schema of a type, as serde sees it: the type is deserialized from a source that makes up whatever is asked for, and takes
//! notes. Where made-up content is not taken, the place is left out from then on, and what was learned of it stays. Of such places in one
//! object only the first is known to be required, and nothing is known of that behind it.

mod source;

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use source::{Failed, Plan, Source};

/// Attempts at one type.
const ATTEMPTS: usize = 200;

pub(super) fn of<T: DeserializeOwned>() -> Json {
    let mut plan = Plan::default();
    let mut schema = json!({});
    for _ in 0..ATTEMPTS {
        let (seen, failed) = attempt::<T>(&plan);
        schema = seen;
        match failed {
            None => break,
            Some(failed) if failed.path.is_empty() && !plan.has_another_form(&failed) => break,
            Some(failed) => plan.learn(failed),
        }
    }
    for (object, property) in properties(&schema, String::new()) {
        let mut without = plan.clone();
        without.leave_out(&format!("{object}/{property}"));
        let (_, failed) = attempt::<T>(&without);
        let missing = failed.is_some_and(|failed| failed.path == object && failed.misses(&property));
        if missing && let Some(object) = schema.pointer_mut(&pointer(&object)) {
            let required =
                object.as_object_mut().map(|map| map.entry("required").or_insert_with(|| json!([])));
            if let Some(list) = required.and_then(Json::as_array_mut) {
                list.push(json!(property));
            }
        }
    }
    schema
}

/// What was seen, and where it came to an end.
fn attempt<T: DeserializeOwned>(plan: &Plan) -> (Json, Option<Failed>) {
    let mut schema = json!({});
    let end = std::cell::RefCell::new(None);
    let source = Source { plan, path: String::new(), schema: &mut schema, end: &end };
    let outcome = T::deserialize(source);
    let failed = end.into_inner().filter(|_| outcome.is_err());
    (schema, failed)
}

/// Every property of an object of a schema: the object's path, as `Source` has it, and the name.
fn properties(schema: &Json, path: String) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        found.push((path.clone(), name.clone()));
        found.extend(properties(inner, format!("{path}/{name}")));
    }
    if schema["items"].is_object() {
        found.extend(properties(&schema["items"], format!("{path}/[]")));
    }
    if schema["additionalProperties"].is_object() {
        found.extend(properties(&schema["additionalProperties"], format!("{path}/{{}}")));
    }
    found
}

/// The same path inside the schema.
fn pointer(path: &str) -> String {
    let parts = path.split('/').skip(1).map(|part| match part {
        "[]" => "/items".to_owned(),
        "{}" => "/additionalProperties".to_owned(),
        name => format!("/properties/{name}"),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Sample {
        name: String,
        how_many: Option<u32>,
        kinds: Vec<Kind>,
        #[serde(default)]
        inner: Inner,
        by_name: BTreeMap<String, Inner>,
        anything: serde_json::Value,
        checked: Even,
        tagged: Tagged,
    }

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Inner {
        on: bool,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        One,
        Two,
    }

    #[derive(Deserialize)]
    #[serde(try_from = "String")]
    struct Even;

    impl TryFrom<String> for Even {
        type Error = String;

        fn try_from(text: String) -> Result<Self, String> {
            if text.len().is_multiple_of(2) { Ok(Even) } else { Err("odd".into()) }
        }
    }

    #[derive(Deserialize)]
    #[serde(tag = "type")]
    #[expect(dead_code, reason = "only its shape is looked at")]
    enum Tagged {
        A { a: String },
    }

    #[test]
    fn a_type_is_known_by_what_it_asks_for() {
        let inner = json!({ "type": "object", "properties": { "on": { "type": "boolean" } } });
        let expected = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "howMany": { "type": "integer", "nullable": true },
                "kinds": { "type": "array", "items": { "type": "string", "enum": ["one", "two"] } },
                "inner": inner,
                "byName": { "type": "object", "additionalProperties": inner },
                "anything": {},
                "checked": { "type": "string" },
                "tagged": {},
            },
        });
        let mut found = of::<Sample>();
        let mut required: Vec<String> = serde_json::from_value(found["required"].take()).unwrap();
        required.sort();
        found.as_object_mut().unwrap().remove("required");
        assert_eq!(found, expected);
        assert_eq!(required, ["anything", "byName", "checked", "kinds", "name"]);
    }
}
