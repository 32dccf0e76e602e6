//! Holding a document against a schema.

use super::equality::canonical;
use super::{Refused, Schema};
use serde_json::{Map, Value as Json};
use std::collections::HashSet;
use std::fmt;

/// Steps that may be taken: a schema within the schema at a place in the document is one, and so is each 64 bytes that are compared.
/// Half a megabyte of small values under a schema with a rule for each takes a few hundred thousand; all that are allowed, a second.
const WORK: u64 = 2_000_000;
/// Schemas within schemas within schemas, references included.
const DEPTH: u32 = 200;

pub(super) fn validate(schema: &Schema<'_>, document: &Json) -> Result<(), Refused> {
    Run { schema, left: WORK, depth: 0 }.check(schema.root, document, Place::Root)
}

/// Where in the document.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Field(Place::Root, name) => f.write_str(name),
            Place::Field(parent, name) => write!(f, "{parent}.{name}"),
            Place::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

type Verdict = Result<(), Refused>;

fn wrong(place: Place<'_>, what: impl Into<String>) -> Refused {
    Refused::Wrong { place: place.to_string(), what: what.into() }
}

fn should(good: bool, place: Place<'_>, what: impl FnOnce() -> String) -> Verdict {
    if good { Ok(()) } else { Err(wrong(place, what())) }
}

struct Run<'s, 'a> {
    schema: &'s Schema<'a>,
    left: u64,
    depth: u32,
}

