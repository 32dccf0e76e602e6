//! What is recorded of each change, and what webhooks are told of it (semantics.md 5.4, 5.5, 8.8), as snapshots. A webhook event has
//! exactly the documented payload; `cargo insta review` shows what changed.

mod edge_config;
mod environments;
mod installations;
mod invoices;
mod projects;
mod samples;
mod team;

use pintle_core::clock::{self, HOUR};
use pintle_testing::Pintle;
use serde_json::{Map, Value, json};

/// Lets the next step have an hour of its own.
fn later(pintle: &Pintle) {
    pintle.clock.advance(HOUR);
}

/// All that was recorded since a moment, hour by hour and by its kind in each, without what differs from run to run.
async fn recorded(pintle: &Pintle, since: i64) -> Value {
    let sql = "SELECT type, project_id, hook, doc FROM events WHERE created_at >= $1
      ORDER BY (created_at - $1) / 3600000, type, hook, id";
    let conn = pintle.core.db.read().await.unwrap();
    let rows: Vec<(String, Option<String>, Option<String>, String)> =
        conn.all(sql, &pintle_store::params![since]).await.unwrap();
    let mut names = Names::default();
    let entries = rows.into_iter().map(|(kind, project, hook, doc)| {
        let mut doc: Value = serde_json::from_str(&doc).unwrap();
        let mut entry = json!({ "type": kind, "text": doc["text"], "payload": doc["payload"].take() });
        if let Some(project) = project {
            entry["inProject"] = json!(project);
        }
        if let Some(hook) = hook {
            entry["webhook"] = json!({ "type": hook, "payload": doc["hookPayload"].take() });
        }
        names.replace(entry)
    });
    entries.collect()
}

/// Ids by the order in which they were met.
#[derive(Default)]
struct Names(Map<String, Value>);

impl Names {
    fn replace(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) if text.ends_with(".vercel.app") => json!("(URL)"),
            Value::String(text) if text.contains('T') && clock::parse(&text).is_some() => json!("(moment)"),
            Value::String(text) => Value::String(self.text(&text)),
            Value::Number(number) if number.as_i64().is_some_and(|n| n > 1_000_000_000_000) => {
                json!("(time)")
            }
            Value::Array(items) => items.into_iter().map(|item| self.replace(item)).collect(),
            Value::Object(map) => map.into_iter().map(|(key, value)| (key, self.replace(value))).collect(),
            other => other,
        }
    }

    fn text(&mut self, text: &str) -> String {
        let parts = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let parts = parts.map(|part| {
            let end = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_').len();
            self.word(&part[..end]) + &part[end..]
        });
        parts.collect()
    }

    /// An id is a prefix and random letters, or only those.
    fn word(&mut self, word: &str) -> String {
        let (prefix, random) = word.rsplit_once('_').unwrap_or(("id", word));
        let letters = random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let random_ones = random.bytes().any(|byte| !byte.is_ascii_lowercase());
        if ![12, 16, 21, 24, 28, 32, 64].contains(&random.len()) || !letters || !random_ones {
            return word.to_owned();
        }
        let same =
            |known: &&Value| known.as_str().is_some_and(|known| known.starts_with(&format!("{prefix}-")));
        let number = self.0.values().filter(same).count() + 1;
        let named = self.0.entry(word).or_insert_with(|| json!(format!("{prefix}-{number}")));
        named.as_str().unwrap().to_owned()
    }
}
