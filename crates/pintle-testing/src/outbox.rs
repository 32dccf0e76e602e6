//! What is written to be delivered.

use crate::Pintle;
use pintle_store::params;
use serde_json::Value;

/// A webhook event that waits for its delivery.
pub struct Waiting {
    pub owner: String,
    /// Its audit entry's type and payload.
    pub kind: String,
    pub audit: Value,
    pub payload: Value,
    /// Sealed receivers that were frozen into it.
    pub targets: Option<Vec<u8>>,
}

impl Pintle {
    /// The webhook events of a name, oldest first.
    pub async fn outbox(&self, hook: &str) -> Vec<Waiting> {
        let sql = "SELECT owner_id, type, doc, targets FROM events WHERE hook = $1 ORDER BY created_at, id";
        let conn = self.core.db.read().await.expect("a connection");
        let rows: Vec<(String, String, String, Option<Vec<u8>>)> =
            conn.all(sql, &params![hook]).await.expect("the outbox");
        let waiting = rows.into_iter().map(|(owner, kind, doc, targets)| {
            let mut doc: Value = serde_json::from_str(&doc).expect("a document");
            Waiting { owner, kind, audit: doc["payload"].take(), payload: doc["hookPayload"].take(), targets }
        });
        waiting.collect()
    }

    /// How many audit entries of a type there are.
    pub async fn audited(&self, kind: &str) -> i64 {
        let conn = self.core.db.read().await.expect("a connection");
        let sql = "SELECT COUNT(*) FROM events WHERE type = $1";
        let (count,): (i64,) = conn.one(sql, &params![kind]).await.expect("a count");
        count
    }
}
