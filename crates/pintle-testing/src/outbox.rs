//! What is written to be delivered.

use crate::Pintle;
use pintle_store::params;
use serde_json::Value;

/// A webhook event.
pub struct Told {
    pub owner: String,
    /// Its audit entry's type and payload.
    pub kind: String,
    pub audit: Value,
    pub payload: Value,
    /// Where it goes, and the secret that signs it should its source be gone; sorted.
    pub receivers: Vec<(String, String)>,
}

impl Pintle {
    /// The webhook events of a name, oldest first.
    pub async fn outbox(&self, hook: &str) -> Vec<Told> {
        let sql = "SELECT owner_id, type, doc FROM events WHERE hook = $1 ORDER BY created_at, id";
        let conn = self.core.db.read().await.expect("a connection");
        let rows: Vec<(String, String, String)> = conn.all(sql, &params![hook]).await.expect("the outbox");
        let mut told = Vec::new();
        for (owner, kind, doc) in rows {
            let mut doc: Value = serde_json::from_str(&doc).expect("a document");
            let receivers = self.receivers(doc["id"].as_str().expect("an id")).await;
            let (audit, payload) = (doc["payload"].take(), doc["hookPayload"].take());
            told.push(Told { owner, kind, audit, payload, receivers });
        }
        told
    }

    /// Where an event is delivered, and the secret that is kept with it.
    pub async fn receivers(&self, event: &str) -> Vec<(String, String)> {
        let sql = "SELECT d.source_id, c.secret, c.doc FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id
          WHERE c.doc LIKE '%' || $1 || '%'";
        let conn = self.core.db.read().await.expect("a connection");
        let rows: Vec<(String, Vec<u8>, String)> =
            conn.all(sql, &params![event]).await.expect("the deliveries");
        let receiver = |(source, sealed, doc): (String, Vec<u8>, String)| {
            let doc: Value = serde_json::from_str(&doc).expect("a document");
            let secret = self.core.vault.open_text(&source, &sealed).expect("a secret that opens");
            (doc["url"].as_str().expect("a URL").to_owned(), secret)
        };
        let mut receivers: Vec<_> = rows.into_iter().map(receiver).collect();
        receivers.sort();
        receivers
    }

    /// How many audit entries of a type there are.
    pub async fn audited(&self, kind: &str) -> i64 {
        let conn = self.core.db.read().await.expect("a connection");
        let sql = "SELECT COUNT(*) FROM events WHERE type = $1";
        let (count,): (i64,) = conn.one(sql, &params![kind]).await.expect("a count");
        count
    }
}
