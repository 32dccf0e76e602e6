//! Content for a schema: what fits, what nearly fits, and junk.

use super::memory::Memory;
use super::names;
use crate::dice::Dice;
use serde_json::{Map, Value as Json, json};

/// What many fields take.
const PLAUSIBLE: [&str; 24] = [
    "production",
    "preview",
    "development",
    "main",
    "https://example.com/hook",
    "http://127.0.0.1:1/",
    "2026-11-27T12:00:00Z",
    "1.00",
    "ada@example.com",
    "KEY",
    "staging",
    "all",
    "0",
    "true",
    "nextjs",
    "site.example.com",
    "pro",
    "json",
    "project.created",
    "deployment.ready",
    "log",
    "read-write:project",
    "db",
    "eu",
];

/// What fields of these names take; `*` is a word, mostly one that nobody else has.
const HINTS: [(&str, &[&str]); 23] = [
    ("name", &["n*"]),
    ("slug", &["n*"]),
    ("key", &["KEY_*", "k*"]),
    ("url", &["https://example.com/*", "http://127.0.0.1:1/*"]),
    ("uri", &["https://example.com/callback"]),
    ("endpoint", &["https://example.com/*"]),
    ("forwardto", &["http://localhost:3000/*"]),
    ("events", &["project.created", "deployment.ready", "deployment-error", "project.env-variable.created"]),
    ("type", &["project.created", "encrypted", "http", "equals"]),
    ("scopes", &["read-write:project", "read:team", "read-write:drain", "read-write:project-env-vars"]),
    ("sources", &["lambda", "static", "edge", "build", "external"]),
    ("email", &["ada@example.com"]),
    ("role", &["MEMBER", "VIEWER", "DEVELOPER", "ADMIN"]),
    ("amount", &["1.00", "10.00"]),
    ("price", &["1.00"]),
    ("total", &["1.00"]),
    ("date", &["2026-11-27T12:00:00Z"]),
    ("timestamp", &["2026-11-27T12:00:00Z"]),
    ("start", &["2026-11-27T12:00:00Z"]),
    ("end", &["2026-12-27T12:00:00Z"]),
    ("deliveryformat", &["json", "ndjson", "syslog"]),
    ("framework", &["nextjs", "remix", "vite"]),
    ("target", &["production", "preview", "development"]),
];

/// What nothing takes, or hardly.
const WEIRD: [&str; 22] = [
    "",
    " ",
    "\0",
    "a\nb",
    "\u{202e}x",
    "💥",
    "null",
    "NaN",
    "-1",
    "9223372036854775808",
    "1e999",
    "../../etc/passwd",
    "%00%2e%2f",
    "' OR '1'='1",
    "\"}{",
    "{{x}}",
    "$1",
    "%",
    "_",
    "*",
    "é",
    "\u{feff}",
];

pub struct Content<'a> {
    pub dice: &'a mut Dice,
    pub memory: &'a Memory,
}

