//! That a schema is one, and says nothing that is not understood.

use super::Schema;
use regex_lite::RegexBuilder;
use serde_json::{Map, Value as Json};

/// Bytes of memory that one pattern may take, tried in this order: regex-lite does not say how many it took.
const PATTERN_SIZES: [usize; 9] =
    [1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10];
/// And all of a schema.
const PATTERNS_SIZE: usize = 4 << 20;
/// Of one state of a pattern, about.
const STATE_SIZE: usize = 32;

/// What a keyword's value must be.
enum Form {
    Schema,
    Schemas,
    SchemaMap,
    Number,
    Positive,
    Count,
    Boolean,
    Texts,
    Anything,
}

const KEYWORDS: &[(&str, Form)] = &[
    ("additionalItems", Form::Schema),
    ("additionalProperties", Form::Schema),
    ("contains", Form::Schema),
    ("else", Form::Schema),
    ("if", Form::Schema),
    ("not", Form::Schema),
    ("propertyNames", Form::Schema),
    ("then", Form::Schema),
    ("allOf", Form::Schemas),
    ("anyOf", Form::Schemas),
    ("oneOf", Form::Schemas),
    ("prefixItems", Form::Schemas),
    ("$defs", Form::SchemaMap),
    ("definitions", Form::SchemaMap),
    ("dependentSchemas", Form::SchemaMap),
    ("patternProperties", Form::SchemaMap),
    ("properties", Form::SchemaMap),
    ("exclusiveMaximum", Form::Number),
    ("exclusiveMinimum", Form::Number),
    ("maximum", Form::Number),
    ("minimum", Form::Number),
    ("multipleOf", Form::Positive),
    ("maxContains", Form::Count),
    ("maxItems", Form::Count),
    ("maxLength", Form::Count),
    ("maxProperties", Form::Count),
    ("minContains", Form::Count),
    ("minItems", Form::Count),
    ("minLength", Form::Count),
    ("minProperties", Form::Count),
    ("uniqueItems", Form::Boolean),
    ("required", Form::Texts),
    ("const", Form::Anything),
];

/// What would change the meaning of a schema and is not understood.
const REFUSED: &[&str] = &[
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "unevaluatedItems",
    "unevaluatedProperties",
];

const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];
const DRAFTS: &[&str] = &["draft-07/schema", "draft/2019-09/schema", "draft/2020-12/schema"];

pub(super) fn check(schema: &mut Schema<'_>) -> Result<(), String> {
    let root = schema.root;
    if let Some(draft) = root.get("$schema") {
        let known = |name: &&str| {
            DRAFTS
                .iter()
                .any(|draft| name.trim_end_matches('#').ends_with(&format!("json-schema.org/{draft}")))
        };
        draft
            .as_str()
            .filter(known)
            .ok_or("names a draft of JSON Schema other than 7, 2019-09 and 2020-12")?;
    }
    one(schema, root, "")
}

/// One schema within it, at a place such as `properties.name`.
fn one<'a>(schema: &mut Schema<'a>, value: &'a Json, place: &str) -> Result<(), String> {
    let Json::Object(map) = value else {
        return if value.is_boolean() { Ok(()) } else { Err(wrong(place, "", "should be a schema")) };
    };
    for (keyword, value) in map {
        if REFUSED.contains(&keyword.as_str()) || keyword == "$id" && !place.is_empty() {
            return Err(wrong(place, keyword, "is not supported"));
        }
        keyword_of(schema, keyword, value, place)?;
        special(schema, keyword, value, place)?;
    }
    Ok(())
}

