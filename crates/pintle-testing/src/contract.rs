//! Every answer is held against the contract, where its document is present.
//!
//! The document is never part of the repository. It is looked for where `PINTLE_CONTRACT` says (`none`: nowhere), in
//! `shared/spec` beside one of the folders above this one, and inside the SDK that `tests/sdk` installs.

use crate::Answer;
use axum::http::Method;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Schemas that refer to themselves end with the value that is checked; this is for those that do not.
const DEPTH: usize = 60;

struct Contract {
    document: Value,
    operations: Vec<Operation>,
}

/// An operation of the contract.
pub struct Operation {
    /// The contract's id, or method and path where it has none.
    pub id: String,
    pub group: String,
    pub method: String,
    /// With its version and its parameters.
    pub path: String,
    responses: Value,
}

impl Operation {
    /// What leads to it: the path without its version, parameters without their names.
    pub fn shape(&self) -> Vec<&str> {
        shape(&self.path)
    }
}

/// Every operation of the contract; `None` where its document is not present.
pub fn operations() -> Option<&'static [Operation]> {
    contract().map(|contract| contract.operations.as_slice())
}

/// The events that a webhook can subscribe to; `None` where its document is not present.
pub fn webhook_events() -> Option<Vec<&'static str>> {
    let path = "/paths/~1v1~1webhooks/post/requestBody/content/application~1json/schema/properties/events/items/enum";
    let names = contract()?.document.pointer(path).and_then(Value::as_array).expect("a list of events");
    Some(names.iter().map(|name| name.as_str().expect("a name")).collect())
}

fn contract() -> Option<&'static Contract> {
    static CONTRACT: OnceLock<Option<Contract>> = OnceLock::new();
    CONTRACT.get_or_init(load).as_ref()
}

/// Panics with what is wrong, where an answer breaks the contract.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(contract) = contract() else { return };
    let Some(operation) = contract.find(method.as_str(), path) else { return };
    let wrong = contract.judge(operation, method, answer);
    let named = format!("{} ({})", answer.request, operation.id);
    assert!(wrong.is_empty(), "{named} broke the contract:\n  {}\n{}", wrong.join("\n  "), answer.text);
}

fn load() -> Option<Contract> {
    let Some(path) = find_document() else {
        eprintln!("answers are not held against the contract: its document was not found");
        return None;
    };
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(Contract::new(serde_json::from_str(&text).expect("the contract is JSON")))
}

