use super::*;
use serde_json::json;

#[track_caller]
fn refused(schema: &Json, document: &Json) -> Option<Refused> {
    let schema = Schema::new(schema).unwrap_or_else(|why| panic!("{schema} {why}"));
    schema.validate(document).err()
}

/// Each: a schema, what fits it, and what does not.
#[test]
fn each_keyword_lets_through_what_fits_and_nothing_else() {
    let cases = [
        (json!(true), json!([1, "a"]), json!([])),
        (json!({ "type": "integer" }), json!([1, 1.0, -3]), json!([1.5, "1", null])),
        (json!({ "type": ["string", "null"] }), json!(["a", null]), json!([1, [], {}])),
        (
            json!({ "enum": [1, { "a": [1.0, 2] }] }),
            json!([1.0, { "a": [1, 2] }]),
            json!([2, { "a": [2, 1] }]),
        ),
        (json!({ "const": { "a": 1, "b": 2 } }), json!([{ "b": 2, "a": 1 }]), json!([{ "a": 1 }])),
        (json!({ "minimum": 1, "exclusiveMaximum": 3 }), json!([1, 2.9, "a"]), json!([0, 3])),
        (json!({ "maximum": 1, "exclusiveMinimum": 0 }), json!([1, 0.1]), json!([0, 1.1])),
        (json!({ "multipleOf": 0.1 }), json!([0.3, 7, 0]), json!([0.35])),
        (json!({ "minLength": 2, "maxLength": 3 }), json!(["éé", "abc", 1]), json!(["é", "abcd"])),
        (json!({ "pattern": "^a+$" }), json!(["aa", 1]), json!(["ab"])),
        (json!({ "items": { "type": "number" } }), json!([[], [1], {}]), json!([["a"], [1, "a"]])),
        (
            json!({ "items": [{ "type": "number" }], "additionalItems": false }),
            json!([[], [1]]),
            json!([["a"], [1, 2]]),
        ),
        (
            json!({ "prefixItems": [{ "type": "number" }], "items": { "type": "string" } }),
            json!([[1], [1, "a"]]),
            json!([["a"], [1, 2]]),
        ),
        (json!({ "minItems": 1, "maxItems": 2 }), json!([[1], [1, 2]]), json!([[], [1, 2, 3]])),
        (
            json!({ "uniqueItems": true }),
            json!([[1, "1"], [[1], [2]]]),
            json!([[1, 1.0], [{ "a": 1, "b": 2 }, { "b": 2, "a": 1 }]]),
        ),
        (json!({ "contains": { "const": 1 } }), json!([[0, 1], [1, 1]]), json!([[], [2]])),
        (
            json!({ "contains": { "const": 1 }, "minContains": 2, "maxContains": 3 }),
            json!([[1, 0, 1]]),
            json!([[1], [1, 1, 1, 1]]),
        ),
        (
            json!({ "properties": { "a": { "type": "string" } } }),
            json!([{}, { "a": "x" }, { "b": 1 }, []]),
            json!([{ "a": 1 }]),
        ),
        (json!({ "required": ["a", "b"] }), json!([{ "a": 1, "b": null }, 1]), json!([{}, { "a": 1 }])),
        (
            json!({ "properties": { "a": true }, "patternProperties": { "^x-": { "type": "number" } }, "additionalProperties": false }),
            json!([{ "a": 1, "x-b": 2 }]),
            json!([{ "b": 1 }, { "x-b": "2" }]),
        ),
        (json!({ "propertyNames": { "maxLength": 2 } }), json!([{ "ab": 1 }]), json!([{ "abc": 1 }])),
        (
            json!({ "minProperties": 1, "maxProperties": 1 }),
            json!([{ "a": 1 }]),
            json!([{}, { "a": 1, "b": 2 }]),
        ),
        (
            json!({ "dependentRequired": { "a": ["b"] } }),
            json!([{}, { "b": 1 }, { "a": 1, "b": 1 }]),
            json!([{ "a": 1 }]),
        ),
        (
            json!({ "dependencies": { "a": ["b"], "c": { "required": ["d"] } } }),
            json!([{ "a": 1, "b": 1 }, { "c": 1, "d": 1 }]),
            json!([{ "a": 1 }, { "c": 1 }]),
        ),
        (
            json!({ "dependentSchemas": { "a": { "maxProperties": 1 } } }),
            json!([{ "a": 1 }]),
            json!([{ "a": 1, "b": 1 }]),
        ),
        (json!({ "allOf": [{ "minimum": 1 }, { "maximum": 2 }] }), json!([1, 2]), json!([0, 3])),
        (json!({ "anyOf": [{ "type": "string" }, { "minimum": 3 }] }), json!(["a", 3]), json!([2])),
        (json!({ "oneOf": [{ "minimum": 2 }, { "maximum": 4 }] }), json!([1, 5]), json!([3])),
        (json!({ "not": { "type": "string" } }), json!([1]), json!(["a"])),
        (
            json!({ "if": { "type": "string" }, "then": { "minLength": 1 }, "else": { "minimum": 1 } }),
            json!(["a", 1, null]),
            json!(["", 0]),
        ),
        (
            json!({ "$defs": { "a/b": { "type": "string" } }, "items": { "$ref": "#/$defs/a~1b", "maxLength": 1 } }),
            json!([["a"]]),
            json!([[1], ["ab"]]),
        ),
        (
            json!({ "properties": { "next": { "$ref": "#" } }, "required": ["id"] }),
            json!([{ "id": 1, "next": { "id": 2 } }]),
            json!([{ "id": 1, "next": {} }]),
        ),
    ];
    for (schema, good, bad) in cases {
        for document in good.as_array().unwrap() {
            assert_eq!(refused(&schema, document), None, "{schema} {document}");
        }
        for document in bad.as_array().unwrap() {
            assert!(refused(&schema, document).is_some(), "{schema} lets {document} through");
        }
    }
    assert!(refused(&json!(false), &json!(1)).is_some());
}