impl Content<'_> {
    /// For a field of a name, or for what has none.
    pub fn of(&mut self, name: &str, schema: &Json, depth: usize) -> Json {
        if self.dice.chance(4) {
            return self.junk(depth);
        }
        if schema["nullable"] == true && self.dice.chance(8) {
            return Json::Null;
        }
        if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.is_empty()) {
            return if self.dice.chance(92) { self.dice.pick(allowed).clone() } else { json!(self.text()) };
        }
        match schema["type"].as_str() {
            Some("string") => json!(self.named(name)),
            Some("integer") => self.integer(),
            Some("number") if self.dice.chance(50) => json!(self.dice.between(0, 10_000) as f64 / 100.0),
            Some("number") => self.integer(),
            Some("boolean") => json!(self.dice.chance(50)),
            Some("array") => {
                let count = if self.dice.chance(3) { 120 } else { self.dice.between(0, 3) };
                (0..count).map(|_| self.of(name, &schema["items"], depth + 1)).collect()
            }
            Some("object") => self.object(schema, depth),
            _ if HINTS.iter().any(|(known, _)| *known == name) => json!(self.named(name)),
            _ => self.any(depth),
        }
    }

    fn object(&mut self, schema: &Json, depth: usize) -> Json {
        let mut made = Map::new();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let seldom = *self.dice.pick(&[0, 3, 15, 60]);
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let wanted = required.iter().any(|one| one == name) || ["name", "slug"].contains(&name.as_str());
            let often = if wanted { 97 } else { seldom };
            if self.dice.chance(often) {
                made.insert(name.clone(), self.of(name, inner, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() || self.dice.chance(2) {
            for _ in 0..self.dice.between(0, 3) {
                let name = self.text();
                let value = self.of(&name, &schema["additionalProperties"], depth + 1);
                made.insert(name, value);
            }
        }
        Json::Object(made)
    }

    /// A text that a field of this name may take, mostly.
    pub fn named(&mut self, name: &str) -> String {
        if self.dice.chance(80)
            && let Some(known) = self.memory.name(&names::kind(name, ""), self.dice)
        {
            return known;
        }
        let name = name.to_lowercase();
        let hint = HINTS.iter().find(|(ending, _)| name.ends_with(ending));
        match hint {
            Some((_, texts)) if self.dice.chance(80) => {
                let text = *self.dice.pick(texts);
                text.replace('*', &word(self.dice))
            }
            _ => self.text(),
        }
    }

    /// A body with a mistake in it: a field, however deep, that is missing or something else.
    pub fn spoilt(&mut self, mut body: Json) -> Json {
        let mut place = &mut body;
        loop {
            let (key, inner) = match place {
                Json::Array(items) if !items.is_empty() => {
                    let at = self.dice.between(0, items.len() - 1);
                    place = &mut items[at];
                    continue;
                }
                Json::Object(fields) if !fields.is_empty() => {
                    let keys: Vec<String> = fields.keys().cloned().collect();
                    (self.dice.pick(&keys).clone(), fields)
                }
                _ => return self.junk(0),
            };
            let deeper = inner[&key].is_object() || inner[&key].is_array();
            if deeper && self.dice.chance(60) {
                place = &mut inner[&key];
                continue;
            }
            if self.dice.chance(30) {
                inner.remove(&key);
            } else {
                inner[&key] = self.junk(0);
            }
            return body;
        }
    }

    /// For places of which the document says nothing.
    fn any(&mut self, depth: usize) -> Json {
        match self.dice.between(0, 5) {
            0 => json!([self.text()]),
            1 => json!({ "id": self.text(), "type": self.text(), "url": "https://example.com/in" }),
            2 => {
                json!({ "type": "http", "endpoint": "https://example.com/in", "encoding": "json", "headers": {} })
            }
            3 => json!(self.text()),
            _ => self.junk(depth),
        }
    }

    fn junk(&mut self, depth: usize) -> Json {
        match self.dice.between(0, 8) {
            0 => Json::Null,
            1 => json!(self.dice.chance(50)),
            2 => self.integer(),
            3 | 4 => json!(self.text()),
            5 => json!([]),
            6 => json!({}),
            _ if depth > 4 => json!("deep"),
            7 => json!([self.junk(depth + 1), self.junk(depth + 1)]),
            _ => json!({ self.text(): self.junk(depth + 1) }),
        }
    }

    fn integer(&mut self) -> Json {
        const NUMBERS: [i64; 11] = [0, 1, -1, 2, 50, 100, 101, 65_536, 1_795_000_000_000, i64::MAX, i64::MIN];
        match self.dice.between(0, 9) {
            0 => json!(u64::MAX),
            1 => json!(1e308),
            2 => json!(-0.5),
            3 | 4 => json!(self.dice.between(0, 500)),
            _ => json!(self.dice.pick(&NUMBERS)),
        }
    }

    pub fn text(&mut self) -> String {
        match self.dice.between(0, 99) {
            0..35 => self.memory.text(self.dice).unwrap_or_else(|| "none".to_owned()),
            35..70 => (*self.dice.pick(&PLAUSIBLE)).to_owned(),
            70..85 => format!("n{}", word(self.dice)),
            85..97 => (*self.dice.pick(&WEIRD)).to_owned(),
            97 => "a".repeat(self.dice.between(60, 600)),
            98 => "é".repeat(300),
            _ => "x".repeat(70_000),
        }
    }
}

/// A word that nobody else has, or one of few that others may have taken.
pub fn word(dice: &mut Dice) -> String {
    if dice.chance(25) { dice.between(0, 2).to_string() } else { dice.word() }
}