fn find_document() -> Option<PathBuf> {
    if let Ok(path) = std::env::var("PINTLE_CONTRACT") {
        return (path != "none").then(|| path.into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().ok()?;
    let shared = root.ancestors().skip(1).map(|folder| folder.join("shared/spec/vercel-openapi.json"));
    let installed = root.join("tests/sdk/node_modules/@vercel/sdk/vercel-spec.json");
    shared.chain([installed]).find(|path| path.is_file())
}

/// A path as the router sees it: without `/api`, a version, and `/now`.
fn segments(path: &str) -> Vec<&str> {
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let version = |s: &str| s.strip_prefix('v').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let prefixes: [&dyn Fn(&str) -> bool; 3] = [&|s| s == "api", &version, &|s| s == "now"];
    for is_prefix in prefixes {
        if segments.first().is_some_and(|first| is_prefix(first)) {
            segments.remove(0);
        }
    }
    segments
}

/// The segments of a contract's path, parameters without their names.
pub fn shape(path: &str) -> Vec<&str> {
    segments(path).into_iter().map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

impl Contract {
    fn new(document: Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation["responses"].is_null() {
                    continue;
                }
                let named = operation["operationId"].as_str().map(str::to_owned);
                operations.push(Operation {
                    id: named.unwrap_or_else(|| format!("{method} {path}")),
                    group: operation["tags"][0].as_str().unwrap_or("untagged").to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    responses: operation["responses"].clone(),
                });
            }
        }
        Self { document, operations }
    }

    /// The operation that a request is for. A literal segment beats a parameter.
    fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let given = segments(path);
        let fits = |operation: &&Operation| {
            let shape = operation.shape();
            operation.method == method
                && shape.len() == given.len()
                && shape.iter().zip(&given).all(|(name, part)| *name == "{}" || name == part)
        };
        let literals = |operation: &&Operation| operation.shape().iter().filter(|s| **s != "{}").count();
        self.operations.iter().filter(fits).max_by_key(literals)
    }

    fn judge(&self, operation: &Operation, method: &Method, answer: &Answer) -> Vec<String> {
        let content_type = answer.header("content-type");
        if answer.status >= 400 {
            let error = &answer.json()["error"];
            let whole = error["code"].is_string() && error["message"].is_string();
            return if whole { vec![] } else { vec!["an error without error.code or error.message".into()] };
        }
        if !(200..300).contains(&answer.status) {
            return vec![];
        }
        let Some(documented) = operation.responses.get(answer.status.to_string()) else {
            let known: Vec<&String> =
                operation.responses.as_object().into_iter().flat_map(|r| r.keys()).collect();
            return vec![format!("answered {}, where the contract knows {known:?}", answer.status)];
        };
        if answer.status == 204 {
            let bare = answer.text.is_empty() && content_type.is_none();
            return if bare { vec![] } else { vec!["a 204 with a body or a content type".into()] };
        }
        let schema = &self.resolve(documented)["content"]["application/json"]["schema"];
        if schema.is_null() || method == Method::HEAD {
            return vec![];
        }
        if !content_type.is_some_and(|text| text.starts_with("application/json")) {
            return vec![format!("content type {content_type:?}")];
        }
        match serde_json::from_str(&answer.text) {
            Ok(value) => self.validate(schema, &value, "$", 0),
            Err(error) => vec![format!("the body is not JSON: {error}")],
        }
    }

    fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(target) = schema["$ref"].as_str() {
            schema = self.document.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
        }
        schema
    }

    /// What is wrong with a value, each with its place in it. `oneOf` is read as `anyOf`: the contract's branches overlap.
    fn validate(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Vec<String> {
        let schema = self.resolve(schema);
        if is_branded(schema) {
            return vec![];
        }
        let in_enum = schema["enum"].as_array().is_some_and(|allowed| allowed.contains(value));
        if depth > DEPTH || value.is_null() && (schema["nullable"] == true || in_enum) {
            return vec![];
        }
        for branches in ["oneOf", "anyOf"].iter().filter_map(|key| schema[key].as_array()) {
            let tried = branches.iter().map(|branch| self.validate(branch, value, at, depth + 1));
            let best = tried.min_by_key(Vec::len).unwrap_or_default();
            if !best.is_empty() {
                return best;
            }
        }
        if let Some(kind) = schema["type"].as_str().filter(|kind| !is_a(kind, value)) {
            return vec![format!("{at}: {} where {kind} should be", brief(value))];
        }
        let mut wrong = Vec::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            wrong.extend(self.validate(part, value, at, depth + 1));
        }
        if schema["enum"].is_array() && !in_enum && !is_newer_event(schema, value) {
            wrong.push(format!("{at}: {} is none of {}", brief(value), schema["enum"]));
        }
        if let Value::Object(_) = value {
            wrong.extend(self.validate_object(schema, value, at, depth));
        }
        if let Value::Array(items) = value {
            let bound = |key: &str| schema[key].as_u64().map(|n| n as usize);
            if bound("minItems").is_some_and(|n| items.len() < n)
                || bound("maxItems").is_some_and(|n| items.len() > n)
            {
                wrong.push(format!("{at}: {} items", items.len()));
            }
            for (index, item) in items.iter().enumerate() {
                wrong.extend(self.validate(&schema["items"], item, &format!("{at}[{index}]"), depth + 1));
            }
        }
        wrong
    }

    fn validate_object(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Vec<String> {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut wrong: Vec<String> = required
            .filter(|name| value.get(name).is_none())
            .map(|name| format!("{at}.{name}: missing"))
            .collect();
        for (name, property) in value.as_object().into_iter().flatten() {
            let at = format!("{at}.{name}");
            let declared = &schema["properties"][name];
            match &schema["additionalProperties"] {
                _ if !declared.is_null() => wrong.extend(self.validate(declared, property, &at, depth + 1)),
                Value::Bool(false) => wrong.push(format!("{at}: not in the contract")),
                other => wrong.extend(self.validate(other, property, &at, depth + 1)),
            }
        }
        wrong
    }
}

