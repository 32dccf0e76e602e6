use super::*;
use serde_json::json;

/// A schema of these properties, of which these are required.
fn schema(properties: Json, required: &[&str]) -> Result<MetadataSchema> {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    MetadataSchema::read(schema.as_object().unwrap().clone())
}

fn object(value: Json) -> Metadata {
    value.as_object().unwrap().clone()
}

/// A property of a control, with what else it has.
fn property(control: &str, kind: &str, more: Json) -> Json {
    let mut property = json!({ "type": kind, "ui:control": control });
    property.as_object_mut().unwrap().extend(object(more));
    property
}

fn options() -> Json {
    json!([
        { "value": "a", "label": "A" },
        { "value": "b", "label": "B", "disabled": true },
        { "value": "c", "label": "C", "disabled": "update", "hidden": true },
        { "value": "d", "label": "D", "disabled": { "expr": "true" } },
    ])
}

/// The message of a refused value, without its beginning; `ok` where it is taken.
fn verdict(property: &Json, value: &Json, when: When<'_>) -> String {
    let schema = schema(json!({ "x": property }), &[]).unwrap_or_else(|error| panic!("{property}: {error}"));
    match check_metadata(&schema, &object(json!({ "x": value })), when) {
        Ok(whole) => {
            assert_eq!(&whole["x"], value);
            "ok".to_owned()
        }
        Err(error) => error.message.strip_prefix("Invalid request: `metadata.x").unwrap().to_owned(),
    }
}

#[test]
fn each_control_says_what_a_value_must_be() {
    let text =
        property("input", "string", json!({ "minLength": 2, "maxLength": 3, "pattern": "^[a-z]+\\d?$" }));
    let one_of = property("input", "string", json!({ "enum": ["x", "y"] }));
    let number = property("input", "number", json!({ "minimum": 1, "exclusiveMaximum": 9.5 }));
    let above = property("input", "number", json!({ "exclusiveMinimum": 0, "maximum": 2 }));
    let toggle = property("toggle", "boolean", json!({}));
    let slider = json!({ "ui:steps": [1, 2, 4, 8], "items": { "type": "number", "maximum": 4 }, "minItems": 1, "maxItems": 2 });
    let slider = property("slider", "array", slider);
    let select = property("select", "string", json!({ "ui:options": options() }));
    let radio = property("radio-button", "string", json!({ "ui:options": options() }));
    let multi = json!({ "ui:options": options(), "items": { "type": "string" }, "maxItems": 2 });
    let multi = property("multi-select", "array", multi);
    let regions =
        json!(["iad1", { "value": "fra1" }, { "value": "lhr1", "label": "London", "disabled": true }]);
    let region = property("vercel-region", "string", json!({ "ui:options": regions }));
    let many = json!({ "ui:options": regions, "items": { "type": "string" }, "minItems": 1 });
    let many = property("multi-vercel-region", "array", many);
    let domain = property("domain", "string", json!({ "maxLength": 12 }));
    let git = property("git-namespace", "string", json!({ "git:providers": ["github"] }));
    let cases = [
        (&text, json!("ab"), "ok"),
        (&text, json!("ab1"), "ok"),
        (&text, json!("a"), "` should NOT be shorter than 2 characters."),
        (&text, json!("abcd"), "` should NOT be longer than 3 characters."),
        (&text, json!("äöü"), "` should match pattern \"^[a-z]+\\d?$\"."),
        (&text, json!(1), "` should be string."),
        (&text, json!(null), "` should be string."),
        (&one_of, json!("x"), "ok"),
        (&one_of, json!("z"), "` should be equal to one of the allowed values \"x, y\"."),
        (&number, json!(1), "ok"),
        (&number, json!(9.4), "ok"),
        (&number, json!(0.5), "` should be >= 1."),
        (&number, json!(9.5), "` should be < 9.5."),
        (&number, json!("1"), "` should be number."),
        (&above, json!(0), "` should be > 0."),
        (&above, json!(2.5), "` should be <= 2."),
        (&toggle, json!(false), "ok"),
        (&toggle, json!("false"), "` should be boolean."),
        (&slider, json!([2]), "ok"),
        (&slider, json!([4, 4]), "ok"),
        (&slider, json!([]), "` should NOT have fewer than 1 items."),
        (&slider, json!([1, 2, 4]), "` should NOT have more than 2 items."),
        (&slider, json!([3]), "[0]` should be equal to one of the allowed values \"1, 2, 4, 8\"."),
        (&slider, json!([1, 8]), "[1]` should be <= 4."),
        (&slider, json!(2), "` should be array."),
        (&select, json!("a"), "ok"),
        (&select, json!("c"), "ok"),
        (&select, json!("d"), "ok"),
        (&select, json!("b"), "` should be equal to one of the allowed values \"a, c, d\"."),
        (&select, json!(["a"]), "` should be string."),
        (&radio, json!("a"), "ok"),
        (&radio, json!("z"), "` should be equal to one of the allowed values \"a, c, d\"."),
        (&multi, json!([]), "ok"),
        (&multi, json!(["c", "a"]), "ok"),
        (&multi, json!(["a", "b"]), "[1]` should be equal to one of the allowed values \"a, c, d\"."),
        (&multi, json!(["a", "a"]), "` should NOT have duplicate items (items ## 0 and 1 are identical)."),
        (&multi, json!(["a", "c", "d"]), "` should NOT have more than 2 items."),
        (&multi, json!("a"), "` should be array."),
        (&region, json!("iad1"), "ok"),
        (&region, json!("fra1"), "ok"),
        (&region, json!("lhr1"), "` should be equal to one of the allowed values \"iad1, fra1\"."),
        (&many, json!(["iad1", "fra1"]), "ok"),
        (&many, json!([]), "` should NOT have fewer than 1 items."),
        (&many, json!(["sfo1"]), "[0]` should be equal to one of the allowed values \"iad1, fra1\"."),
        (&domain, json!("a.example"), "ok"),
        (&domain, json!("a b"), "` should match format \"hostname\"."),
        (&domain, json!("long.domain.example"), "` should NOT be longer than 12 characters."),
        (&git, json!("acme"), "ok"),
        (&git, json!(""), "` should NOT be shorter than 1 characters."),
    ];
    for (property, value, expected) in cases {
        assert_eq!(verdict(property, &value, When::Create), expected, "{property} {value}");
    }
}

