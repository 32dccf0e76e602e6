//! What a client has learned from answers: texts that name things, and parameters with which a path led somewhere.

use crate::dice::Dice;
use serde_json::Value as Json;
use std::collections::HashMap;

const TEXTS: usize = 600;
const CHAINS: usize = 40;

#[derive(Default)]
pub struct Memory {
    texts: Vec<String>,
    tokens: Vec<String>,
    /// By a path up to one of its parameters: the values of these.
    chains: HashMap<String, Vec<Vec<String>>>,
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

impl Memory {
    pub fn text(&self, dice: &mut Dice) -> Option<String> {
        (!self.texts.is_empty()).then(|| dice.pick(&self.texts).clone())
    }

    pub fn token(&self, dice: &mut Dice) -> Option<String> {
        (!self.tokens.is_empty()).then(|| dice.pick(&self.tokens).clone())
    }

    /// A project that was there.
    pub fn project(&self, dice: &mut Dice) -> Option<String> {
        let known = self.chains.get("/projects/{}")?;
        dice.pick(known).first().cloned()
    }

    /// Values for the first parameters of a path, as many as are known to go together.
    pub fn chain(&self, path: &str, parameters: usize, dice: &mut Dice) -> Vec<String> {
        for length in (1..=parameters).rev() {
            if let Some(known) = self.chains.get(&shape(path, length)) {
                return dice.pick(known).clone();
            }
        }
        Vec::new()
    }

    /// Notes that a path led somewhere, and what the answer names.
    pub fn learn(&mut self, path: &str, parameters: &[String], answer: &Json, dice: &mut Dice) {
        for length in 1..=parameters.len() {
            self.remember(shape(path, length), parameters[..length].to_vec(), dice);
        }
        let mut named = Vec::new();
        self.names(answer, &mut named, dice);
        let inside = format!("{}/{{}}", shape(path, usize::MAX));
        for name in named.into_iter().take(8) {
            let chain = [parameters, &[name]].concat();
            self.remember(inside.clone(), chain, dice);
        }
    }

    fn remember(&mut self, shape: String, chain: Vec<String>, dice: &mut Dice) {
        let known = self.chains.entry(shape).or_default();
        match known.len() < CHAINS {
            true => known.push(chain),
            false => known[dice.between(0, CHAINS - 1)] = chain,
        }
    }

    /// The texts of an answer that look like names; those of ids go into `found`.
    fn names(&mut self, answer: &Json, found: &mut Vec<String>, dice: &mut Dice) {
        match answer {
            Json::Array(items) => items.iter().take(5).for_each(|item| self.names(item, found, dice)),
            Json::Object(fields) => {
                for (key, value) in fields {
                    let Some(text) = value.as_str().filter(|text| (1..80).contains(&text.len())) else {
                        self.names(value, found, dice);
                        continue;
                    };
                    if ["id", "uid", "slug", "name", "key"].contains(&key.as_str()) {
                        found.push(text.to_owned());
                    }
                    if ["access_token", "bearerToken"].contains(&key.as_str()) {
                        self.tokens.push(text.to_owned());
                    }
                    self.keep(text, dice);
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, text: &str, dice: &mut Dice) {
        match self.texts.len() < TEXTS {
            true => self.texts.push(text.to_owned()),
            false => self.texts[dice.between(0, TEXTS - 1)] = text.to_owned(),
        }
    }
}
