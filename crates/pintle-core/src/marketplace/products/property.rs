//! One property of a metadata schema, as rules for a value.

use super::metadata::When;
use crate::{Error, Result, validate};
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value as Json;
use std::fmt::Display;

/// Longest text where the schema sets no bound.
const LONGEST: u64 = 10_000;

/// What of a property decides over values; `schema` has checked that the rest is as it must be.
#[derive(Debug, Deserialize)]
pub(super) struct Property {
    #[serde(rename = "type")]
    kind: Type,
    #[serde(rename = "ui:control")]
    control: Control,
    default: Option<Json>,
    #[serde(flatten)]
    text: TextRules,
    #[serde(flatten)]
    number: NumberRules,
    #[serde(flatten)]
    list: ListRules,
    items: Option<Items>,
    #[serde(rename = "ui:steps")]
    steps: Option<Vec<f64>>,
    #[serde(rename = "ui:options")]
    options: Option<Vec<Choice>>,
    #[serde(rename = "ui:read-only", default)]
    read_only: Condition,
    #[serde(rename = "ui:hidden", default)]
    hidden: Condition,
    #[serde(rename = "ui:disabled", default)]
    disabled: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    String,
    Number,
    Boolean,
    Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Control {
    Input,
    Toggle,
    Slider,
    Select,
    RadioButton,
    MultiSelect,
    VercelRegion,
    MultiVercelRegion,
    Domain,
    GitNamespace,
}

/// What one item of a list must be.
#[derive(Debug, Deserialize)]
struct Items {
    #[serde(flatten)]
    text: TextRules,
    #[serde(flatten)]
    number: NumberRules,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TextRules {
    min_length: Option<u64>,
    max_length: Option<u64>,
    pattern: Option<String>,
    #[serde(rename = "enum")]
    one_of: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NumberRules {
    minimum: Option<f64>,
    maximum: Option<f64>,
    exclusive_minimum: Option<f64>,
    exclusive_maximum: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListRules {
    min_items: Option<u64>,
    max_items: Option<u64>,
}

/// One thing to choose. Regions may be bare codes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Choice {
    Bare(String),
    Whole {
        value: String,
        #[serde(default)]
        disabled: Condition,
    },
}

/// When something holds. Expressions are for the form in a browser: nothing evaluates them here, so that they never hold.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Condition {
    Always(bool),
    On(Moment),
    Expression {
        #[serde(rename = "expr")]
        _expr: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Moment {
    Create,
    Update,
}

impl Default for Condition {
    fn default() -> Self {
        Condition::Always(false)
    }
}

impl Condition {
    fn holds(&self, when: When<'_>) -> bool {
        match (self, when) {
            (Condition::Always(always), _) => *always,
            (Condition::On(moment), When::Create) => *moment == Moment::Create,
            (Condition::On(moment), When::Update(_)) => *moment == Moment::Update,
            (Condition::Expression { .. }, _) => false,
        }
    }
}

impl Choice {
    fn value(&self) -> &str {
        match self {
            Choice::Bare(value) | Choice::Whole { value, .. } => value,
        }
    }

    fn is_disabled(&self, when: When<'_>) -> bool {
        matches!(self, Choice::Whole { disabled, .. } if disabled.holds(when))
    }
}

fn should(field: &str, be: impl Display) -> Error {
    Error::invalid(format_args!("`{field}` should {be}."))
}

impl Property {
    /// # Errors
    /// 500 for one that `schema` would not have let in.
    pub(super) fn read(property: &Json) -> Result<Self> {
        Ok(Self::deserialize(property)?)
    }

    /// What a value is where nobody chose one: its default, or the first region that can be chosen, which real clients leave to the
    /// server.
    pub(super) fn initial(&self, required: bool) -> Option<Json> {
        let region = || {
            let first = self.options.iter().flatten().find(|choice| !choice.is_disabled(When::Create))?;
            match self.control {
                Control::VercelRegion => Some(Json::from(first.value())),
                Control::MultiVercelRegion => Some(Json::from(vec![first.value()])),
                _ => None,
            }
        };
        self.default.clone().or_else(|| region().filter(|_| required))
    }

    /// Whether a form asks for it.
    pub(super) fn is_asked(&self, when: When<'_>) -> bool {
        !self.hidden.holds(when) && self.require_free("", when).is_ok()
    }

    /// # Errors
    /// 400 where the schema lets nobody change it now.
    pub(super) fn require_free(&self, field: &str, when: When<'_>) -> Result<()> {
        let moment = if matches!(when, When::Create) { "creation" } else { "update" };
        for (word, condition) in [("read-only", &self.read_only), ("disabled", &self.disabled)] {
            if condition.holds(when) {
                return Err(Error::invalid(format_args!(
                    "`{field}` is {word} at {moment}: leave it out, or as it is."
                )));
            }
        }
        Ok(())
    }

    /// # Errors
    /// 400 with the first rule that the value breaks.
    pub(super) fn check(&self, field: &str, value: &Json, when: When<'_>) -> Result<()> {
        match self.kind {
            Type::String => self.check_text(field, value, &self.text, when),
            Type::Number => self.number.check(field, value),
            Type::Boolean if value.is_boolean() => Ok(()),
            Type::Boolean => Err(should(field, "be boolean")),
            Type::Array => self.check_list(field, value, when),
        }
    }

    fn check_text(&self, field: &str, value: &Json, rules: &TextRules, when: When<'_>) -> Result<()> {
        let text = value.as_str().ok_or_else(|| should(field, "be string"))?;
        if let Some(options) = &self.options {
            let free: Vec<&str> =
                options.iter().filter(|o| !o.is_disabled(when)).map(Choice::value).collect();
            validate::one_of(field, text, &free)?;
        }
        match self.control {
            Control::Domain => validate::hostname(field, text)?,
            Control::GitNamespace => validate::not_empty(field, text)?,
            _ => {}
        }
        rules.check(field, text)
    }

    fn check_list(&self, field: &str, value: &Json, when: When<'_>) -> Result<()> {
        let list = value.as_array().ok_or_else(|| should(field, "be array"))?;
        self.list.check(field, list)?;
        let Some(items) = &self.items else { return Ok(()) };
        for (at, item) in list.iter().enumerate() {
            let field = format!("{field}[{at}]");
            match self.control {
                Control::Slider => {
                    items.number.check(&field, item)?;
                    self.check_step(&field, item)?;
                }
                _ => self.check_text(&field, item, &items.text, when)?,
            }
        }
        // A slider may have both its ends at one step; something chosen is chosen once.
        if self.control == Control::Slider { Ok(()) } else { validate::unique(field, list) }
    }

    fn check_step(&self, field: &str, item: &Json) -> Result<()> {
        let steps = self.steps.as_deref().unwrap_or_default();
        if steps.iter().any(|step| Some(*step) == item.as_f64()) {
            return Ok(());
        }
        let steps: Vec<String> = steps.iter().map(f64::to_string).collect();
        Err(should(field, format_args!("be equal to one of the allowed values \"{}\"", steps.join(", "))))
    }

    /// That its rules can be met, and that its default meets them.
    ///
    /// # Errors
    /// 400 with the first rule that is none.
    pub(super) fn check_itself(&self, path: &str) -> Result<()> {
        self.text.check_itself(path)?;
        self.number.check_itself(path)?;
        self.list.check_itself(path)?;
        if let Some(items) = &self.items {
            items.text.check_itself(&format!("{path}.items"))?;
            items.number.check_itself(&format!("{path}.items"))?;
        }
        let values: Vec<&str> = self.options.iter().flatten().map(Choice::value).collect();
        validate::unique(&format!("{path}.ui:options"), &values)?;
        match &self.default {
            Some(default) => self.check(&format!("{path}.default"), default, When::Create),
            None => Ok(()),
        }
    }
}

impl TextRules {
    fn check(&self, field: &str, text: &str) -> Result<()> {
        let length = text.chars().count() as u64;
        if self.min_length.is_some_and(|min| length < min) {
            let min = self.min_length.unwrap_or_default();
            return Err(should(field, format_args!("NOT be shorter than {min} characters")));
        }
        let max = self.max_length.unwrap_or(LONGEST);
        if length > max {
            return Err(should(field, format_args!("NOT be longer than {max} characters")));
        }
        if let Some(allowed) = &self.one_of {
            validate::one_of(field, text, &allowed.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        let Some(pattern) = &self.pattern else { return Ok(()) };
        match compile(field, pattern)?.is_match(text) {
            true => Ok(()),
            false => Err(should(field, format_args!("match pattern \"{pattern}\""))),
        }
    }

    fn check_itself(&self, path: &str) -> Result<()> {
        in_order(path, ("minLength", self.min_length), ("maxLength", self.max_length))?;
        let pattern = self.pattern.as_ref();
        pattern.map_or(Ok(()), |pattern| compile(&format!("{path}.pattern"), pattern).map(drop))?;
        match &self.one_of {
            Some(allowed) if allowed.is_empty() => {
                Err(should(&format!("{path}.enum"), "NOT have fewer than 1 items"))
            }
            _ => Ok(()),
        }
    }
}

/// Patterns come from whoever develops an integration, so that they run in linear time: no look-around and no back-references.
fn compile(field: &str, pattern: &str) -> Result<Regex> {
    Regex::new(pattern)
        .map_err(|error| should(field, format_args!("be a regular expression that Pintle can run: {error}")))
}

impl NumberRules {
    fn check(&self, field: &str, value: &Json) -> Result<()> {
        let number = value.as_f64().ok_or_else(|| should(field, "be number"))?;
        let bounds = [
            (">=", self.minimum, self.minimum.is_some_and(|min| number < min)),
            ("<=", self.maximum, self.maximum.is_some_and(|max| number > max)),
            (">", self.exclusive_minimum, self.exclusive_minimum.is_some_and(|min| number <= min)),
            ("<", self.exclusive_maximum, self.exclusive_maximum.is_some_and(|max| number >= max)),
        ];
        match bounds.into_iter().find(|(_, _, broken)| *broken) {
            Some((sign, bound, _)) => {
                Err(should(field, format_args!("be {sign} {}", bound.unwrap_or_default())))
            }
            None => Ok(()),
        }
    }

    fn check_itself(&self, path: &str) -> Result<()> {
        in_order(path, ("minimum", self.minimum), ("maximum", self.maximum))?;
        let (min, max) = (self.exclusive_minimum, self.exclusive_maximum);
        in_order(path, ("exclusiveMinimum", min), ("exclusiveMaximum", max))?;
        match (min.or(self.minimum), max.or(self.maximum)) {
            (Some(low), Some(high)) if low >= high && (min.is_some() || max.is_some()) => {
                Err(Error::invalid(format_args!("`{path}` has bounds that no number meets.")))
            }
            _ => Ok(()),
        }
    }
}

impl ListRules {
    fn check(&self, field: &str, list: &[Json]) -> Result<()> {
        let count = |bound: Option<u64>, absent: usize| {
            bound.map_or(absent, |bound| usize::try_from(bound).unwrap_or(usize::MAX))
        };
        validate::items(field, list, count(self.min_items, 0), count(self.max_items, 500))
    }

    fn check_itself(&self, path: &str) -> Result<()> {
        in_order(path, ("minItems", self.min_items), ("maxItems", self.max_items))
    }
}

/// That a lower bound is none above the upper one.
fn in_order<T: PartialOrd + Display>(
    path: &str,
    (low_name, low): (&str, Option<T>),
    (high_name, high): (&str, Option<T>),
) -> Result<()> {
    match (low, high) {
        (Some(low), Some(high)) if low > high => {
            Err(should(&format!("{path}.{low_name}"), format_args!("be <= {high}, its `{high_name}`")))
        }
        _ => Ok(()),
    }
}
