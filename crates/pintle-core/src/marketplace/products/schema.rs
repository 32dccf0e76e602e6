//! A product's metadata schema: what is asked for when somebody makes a resource of it (semantics.md 1.4).
//!
//! It travels as JSON, in the partner's order and words. What the contract says of each kind of property stands in the tables here;
//! what a property means for a value, in `property`.

use super::property::Property;
use crate::shape::Shape::{self, Any, AnyOf, Boolean, Integer, List, Number, Object, OneOf, Text};
use crate::shape::{self, Field, optional, required};
use crate::{Error, Result, validate};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// Checked: one can be read as properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetadataSchema(pub(super) Map<String, Json>);

/// One that asks for nothing.
impl Default for MetadataSchema {
    fn default() -> Self {
        let empty = [("type".to_owned(), "object".into()), ("properties".to_owned(), Map::new().into())];
        Self(empty.into_iter().collect())
    }
}

const TEXT: Shape = Text(2_048);
const NUMBER: Shape = Number { min: f64::MIN, max: f64::MAX };
const COUNT: Shape = Integer { min: 0 };
const EXPR: Shape = Object(&[required("expr", TEXT)]);
const TEXTS: Shape = List { of: &TEXT, min: 0, max: 500 };
const NUMBERS: Shape = List { of: &NUMBER, min: 0, max: 500 };
const MOMENT: Shape = AnyOf(
    "boolean, \"create\", \"update\" or an object with `expr`",
    &[Boolean, OneOf(&["create", "update"]), EXPR],
);

static SCHEMA: &[Field] = &[
    required("type", OneOf(&["object"])),
    required("properties", Shape::Map),
    optional("required", TEXTS),
    optional("ui:order", TEXTS),
];

/// What tells one kind of property from another.
static TAGS: &[Field] = &[required("type", TEXT), required("ui:control", TEXT)];

static COMMON: &[Field] = &[
    optional("description", TEXT),
    optional("ui:label", TEXT),
    optional("ui:description", AnyOf("string or an object with `expr`", &[TEXT, EXPR])),
    optional("ui:placeholder", TEXT),
    optional("ui:formatted-value", EXPR),
    optional("ui:read-only", MOMENT),
    optional("ui:hidden", MOMENT),
    optional("ui:disabled", MOMENT),
    optional("ui:paid-only", Boolean),
];

static STRING: &[Field] = &[
    optional("minLength", COUNT),
    optional("maxLength", COUNT),
    optional("pattern", Text(512)),
    optional("enum", TEXTS),
    optional("default", TEXT),
];

static BOUNDS: &[Field] = &[
    optional("minimum", NUMBER),
    optional("maximum", NUMBER),
    optional("exclusiveMinimum", NUMBER),
    optional("exclusiveMaximum", NUMBER),
    optional("default", NUMBER),
];

static TOGGLE: &[Field] = &[optional("default", Boolean)];

static SLIDER: &[Field] = &[
    required("ui:steps", List { of: &NUMBER, min: 1, max: 500 }),
    required(
        "items",
        Object(&[
            required("type", OneOf(&["number"])),
            optional("description", TEXT),
            optional("minimum", NUMBER),
            optional("maximum", NUMBER),
            optional("exclusiveMinimum", NUMBER),
            optional("exclusiveMaximum", NUMBER),
            optional("default", NUMBER),
        ]),
    ),
    optional("minItems", COUNT),
    optional("maxItems", COUNT),
    optional("default", NUMBERS),
];

const OPTION: Shape = Object(&[
    required("value", TEXT),
    required("label", TEXT),
    optional("disabled", MOMENT),
    optional("hidden", MOMENT),
]);
static OPTIONS: &[Field] = &[required("ui:options", List { of: &OPTION, min: 1, max: 500 })];

const REGION: Shape = AnyOf(
    "a region, or an object with `value` and perhaps `label`, `disabled` and `hidden`",
    &[
        Text(32),
        Object(&[
            required("value", Text(32)),
            optional("label", TEXT),
            optional("disabled", MOMENT),
            optional("hidden", MOMENT),
        ]),
    ],
);
static REGIONS: &[Field] = &[required("ui:options", List { of: &REGION, min: 1, max: 500 })];

static LIST: &[Field] = &[
    required(
        "items",
        Object(&[
            required("type", OneOf(&["string"])),
            optional("description", TEXT),
            optional("minLength", COUNT),
            optional("maxLength", COUNT),
            optional("pattern", Text(512)),
            optional("enum", TEXTS),
            optional("default", TEXT),
        ]),
    ),
    optional("minItems", COUNT),
    optional("maxItems", COUNT),
    optional("default", TEXTS),
    optional("example", List { of: &Any, min: 0, max: 500 }),
];

