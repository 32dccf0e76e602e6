//! What clients have learned from answers: texts that name things, by what they name; parameters with which a path led somewhere; and
//! whose requests succeeded.

use super::callers::Caller;
use super::names;
use crate::dice::Dice;
use serde_json::Value as Json;
use std::collections::HashMap;
use url::Url;

const TEXTS: usize = 600;
const CHAINS: usize = 40;
const NAMES: usize = 60;
const CALLERS: usize = 60;

#[derive(Default)]
pub struct Memory {
    texts: Vec<String>,
    /// By the kind of what they name.
    names: HashMap<String, Vec<String>>,
    /// By a path up to one of its parameters: the values of these.
    chains: HashMap<String, Vec<Vec<String>>>,
    callers: Vec<Caller>,
    /// By operation: those whose requests succeeded, by their place.
    fitting: HashMap<String, Vec<usize>>,
    /// By operation: bodies that were taken.
    bodies: HashMap<String, Vec<Json>>,
}

/// A path without its version, up to the parameter of a number, which counts from 1; parameters without their names.
fn shape(path: &str, parameters: usize) -> String {
    let mut shape = String::new();
    let mut left = parameters;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if part.strip_prefix('v').is_some_and(|digits| digits.parse::<u32>().is_ok()) {
            continue;
        }
        let is_parameter = part.starts_with('{');
        shape.push('/');
        shape.push_str(if is_parameter { "{}" } else { part });
        if is_parameter {
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    shape
}

/// Keeps so many, one chance out by another.
fn keep<T: PartialEq>(list: &mut Vec<T>, one: T, most: usize, dice: &mut Dice) {
    match list.len() < most {
        _ if list.contains(&one) => {}
        true => list.push(one),
        false => list[dice.between(0, most - 1)] = one,
    }
}

impl Memory {
    pub fn text(&self, dice: &mut Dice) -> Option<String> {
        (!self.texts.is_empty()).then(|| dice.pick(&self.texts).clone())
    }

    /// A name of something of this kind that was there.
    pub fn name(&self, kind: &str, dice: &mut Dice) -> Option<String> {
        self.names.get(kind).filter(|known| !known.is_empty()).map(|known| dice.pick(known).clone())
    }

    pub fn note(&mut self, kind: &str, name: &str, dice: &mut Dice) {
        keep(self.names.entry(kind.to_owned()).or_default(), name.to_owned(), NAMES, dice);
    }

    /// Values for the first parameters of a path, as many as are known to go together.
    pub fn chain(&self, path: &str, parameters: usize, dice: &mut Dice) -> Vec<String> {
        let lengths = (1..=parameters).rev();
        let mut known = lengths.filter_map(|length| self.chains.get(&shape(path, length)));
        known.find(|known| !known.is_empty()).map_or_else(Vec::new, |known| dice.pick(known).clone())
    }

    pub fn callers(&self) -> &[Caller] {
        &self.callers
    }

    pub fn add_caller(&mut self, caller: Caller, dice: &mut Dice) {
        match self.callers.len() < CALLERS {
            _ if self.callers.contains(&caller) => {}
            true => self.callers.push(caller),
            // The first ones are those that a server begins with.
            false => self.callers[dice.between(CALLERS / 2, CALLERS - 1)] = caller,
        }
    }

    /// One whose request of this operation succeeded.
    pub fn fitting(&self, operation: &str, dice: &mut Dice) -> Option<usize> {
        self.fitting.get(operation).map(|known| *dice.pick(known))
    }

    pub fn fits(&mut self, operation: &str, caller: usize, dice: &mut Dice) {
        keep(self.fitting.entry(operation.to_owned()).or_default(), caller, 8, dice);
    }

    /// A body that this operation took.
    pub fn body(&self, operation: &str, dice: &mut Dice) -> Option<Json> {
        self.bodies.get(operation).map(|known| dice.pick(known).clone())
    }

    pub fn took(&mut self, operation: &str, body: Json, dice: &mut Dice) {
        keep(self.bodies.entry(operation.to_owned()).or_default(), body, 8, dice);
    }

    /// What a path led to is gone.
    pub fn forget(&mut self, path: &str, parameters: &[String]) {
        let (Some(kind), Some(name)) = (names::parameters(path).pop(), parameters.last()) else { return };
        if let Some(known) = self.names.get_mut(&kind) {
            known.retain(|known| known != name);
        }
        for known in self.chains.values_mut() {
            known.retain(|chain| !chain.contains(name));
        }
    }

    /// Notes that a path led somewhere, and what the answer names.
    pub fn learn(&mut self, path: &str, parameters: &[String], answer: &Json, dice: &mut Dice) {
        for length in 1..=parameters.len() {
            self.remember(shape(path, length), parameters[..length].to_vec(), dice);
        }
        let mut named = Vec::new();
        self.read(answer, &names::answered(path), &mut named, dice);
        let told = answer.as_object().and_then(|answer| Caller::told(path, parameters.last(), answer));
        if let Some(caller) = told {
            self.add_caller(caller, dice);
        }
        let inside = format!("{}/{{}}", shape(path, usize::MAX));
        for name in named.into_iter().take(8) {
            let chain = [parameters, &[name]].concat();
            self.remember(inside.clone(), chain, dice);
        }
    }

    fn remember(&mut self, shape: String, chain: Vec<String>, dice: &mut Dice) {
        keep(self.chains.entry(shape).or_default(), chain, CHAINS, dice);
    }

    /// The texts of an answer of this kind that look like names; those of ids go into `found`.
    fn read(&mut self, answer: &Json, kind: &str, found: &mut Vec<String>, dice: &mut Dice) {
        match answer {
            Json::Array(items) => items.iter().take(5).for_each(|item| self.read(item, kind, found, dice)),
            Json::Object(fields) => {
                for (key, value) in fields {
                    self.field(key, value, kind, found, dice);
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, key: &str, value: &Json, kind: &str, found: &mut Vec<String>, dice: &mut Dice) {
        let named = names::kind(key, kind);
        let Some(text) = value.as_str().filter(|text| (1..300).contains(&text.len())) else {
            let texts = value.as_array().into_iter().flatten().filter_map(Json::as_str);
            texts.take(5).for_each(|text| self.note(&named, text, dice));
            return self.read(value, &names::inside(key, kind), found, dice);
        };
        let history = ["deletion", "removal"].contains(&kind) && key.ends_with("Id");
        if history || ["id", "uid", "slug", "name", "key"].contains(&key) {
            found.push(text.to_owned());
        }
        let lower = key.to_ascii_lowercase();
        if ["id", "slug", "code", "secret"].iter().any(|end| lower.ends_with(end)) {
            self.note(&named, text, dice);
        }
        if let Ok(url) = Url::parse(text) {
            // What goes together stays together: the newest.
            let parts =
                url.query_pairs().map(|(name, value)| (format!("url.{name}"), vec![value.into_owned()]));
            self.names.extend(parts);
        }
        if text.len() < 80 {
            keep(&mut self.texts, text.to_owned(), TEXTS, dice);
        }
    }
}