#[test]
fn what_nobody_may_change_stays() {
    let setting = |when: Json| property("input", "string", json!({ "ui:read-only": when, "default": "was" }));
    let disabled = property("toggle", "boolean", json!({ "ui:disabled": "update" }));
    let update = object(json!({ "x": "was" }));
    let update = When::Update(&update);
    let read_only = |moment: &str| format!("` is read-only at {moment}: leave it out, or as it is.");
    let cases = [
        (setting(json!(true)), json!("new"), When::Create, read_only("creation")),
        (setting(json!(true)), json!("was"), When::Create, "ok".to_owned()),
        (setting(json!("create")), json!("new"), When::Create, read_only("creation")),
        (setting(json!("create")), json!("new"), update, "ok".to_owned()),
        (setting(json!("update")), json!("new"), When::Create, "ok".to_owned()),
        (setting(json!("update")), json!("new"), update, read_only("update")),
        (setting(json!("update")), json!("was"), update, "ok".to_owned()),
        (setting(json!(false)), json!("new"), update, "ok".to_owned()),
        (setting(json!({ "expr": "true" })), json!("new"), update, "ok".to_owned()),
        (disabled, json!(true), update, "` is disabled at update: leave it out, or as it is.".to_owned()),
    ];
    for (property, value, when, expected) in cases {
        assert_eq!(verdict(&property, &value, when), expected, "{property} {when:?}");
    }
    let select = property("select", "string", json!({ "ui:options": options() }));
    let disabled_by_now = "` should be equal to one of the allowed values \"a, d\".";
    assert_eq!(verdict(&select, &json!("c"), update), disabled_by_now);
    let same = object(json!({ "x": "c" }));
    assert_eq!(verdict(&select, &json!("c"), When::Update(&same)), "ok");
}

