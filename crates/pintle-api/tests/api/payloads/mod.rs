//! What is recorded of each change, and what webhooks are told of it (semantics.md 5.4, 5.5, 8.8), as snapshots. A webhook event has
//! exactly the documented payload; `cargo insta review` shows what changed.

mod installations;
mod projects;
mod team;

use pintle_core::clock::HOUR;
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
            Value::String(text) => {
                let words: Vec<String> = text.split(' ').map(|word| self.word(word)).collect();
                Value::String(words.join(" "))
            }
            Value::Number(number) if number.as_i64().is_some_and(|n| n > 1_000_000_000_000) => {
                json!("(time)")
            }
            Value::Array(items) => items.into_iter().map(|item| self.replace(item)).collect(),
            Value::Object(map) => map.into_iter().map(|(key, value)| (key, self.replace(value))).collect(),
            other => other,
        }
    }

    /// An id is a prefix and random letters, or only those.
    fn word(&mut self, word: &str) -> String {
        let (prefix, random) = word.rsplit_once('_').unwrap_or(("id", word));
        let is_id = [12, 16, 21, 24, 28, 64].contains(&random.len())
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id {
            return word.to_owned();
        }
        let number =
            self.0.values().filter(|known| known.as_str().is_some_and(|k| k.starts_with(prefix))).count();
        let named = self.0.entry(word).or_insert_with(|| json!(format!("{prefix}-{}", number + 1)));
        named.as_str().unwrap().to_owned()
    }
}