#[test]
fn the_first_place_that_is_wrong_is_named() {
    let schema = json!({ "properties": { "flags": { "items": { "type": "boolean" } } } });
    let wrong = refused(&schema, &json!({ "flags": [true, 1, 2] }));
    let place = "flags[1]".to_owned();
    assert_eq!(wrong, Some(Refused::Wrong { place, what: "should be boolean".to_owned() }));
}

#[test]
fn what_is_no_schema_or_not_understood_is_refused() {
    let cases = [
        (json!(1), "is no schema: `` should be a schema"),
        (json!({ "type": "text" }), "is no schema: `type` should be a type or a list of types"),
        (json!({ "properties": { "a": 1 } }), "is no schema: `properties.a` should be a schema"),
        (json!({ "minimum": "1" }), "is no schema: `minimum` should be number"),
        (json!({ "maxLength": -1 }), "is no schema: `maxLength` should be a whole number"),
        (
            json!({ "items": [{ "pattern": "(" }] }),
            "is no schema: `items[0].pattern` is a pattern that is not supported",
        ),
        (json!({ "pattern": "(?=a)" }), "is no schema: `pattern` is a pattern that is not supported"),
        (json!({ "allOf": [] }), "is no schema: `allOf` should be a list of schemas"),
        (
            json!({ "$ref": "#/$defs/none" }),
            "is no schema: `$ref` should name a place in this schema, as `#/$defs/name`",
        ),
        (
            json!({ "$ref": "https://example.com" }),
            "is no schema: `$ref` should name a place in this schema, as `#/$defs/name`",
        ),
        (json!({ "unevaluatedProperties": false }), "is no schema: `unevaluatedProperties` is not supported"),
        (
            json!({ "$schema": "http://json-schema.org/draft-04/schema#" }),
            "names a draft of JSON Schema other than 7, 2019-09 and 2020-12",
        ),
    ];
    for (schema, why) in cases {
        assert_eq!(Schema::new(&schema).err().as_deref(), Some(why), "{schema}");
    }
    for draft in ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"] {
        assert_eq!(refused(&json!({ "$schema": draft }), &json!({})), None);
    }
}

#[test]
fn work_without_end_is_given_up() {
    let turning = json!({ "$ref": "#" });
    assert_eq!(refused(&turning, &json!({})), Some(Refused::TooMuchWork));
    // Twice as much with each level.
    let mut levels = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
        levels.insert(format!("l{level}"), json!({ "allOf": [next, next] }));
    }
    levels.insert("l40".to_owned(), json!(true));
    let doubling = json!({ "$defs": levels, "$ref": "#/$defs/l0" });
    assert_eq!(refused(&doubling, &json!(1)), Some(Refused::TooMuchWork));
    let many: Vec<String> = (0..50_000).map(|number| number.to_string()).collect();
    let unique = json!({ "uniqueItems": true, "items": { "type": "string", "pattern": "^[0-9]+$" } });
    assert_eq!(refused(&unique, &json!(many)), None);
}

/// Small steps that do much: each costs what it does.
#[test]
fn work_counts_for_what_it_does() {
    // Every level asks twice, and the last one does something that is dear.
    let deep = |dear: serde_json::Value| {
        let mut levels = serde_json::Map::new();
        for level in 0..14 {
            let next = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
            levels.insert(format!("l{level}"), json!({ "allOf": [next, next] }));
        }
        levels.insert("l14".to_owned(), dear);
        json!({ "$defs": levels, "$ref": "#/$defs/l0" })
    };
    let long = "a".repeat(100_000);
    for (dear, document) in [
        (json!({ "minLength": 1 }), json!(long)),
        (json!({ "pattern": "^(a?){400}$" }), json!("aaaaaaaaaaaaaaaaaaaa")),
        (json!({ "propertyNames": true }), json!({ long.clone(): 1 })),
        (json!({ "anyOf": [{ "const": 1 }, true] }), json!(long)),
    ] {
        assert_eq!(refused(&deep(dear.clone()), &document), Some(Refused::TooMuchWork), "{dear}");
    }
    let rules: serde_json::Map<_, _> = (0..1_000).map(|n| (format!("k{n}"), json!(["a"]))).collect();
    let ruled = json!({ "dependentRequired": rules });
    assert_eq!(refused(&deep(ruled), &json!({})), Some(Refused::TooMuchWork));
}

#[test]
fn patterns_have_a_bound_together() {
    let patterns: Vec<_> = (0..40).map(|n| json!({ "pattern": format!("(a?){{1000}}{n}") })).collect();
    let why = Schema::new(&json!({ "anyOf": patterns })).err().unwrap();
    assert!(why.ends_with("is a pattern too many"), "{why}");
    let same: Vec<_> = (0..40).map(|_| json!({ "pattern": "(a?){1000}" })).collect();
    assert!(Schema::new(&json!({ "anyOf": same })).is_ok(), "each counts once");
    let kinds = vec!["string"; 8];
    assert!(Schema::new(&json!({ "type": kinds })).is_err());
}