/// The keywords of the table.
fn keyword_of<'a>(
    schema: &mut Schema<'a>,
    keyword: &str,
    value: &'a Json,
    place: &str,
) -> Result<(), String> {
    let Some((_, form)) = KEYWORDS.iter().find(|(name, _)| *name == keyword) else { return Ok(()) };
    let inner = join(place, keyword);
    let should = |good: bool, what: &str| if good { Ok(()) } else { Err(wrong(place, keyword, what)) };
    match form {
        Form::Schema => one(schema, value, &inner),
        Form::Schemas => match value.as_array() {
            Some(all) if !all.is_empty() => many(schema, all, &inner),
            _ => Err(wrong(place, keyword, "should be a list of schemas")),
        },
        Form::SchemaMap => {
            let map = value.as_object().ok_or_else(|| wrong(place, keyword, "should be object"))?;
            map.iter().try_for_each(|(name, value)| one(schema, value, &join(&inner, name)))
        }
        Form::Number => should(value.is_number(), "should be number"),
        Form::Positive => should(value.as_f64().is_some_and(|n| n > 0.0), "should be > 0"),
        Form::Count => {
            let whole = value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0);
            should(whole, "should be a whole number")
        }
        Form::Boolean => should(value.is_boolean(), "should be boolean"),
        Form::Texts => should(is_texts(value), "should be a list of strings"),
        Form::Anything => Ok(()),
    }
}

/// The keywords that have a form of their own.
fn special<'a>(schema: &mut Schema<'a>, keyword: &str, value: &'a Json, place: &str) -> Result<(), String> {
    match keyword {
        "$ref" => {
            let named = value.as_str().and_then(|reference| schema.target(reference));
            named
                .map(drop)
                .ok_or_else(|| wrong(place, keyword, "should name a place in this schema, as `#/$defs/name`"))
        }
        "type" => {
            let known = |name: &Json| name.as_str().is_some_and(|name| TYPES.contains(&name));
            let list = |all: &Vec<Json>| (1..=TYPES.len()).contains(&all.len()) && all.iter().all(known);
            let good = known(value) || value.as_array().is_some_and(list);
            if good { Ok(()) } else { Err(wrong(place, keyword, "should be a type or a list of types")) }
        }
        "enum" => value.as_array().map(drop).ok_or_else(|| wrong(place, keyword, "should be array")),
        "items" => match value {
            Json::Array(all) => many(schema, all, &join(place, keyword)),
            value => one(schema, value, &join(place, keyword)),
        },
        "pattern" => {
            let text = value.as_str().ok_or_else(|| wrong(place, keyword, "should be string"))?;
            pattern(schema, text, place, keyword)
        }
        "patternProperties" => {
            let names = value.as_object().into_iter().flat_map(Map::keys);
            names.map(String::as_str).try_for_each(|name| pattern(schema, name, place, keyword))
        }
        "dependentRequired" => {
            let good = value.as_object().is_some_and(|map| map.values().all(is_texts));
            if good { Ok(()) } else { Err(wrong(place, keyword, "should be lists of strings")) }
        }
        "dependencies" => {
            let map = value.as_object().ok_or_else(|| wrong(place, keyword, "should be object"))?;
            let schemas = map.iter().filter(|(_, value)| !is_texts(value));
            for (name, value) in schemas {
                one(schema, value, &join(&join(place, keyword), name))?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn many<'a>(schema: &mut Schema<'a>, all: &'a [Json], place: &str) -> Result<(), String> {
    all.iter().enumerate().try_for_each(|(index, value)| one(schema, value, &format!("{place}[{index}]")))
}

fn pattern<'a>(schema: &mut Schema<'a>, text: &'a str, place: &str, keyword: &str) -> Result<(), String> {
    if schema.patterns.contains_key(text) {
        return Ok(());
    }
    let fitting = |size: usize| Some((RegexBuilder::new(text).size_limit(size).build().ok()?, size));
    let built = PATTERN_SIZES.into_iter().find_map(fitting);
    let (regex, size) = built.ok_or_else(|| wrong(place, keyword, "is a pattern that is not supported"))?;
    schema.patterns_size += size;
    if schema.patterns_size > PATTERNS_SIZE {
        return Err(wrong(place, keyword, "is a pattern too many"));
    }
    schema.patterns.insert(text, (regex, size / STATE_SIZE));
    Ok(())
}

fn is_texts(value: &Json) -> bool {
    value.as_array().is_some_and(|all| all.iter().all(Json::is_string))
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn wrong(place: &str, keyword: &str, what: &str) -> String {
    format!("is no schema: `{}` {what}", join(place, keyword).trim_end_matches('.'))
}