impl<'a> Run<'_, 'a> {
    fn work(&mut self, steps: usize) -> Verdict {
        self.left = self.left.checked_sub(steps as u64).ok_or(Refused::TooMuchWork)?;
        Ok(())
    }

    fn check(&mut self, schema: &'a Json, value: &Json, place: Place<'_>) -> Verdict {
        self.work(1)?;
        let map = match schema {
            Json::Object(map) => map,
            Json::Bool(false) => return Err(wrong(place, "should not be there")),
            _ => return Ok(()),
        };
        if self.depth >= DEPTH {
            return Err(Refused::TooMuchWork);
        }
        self.depth += 1;
        let verdict = self.keywords(map, value, place);
        self.depth -= 1;
        verdict
    }

    fn keywords(&mut self, map: &'a Map<String, Json>, value: &Json, place: Place<'_>) -> Verdict {
        if let Some(reference) = map.get("$ref").and_then(Json::as_str) {
            self.work(reference.len() / 64)?;
            let target = self.schema.target(reference).ok_or(Refused::TooMuchWork)?;
            self.check(target, value, place)?;
        }
        self.plain(map, value, place)?;
        match value {
            Json::Number(_) => number(map, value.as_f64().unwrap_or_default(), place)?,
            Json::String(text) => self.text(map, text, place)?,
            Json::Array(items) => self.array(map, items, place)?,
            Json::Object(fields) => self.object(map, value, fields, place)?,
            Json::Null | Json::Bool(_) => {}
        }
        self.combined(map, value, place)
    }

    /// `type`, `enum` and `const`.
    fn plain(&mut self, map: &Map<String, Json>, value: &Json, place: Place<'_>) -> Verdict {
        if let Some(kinds) = map.get("type") {
            let kinds: Vec<&str> = kinds.as_str().into_iter().chain(texts(Some(kinds))).collect();
            should(kinds.iter().any(|kind| is_a(kind, value)), place, || {
                format!("should be {}", kinds.join(" or "))
            })?;
        }
        if let Some(allowed) = map.get("enum").and_then(Json::as_array) {
            let same = self.same(value, allowed)?;
            should(same, place, || format!("should be one of {}", Json::from(allowed.clone())))?;
        }
        if let Some(wanted) = map.get("const") {
            let same = self.same(value, std::slice::from_ref(wanted))?;
            should(same, place, || format!("should be {wanted}"))?;
        }
        Ok(())
    }

    /// Whether it is the same as one of these.
    fn same(&mut self, value: &Json, allowed: &[Json]) -> Result<bool, Refused> {
        let own = self.canonical(value)?;
        for other in allowed {
            if self.canonical(other)? == own {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn canonical(&mut self, value: &Json) -> Result<String, Refused> {
        let text = canonical(value);
        self.work(1 + text.len() / 64)?;
        Ok(text)
    }

    fn text(&mut self, map: &Map<String, Json>, text: &str, place: Place<'_>) -> Verdict {
        self.work(text.len() / 64)?;
        let length = text.chars().count();
        bounds(map, ["minLength", "maxLength"], length, "characters", place)?;
        if let Some(pattern) = map.get("pattern").and_then(Json::as_str) {
            let fits = self.matches(pattern, text)?;
            should(fits, place, || format!("should match pattern \"{pattern}\""))?;
        }
        Ok(())
    }

    /// A pattern may stand in many states at each byte of the text: what it takes is the product.
    fn matches(&mut self, pattern: &str, text: &str) -> Result<bool, Refused> {
        let Some((regex, states)) = self.schema.patterns.get(pattern) else { return Ok(false) };
        self.work(1 + states * (text.len() + 1) / 64)?;
        Ok(regex.is_match(text))
    }

    fn array(&mut self, map: &'a Map<String, Json>, items: &[Json], place: Place<'_>) -> Verdict {
        bounds(map, ["minItems", "maxItems"], items.len(), "items", place)?;
        // The first ones by their places, in either spelling, and a schema for the others.
        let (first, others) = match (map.get("prefixItems"), map.get("items")) {
            (Some(Json::Array(first)), others) => (first.as_slice(), others),
            (_, Some(Json::Array(first))) => (first.as_slice(), map.get("additionalItems")),
            (_, others) => (&[][..], others),
        };
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).or(others) {
                self.check(schema, item, Place::Index(&place, index))?;
            }
        }
        if let Some(schema) = map.get("contains") {
            let mut found = 0;
            for (index, item) in items.iter().enumerate() {
                found += usize::from(self.fits(schema, item, Place::Index(&place, index))?);
            }
            let least = count(map, "minContains").unwrap_or(1);
            let most = count(map, "maxContains").unwrap_or(usize::MAX);
            should((least..=most).contains(&found), place, || {
                format!("should contain other items: {found} fit")
            })?;
        }
        if map.get("uniqueItems") == Some(&Json::Bool(true)) {
            let mut seen = HashSet::new();
            for item in items {
                let new = seen.insert(self.canonical(item)?);
                should(new, place, || "should NOT have duplicate items".to_owned())?;
            }
        }
        Ok(())
    }

    fn object(
        &mut self,
        map: &'a Map<String, Json>,
        whole: &Json,
        fields: &Map<String, Json>,
        place: Place<'_>,
    ) -> Verdict {
        bounds(map, ["minProperties", "maxProperties"], fields.len(), "properties", place)?;
        let missing = |name: &str| format!("should have required property `{name}`");
        for name in texts(map.get("required")) {
            self.work(1)?;
            should(fields.contains_key(name), place, || missing(name))?;
        }
        for (name, value) in fields {
            self.field(map, name, value, Place::Field(&place, name))?;
        }
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            let Some(rules) = map.get(keyword).and_then(Json::as_object) else { continue };
            self.work(rules.len())?;
            for (_, rule) in rules.iter().filter(|(name, _)| fields.contains_key(*name)) {
                if !rule.is_array() {
                    self.check(rule, whole, place)?;
                }
                for name in texts(Some(rule)) {
                    self.work(1)?;
                    should(fields.contains_key(name), place, || missing(name))?;
                }
            }
        }
        Ok(())
    }

    /// One property of an object.
    fn field(&mut self, map: &'a Map<String, Json>, name: &str, value: &Json, place: Place<'_>) -> Verdict {
        if let Some(schema) = map.get("propertyNames") {
            self.work(name.len() / 64)?;
            self.check(schema, &Json::String(name.to_owned()), place)?;
        }
        let mut known = false;
        if let Some(schema) = map.get("properties").and_then(|properties| properties.get(name)) {
            known = true;
            self.check(schema, value, place)?;
        }
        for (pattern, schema) in map.get("patternProperties").and_then(Json::as_object).into_iter().flatten()
        {
            if self.matches(pattern, name)? {
                known = true;
                self.check(schema, value, place)?;
            }
        }
        match map.get("additionalProperties").filter(|_| !known) {
            Some(schema) => self.check(schema, value, place),
            None => Ok(()),
        }
    }

    /// Schemas that are combined.
    fn combined(&mut self, map: &'a Map<String, Json>, value: &Json, place: Place<'_>) -> Verdict {
        let list = |keyword: &str| map.get(keyword).and_then(Json::as_array);
        for schema in list("allOf").into_iter().flatten() {
            self.check(schema, value, place)?;
        }
        for (keyword, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            let Some(schemas) = list(keyword) else { continue };
            let mut fitting = 0;
            for schema in schemas {
                fitting += usize::from(self.fits(schema, value, place)?);
                if fitting > most || keyword == "anyOf" && fitting > 0 {
                    break;
                }
            }
            let what = || {
                format!(
                    "should fit {} of the schemas of `{keyword}`",
                    if most == 1 { "exactly one" } else { "one" }
                )
            };
            should((1..=most).contains(&fitting), place, what)?;
        }
        if let Some(schema) = map.get("not") {
            let fits = self.fits(schema, value, place)?;
            should(!fits, place, || "should NOT fit the schema of `not`".to_owned())?;
        }
        if let Some(schema) = map.get("if") {
            let branch = if self.fits(schema, value, place)? { "then" } else { "else" };
            if let Some(schema) = map.get(branch) {
                self.check(schema, value, place)?;
            }
        }
        Ok(())
    }

    fn fits(&mut self, schema: &'a Json, value: &Json, place: Place<'_>) -> Result<bool, Refused> {
        match self.check(schema, value, place) {
            Ok(()) => Ok(true),
            Err(Refused::Wrong { place, what }) => {
                self.work((place.len() + what.len()) / 64)?;
                Ok(false)
            }
            Err(Refused::TooMuchWork) => Err(Refused::TooMuchWork),
        }
    }
}