#[test]
fn a_creation_has_defaults_and_what_is_required() {
    let regions = json!([{ "value": "iad1", "disabled": true }, "fra1", "lhr1"]);
    let list = json!({ "ui:options": regions, "items": { "type": "string" } });
    let properties = json!({
        "name": property("input", "string", json!({})),
        "size": property("input", "number", json!({ "default": 8 })),
        "secret": property("input", "string", json!({ "ui:hidden": "create" })),
        "frozen": property("input", "string", json!({ "ui:disabled": true })),
        "region": property("vercel-region", "string", json!({ "ui:options": regions })),
        "regions": property("multi-vercel-region", "array", list),
        "spare": property("vercel-region", "string", json!({ "ui:options": regions })),
    });
    let schema = schema(properties, &["name", "size", "secret", "frozen", "region", "regions"]).unwrap();
    let error = check_metadata(&schema, &Metadata::new(), When::Create).unwrap_err();
    assert_eq!(error.message, "Invalid request: missing required property `metadata.name`.");
    let whole = check_metadata(&schema, &object(json!({ "name": "db" })), When::Create).unwrap();
    let expected = json!({ "name": "db", "size": 8, "region": "fra1", "regions": ["fra1"] });
    assert_eq!(Json::from(whole), expected);
    let unknown = object(json!({ "name": "db", "color": "red" }));
    let error = check_metadata(&schema, &unknown, When::Create).unwrap_err();
    assert_eq!(error.message, "Invalid request: `metadata` should NOT have additional property `color`.");
}

#[test]
fn an_update_changes_what_it_names() {
    let properties = json!({
        "name": property("input", "string", json!({ "minLength": 5 })),
        "size": property("input", "number", json!({ "default": 8, "maximum": 9 })),
        "new": property("input", "string", json!({})),
    });
    let schema = schema(properties, &["name", "new"]).unwrap();
    // From before the schema became stricter, and lost a property.
    let current = object(json!({ "name": "db", "size": 7, "gone": true }));
    let update = |given: Json| check_metadata(&schema, &object(given), When::Update(&current));
    assert_eq!(Json::from(update(json!({})).unwrap()), Json::from(current.clone()));
    let whole = update(json!({ "name": "db", "size": 9, "gone": true })).unwrap();
    assert_eq!(Json::from(whole), json!({ "name": "db", "size": 9, "gone": true }));
    let message = update(json!({ "name": "dbs" })).unwrap_err().message;
    assert_eq!(message, "Invalid request: `metadata.name` should NOT be shorter than 5 characters.");
    let message = update(json!({ "gone": false })).unwrap_err().message;
    assert_eq!(message, "Invalid request: `metadata` should NOT have additional property `gone`.");
}

#[test]
fn a_schema_that_is_none_is_refused_by_name() {
    let at = |rest: &str| format!("`metadataSchema.properties.x{rest}");
    let string = |more: Json| property("input", "string", more);
    let number = |more: Json| property("input", "number", more);
    let select = |more: Json| property("select", "string", more);
    let choice = |value: &str| json!({ "value": value, "label": value });
    let slider = json!({ "ui:steps": [1, 2], "items": { "type": "number" }, "default": [3] });
    let bad_items = json!({ "ui:options": [choice("a")], "items": { "type": "number" } });
    let cases = [
        (json!(7), at("` should be object.")),
        (
            json!({ "ui:control": "input" }),
            "missing required property `metadataSchema.properties.x.type`.".into(),
        ),
        (
            json!({ "type": "string" }),
            "missing required property `metadataSchema.properties.x.ui:control`.".into(),
        ),
        (
            property("knob", "string", json!({})),
            at(
                ".ui:control` should be equal to one of the allowed values \"input, toggle, slider, select, radio-button, multi-select, vercel-region, multi-vercel-region, domain, git-namespace\".",
            ),
        ),
        (
            property("toggle", "string", json!({})),
            at(".type` should be equal to one of the allowed values \"boolean\"."),
        ),
        (string(json!({ "minimum": 1 })), at("` should NOT have additional property `minimum`.")),
        (string(json!({ "minLength": -1 })), at(".minLength` should be >= 0.")),
        (
            string(json!({ "minLength": 3, "maxLength": 2 })),
            at(".minLength` should be <= 2, its `maxLength`."),
        ),
        (string(json!({ "enum": [] })), at(".enum` should NOT have fewer than 1 items.")),
        (string(json!({ "default": 1 })), at(".default` should be string.")),
        (
            string(json!({ "default": "a", "enum": ["b"] })),
            at(".default` should be equal to one of the allowed values \"b\"."),
        ),
        (
            string(json!({ "ui:hidden": "always" })),
            at(".ui:hidden` should be boolean, \"create\", \"update\" or an object with `expr`."),
        ),
        (number(json!({ "minimum": 3, "maximum": 2 })), at(".minimum` should be <= 2, its `maximum`.")),
        (number(json!({ "minimum": 3, "exclusiveMaximum": 3 })), at("` has bounds that no number meets.")),
        (number(json!({ "default": "1" })), at(".default` should be number.")),
        (select(json!({})), "missing required property `metadataSchema.properties.x.ui:options`.".into()),
        (select(json!({ "ui:options": [] })), at(".ui:options` should NOT have fewer than 1 items.")),
        (select(json!({ "ui:options": ["a"] })), at(".ui:options[0]` should be object.")),
        (
            select(json!({ "ui:options": [choice("a"), choice("a")] })),
            at(".ui:options` should NOT have duplicate items (items ## 0 and 1 are identical)."),
        ),
        (
            select(json!({ "ui:options": [choice("a")], "default": "b" })),
            at(".default` should be equal to one of the allowed values \"a\"."),
        ),
        (
            property("slider", "array", slider),
            at(".default[0]` should be equal to one of the allowed values \"1, 2\"."),
        ),
        (
            property("multi-select", "array", bad_items),
            at(".items.type` should be equal to one of the allowed values \"string\"."),
        ),
    ];
    for (property, message) in cases {
        let error = schema(json!({ "x": property }), &[]).unwrap_err();
        assert_eq!(error.message, format!("Invalid request: {message}"), "{property}");
    }
    for pattern in ["(", "(?=a)", "(a)\\1"] {
        let error = schema(json!({ "x": string(json!({ "pattern": pattern })) }), &[]).unwrap_err();
        let named = at(".pattern` should be a regular expression that Pintle can run: ");
        assert!(error.message.contains(&named), "{pattern}: {}", error.message);
    }
    let error = schema(json!({}), &["x"]).unwrap_err();
    let message = "Invalid request: `metadataSchema.required` names `x`, which is none of the properties.";
    assert_eq!(error.message, message);
}