/// A number or text whose type has a name in the platform's sources: the contract's generator wrote down an object that nobody sends.
fn is_branded(schema: &Value) -> bool {
    let properties = schema["properties"].as_object();
    properties.is_some_and(|all| all.len() == 1 && all.keys().all(|name| name.starts_with("__@BRAND@")))
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn brief(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

/// A webhook's event that the contract's list does not have yet and newer clients know (semantics.md 5.5).
fn is_newer_event(schema: &Value, value: &Value) -> bool {
    let lists_events = schema["enum"].as_array().is_some_and(|list| list.contains(&"project.created".into()));
    lists_events && value.as_str().is_some_and(|name| pintle_core::webhooks::EVENTS.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A contract of one operation, whose 200 has this schema.
    fn contract(schema: Value) -> Contract {
        let content = json!({ "application/json": { "schema": schema } });
        let operation =
            json!({ "operationId": "getThing", "responses": { "200": { "content": content }, "204": {} } });
        Contract::new(json!({
            "paths": { "/v1/things/{id}": { "get": operation, "delete": operation }, "/v1/things/all": {} },
            "components": { "schemas": { "Name": { "type": "string" } } },
        }))
    }

    fn answer(status: u16, content_type: Option<&str>, text: &str) -> Answer {
        let content_type = content_type.map(|text| ("content-type".parse().unwrap(), text.parse().unwrap()));
        let headers = content_type.into_iter().collect();
        Answer { request: "GET /v1/things/a".into(), status, headers, text: text.into() }
    }

    #[test]
    fn each_keyword_finds_what_breaks_it() {
        let name = json!({ "$ref": "#/components/schemas/Name" });
        let cases = [
            (json!({ "type": "string" }), json!("a"), json!(1)),
            (json!({ "type": "number" }), json!(1.5), json!("1")),
            (json!({ "type": "string", "nullable": true }), json!(null), json!(1)),
            (json!({ "type": "string" }), json!("a"), json!(null)),
            (json!({ "enum": ["a", "b"] }), json!("a"), json!("c")),
            (json!({ "type": "array", "items": name, "maxItems": 2 }), json!(["a"]), json!([1])),
            (json!({ "type": "array", "maxItems": 1 }), json!([1]), json!([1, 2])),
            (json!({ "type": "object", "required": ["a"] }), json!({ "a": 1 }), json!({ "b": 1 })),
            (json!({ "properties": { "a": name } }), json!({ "a": "x", "b": 1 }), json!({ "a": 1 })),
            (json!({ "additionalProperties": false }), json!({}), json!({ "a": 1 })),
            (json!({ "additionalProperties": name }), json!({ "a": "x" }), json!({ "a": 1 })),
            (json!({ "oneOf": [name, { "type": "number" }] }), json!(1), json!(true)),
            (json!({ "allOf": [name, { "enum": ["a"] }] }), json!("a"), json!("b")),
        ];
        for (schema, good, bad) in cases {
            let contract = contract(schema.clone());
            let judge = |value: &Value| {
                let answer = answer(200, Some("application/json; charset=utf-8"), &value.to_string());
                contract.judge(&contract.operations[0], &Method::GET, &answer)
            };
            assert_eq!(judge(&good), Vec::<String>::new(), "{schema} {good}");
            assert_ne!(judge(&bad), Vec::<String>::new(), "{schema} {bad}");
        }
    }

    #[test]
    fn status_and_content_type_are_part_of_the_contract() {
        let contract = contract(json!({}));
        let cases = [
            (answer(200, Some("application/json"), "{}"), true),
            (answer(200, Some("text/plain"), "{}"), false),
            (answer(200, Some("application/json"), "{"), false),
            (answer(201, Some("application/json"), "{}"), false),
            (answer(204, None, ""), true),
            (answer(204, Some("application/json"), ""), false),
            (answer(204, None, "{}"), false),
            (answer(404, None, r#"{"error":{"code":"not_found","message":"Not found"}}"#), true),
            (answer(404, None, r#"{"error":{"code":"not_found"}}"#), false),
        ];
        for (answer, good) in cases {
            let wrong = contract.judge(&contract.operations[0], &Method::GET, &answer);
            assert_eq!(wrong.is_empty(), good, "{} {} {wrong:?}", answer.status, answer.text);
        }
    }

    #[test]
    fn a_request_finds_its_operation_under_any_version() {
        let contract = contract(json!({}));
        for path in ["/v1/things/a", "/v13/things/a", "/things/a", "/api/v2/things/a", "/now/things/a"] {
            assert!(contract.find("GET", path).is_some(), "{path}");
        }
        assert!(contract.find("POST", "/v1/things/a").is_none());
        assert!(contract.find("GET", "/v1/things").is_none());
    }
}