/// Whether a number keeps to a limit.
type Holds = fn(f64, f64) -> bool;

fn number(map: &Map<String, Json>, value: f64, place: Place<'_>) -> Verdict {
    let limits: [(&str, &str, Holds); 4] = [
        ("minimum", ">=", |value, limit| value >= limit),
        ("maximum", "<=", |value, limit| value <= limit),
        ("exclusiveMinimum", ">", |value, limit| value > limit),
        ("exclusiveMaximum", "<", |value, limit| value < limit),
    ];
    for (keyword, sign, holds) in limits {
        if let Some(limit) = map.get(keyword).and_then(Json::as_f64) {
            should(holds(value, limit), place, || format!("should be {sign} {limit}"))?;
        }
    }
    if let Some(step) = map.get("multipleOf").and_then(Json::as_f64) {
        let times = value / step;
        let whole = times.is_finite() && (times - times.round()).abs() <= times.abs() * 4.0 * f64::EPSILON;
        should(whole, place, || format!("should be multiple of {step}"))?;
    }
    Ok(())
}

fn bounds(
    map: &Map<String, Json>,
    [least, most]: [&str; 2],
    size: usize,
    what: &str,
    place: Place<'_>,
) -> Verdict {
    if let Some(limit) = count(map, least) {
        should(size >= limit, place, || format!("should NOT have fewer than {limit} {what}"))?;
    }
    if let Some(limit) = count(map, most) {
        should(size <= limit, place, || format!("should NOT have more than {limit} {what}"))?;
    }
    Ok(())
}

fn count(map: &Map<String, Json>, keyword: &str) -> Option<usize> {
    map.get(keyword).and_then(Json::as_f64).map(|number| number as usize)
}

fn texts(list: Option<&Json>) -> impl Iterator<Item = &str> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

fn is_a(kind: &str, value: &Json) -> bool {
    match kind {
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}