static GIT: &[Field] =
    &[optional("git:providers", List { of: &OneOf(&["github", "gitlab", "bitbucket"]), min: 0, max: 3 })];

/// A `ui:control` with a `type` that it can have, and what a property of that kind consists of.
type Variant = (&'static str, &'static str, &'static [&'static [Field]]);

/// `radio-button` and `git-namespace` are newer than the contract's document.
static VARIANTS: &[Variant] = &[
    ("input", "string", &[TAGS, COMMON, STRING]),
    ("input", "number", &[TAGS, COMMON, BOUNDS]),
    ("toggle", "boolean", &[TAGS, COMMON, TOGGLE]),
    ("slider", "array", &[TAGS, COMMON, SLIDER]),
    ("select", "string", &[TAGS, COMMON, STRING, OPTIONS]),
    ("radio-button", "string", &[TAGS, COMMON, STRING, OPTIONS]),
    ("multi-select", "array", &[TAGS, COMMON, LIST, OPTIONS]),
    ("vercel-region", "string", &[TAGS, COMMON, STRING, REGIONS]),
    ("multi-vercel-region", "array", &[TAGS, COMMON, LIST, REGIONS]),
    ("domain", "string", &[TAGS, COMMON, STRING]),
    ("git-namespace", "string", &[TAGS, COMMON, GIT]),
];

/// The variant of a property. The messages list what could stand there.
fn variant(path: &str, property: &Json) -> Result<&'static Variant> {
    Shape::Open(TAGS).check(path, property)?;
    let tag = |name: &str| property.get(name).and_then(Json::as_str).unwrap_or_default();
    let mut controls: Vec<&str> = VARIANTS.iter().map(|(control, ..)| *control).collect();
    controls.dedup();
    validate::one_of(&format!("{path}.ui:control"), tag("ui:control"), &controls)?;
    let fitting: Vec<&Variant> =
        VARIANTS.iter().filter(|(control, ..)| *control == tag("ui:control")).collect();
    let types: Vec<&str> = fitting.iter().map(|(_, kind, _)| *kind).collect();
    validate::one_of(&format!("{path}.type"), tag("type"), &types)?;
    let found = fitting.into_iter().find(|(_, kind, _)| *kind == tag("type"));
    found.ok_or_else(|| Error::internal("a control without a variant"))
}

impl MetadataSchema {
    /// Reads a schema that a partner registers.
    ///
    /// # Errors
    /// 400 with the first violation, which names the property: a keyword that its control does not have, bounds that nothing meets, a
    /// pattern that does not compile, a default that does not pass.
    pub fn read(schema: Map<String, Json>) -> Result<Self> {
        shape::object_of("metadataSchema", &schema, &[SCHEMA])?;
        let schema = Self(schema);
        let properties = schema.0.get("properties").and_then(Json::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let path = format!("metadataSchema.properties.{name}");
            validate::length(&path, name, 128)?;
            let (_, _, groups) = variant(&path, property)?;
            property.as_object().map_or(Ok(()), |fields| shape::object_of(&path, fields, groups))?;
            Property::read(property)?.check_itself(&path)?;
        }
        for list in ["required", "ui:order"] {
            schema.check_names(list)?;
        }
        Ok(schema)
    }

    /// Its properties, in their order.
    pub(super) fn properties(&self) -> Result<Vec<(&str, Property)>> {
        let properties = self.0.get("properties").and_then(Json::as_object).into_iter().flatten();
        properties.map(|(name, property)| Ok((name.as_str(), Property::read(property)?))).collect()
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.names("required").any(|required| required == name)
    }

    fn names(&self, list: &str) -> impl Iterator<Item = &str> {
        self.0.get(list).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
    }

    /// A list of its properties' names names only those, and each once.
    fn check_names(&self, list: &str) -> Result<()> {
        let path = format!("metadataSchema.{list}");
        let names: Vec<&str> = self.names(list).collect();
        validate::unique(&path, &names)?;
        let known = |name: &str| self.0.get("properties").is_some_and(|all| all.get(name).is_some());
        match names.into_iter().find(|name| !known(name)) {
            Some(name) => {
                Err(Error::invalid(format_args!("`{path}` names `{name}`, which is none of the properties.")))
            }
            None => Ok(()),
        }
    }
}
