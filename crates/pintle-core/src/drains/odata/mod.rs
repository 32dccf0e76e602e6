//! Filters as text: a subset of OData's `$filter`, over the fields of a log line.
//!
//! ```text
//! condition   = comparison | membership | function | "not" condition | "(" condition ")"
//!             | condition "and" condition | condition "or" condition
//! comparison  = operand ("eq" | "ne" | "gt" | "ge" | "lt" | "le") operand
//! membership  = operand "in" "(" literal { "," literal } ")"
//! function    = ("contains" | "startswith" | "endswith") "(" operand "," operand ")"
//! operand     = field | literal
//! literal     = 'text, with '' for a quote' | number | "true" | "false" | "null"
//! ```
//!
//! `not` binds closest, then `and`, then `or`. A field that a line does not have is null, which equals only null and is neither
//! greater nor less than anything. Texts are compared as they are, case included. A list, such as `proxy/userAgent`, holds where one
//! of its items does.

mod field;
mod parser;
mod token;

#[cfg(test)]
mod tests;

pub use field::Field;

use serde_json::Value as Json;

/// A filter, ready to be held against lines.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Operand),
    Among(Operand, Vec<Literal>),
    Match(Function, Operand, Operand),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Field(Field),
    Literal(Literal),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Contains,
    StartsWith,
    EndsWith,
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The character where it shows, counted from 1.
    pub at: usize,
    pub what: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at character {}", self.what, self.at)
    }
}

/// Reads a filter.
///
/// # Errors
/// For everything that is not of the subset.
pub fn parse(text: &str) -> Result<Condition, Mistake> {
    parser::parse(text)
}

impl Condition {
    /// Whether it holds for a line, given as the object that it is.
    pub fn holds(&self, line: &Json) -> bool {
        match self {
            Condition::And(left, right) => left.holds(line) && right.holds(line),
            Condition::Or(left, right) => left.holds(line) || right.holds(line),
            Condition::Not(inner) => !inner.holds(line),
            // Not equal is the opposite of equal, for lists too.
            Condition::Compare(left, Comparison::NotEqual, right) => !equal(left, right, line),
            Condition::Compare(left, Comparison::Equal, right) => equal(left, right, line),
            Condition::Compare(left, comparison, right) => pairs(left, right, line, |left, right| {
                order(left, right).is_some_and(|order| match comparison {
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                    Comparison::Less => order.is_lt(),
                    _ => order.is_le(),
                })
            }),
            Condition::Among(operand, list) => {
                list.iter().any(|literal| operand.values(line).any(|value| value == Value::of(literal)))
            }
            Condition::Match(function, whole, part) => pairs(whole, part, line, |whole, part| {
                let (Value::Text(whole), Value::Text(part)) = (whole, part) else { return false };
                match function {
                    Function::Contains => whole.contains(part),
                    Function::StartsWith => whole.starts_with(part),
                    Function::EndsWith => whole.ends_with(part),
                }
            }),
        }
    }
}

/// A value while it is compared. What is neither text, number nor boolean is null.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value<'a> {
    Text(&'a str),
    Number(f64),
    Bool(bool),
    Null,
}

impl<'a> Value<'a> {
    fn of(literal: &'a Literal) -> Self {
        match literal {
            Literal::Text(text) => Value::Text(text),
            Literal::Number(number) => Value::Number(*number),
            Literal::Bool(bool) => Value::Bool(*bool),
            Literal::Null => Value::Null,
        }
    }

    fn of_json(json: &'a Json) -> Self {
        match json {
            Json::String(text) => Value::Text(text),
            Json::Number(number) => number.as_f64().map_or(Value::Null, Value::Number),
            Json::Bool(bool) => Value::Bool(*bool),
            _ => Value::Null,
        }
    }
}

impl Operand {
    /// Its value in a line, or those of its items.
    fn values<'a>(&'a self, line: &'a Json) -> impl Iterator<Item = Value<'a>> {
        let (one, list): (_, &[Json]) = match self {
            Operand::Literal(literal) => (Some(Value::of(literal)), &[]),
            Operand::Field(field) => match field.of(line) {
                Some(Json::Array(items)) => (None, items),
                Some(json) => (Some(Value::of_json(json)), &[]),
                None => (Some(Value::Null), &[]),
            },
        };
        one.into_iter().chain(list.iter().map(Value::of_json))
    }
}

fn pairs(left: &Operand, right: &Operand, line: &Json, hold: impl Fn(Value, Value) -> bool) -> bool {
    left.values(line).any(|left| right.values(line).any(|right| hold(left, right)))
}

fn equal(left: &Operand, right: &Operand, line: &Json) -> bool {
    pairs(left, right, line, |left, right| left == right)
}

/// Only what is of one kind has an order.
fn order(left: Value, right: Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(&right),
        _ => None,
    }
}