/// A generator of numbers below a bound, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn text(&mut self) -> String {
        (0..self.below(6)).map(|_| char::from(b'a' + self.below(4) as u8)).collect()
    }

    /// A property with random rules and a random default, which may break them.
    fn property(&mut self) -> Json {
        let (low, high) = (self.below(6), self.below(6));
        let chosen: Vec<String> = (0..self.below(3)).map(|_| self.text()).collect();
        let options: Vec<Json> = (0..1 + self.below(4))
            .map(|n| json!({ "value": format!("{n}"), "label": "", "disabled": self.below(3) == 0 }))
            .collect();
        match self.below(6) {
            0 => property(
                "input",
                "string",
                json!({ "minLength": low, "maxLength": high, "default": self.text() }),
            ),
            1 => property(
                "input",
                "string",
                json!({ "pattern": "^a+b?$", "enum": chosen, "default": self.text() }),
            ),
            2 => property(
                "input",
                "number",
                json!({ "minimum": low, "exclusiveMaximum": high, "default": self.below(8) }),
            ),
            3 => property(
                "select",
                "string",
                json!({ "ui:options": options, "default": format!("{}", self.below(5)) }),
            ),
            4 => {
                let rules = json!({ "ui:options": options, "items": { "type": "string" }, "minItems": low, "default": ["0", format!("{}", self.below(3))] });
                property("multi-select", "array", rules)
            }
            _ => {
                let rules = json!({ "ui:steps": [low, high, 9], "items": { "type": "number", "maximum": high }, "default": [self.below(8)] });
                property("slider", "array", rules)
            }
        }
    }
}

/// Whatever schema is let in, its defaults are metadata that it takes: as they are, and when somebody sends them.
#[test]
fn every_default_passes_its_own_schema() {
    let mut dice = Dice(4_711);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let properties = json!({ "x": dice.property(), "y": dice.property() });
        let Ok(schema) = schema(properties.clone(), &["x"]) else {
            refused += 1;
            continue;
        };
        taken += 1;
        let defaults = check_metadata(&schema, &Metadata::new(), When::Create).unwrap();
        for name in ["x", "y"] {
            assert_eq!(defaults[name], properties[name]["default"], "{properties}");
            let schema = self::schema(json!({ name: without_default(&properties[name]) }), &[]).unwrap();
            let sent = object(json!({ name: defaults[name] }));
            let checked = check_metadata(&schema, &sent, When::Create);
            assert_eq!(checked.unwrap_or_else(|error| panic!("{properties}: {error}")), sent);
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

fn without_default(property: &Json) -> Json {
    let mut property = object(property.clone());
    property.remove("default");
    property.into()
}
