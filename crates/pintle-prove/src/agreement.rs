//! What Pintle and a partner must agree on once nothing is under way between them, by Pintle's rows and the partner's memory.

use crate::partner::{Memory, secrets};
use pintle_store::{Conn, Db, params};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A resource as Pintle has it.
struct Row {
    id: String,
    partner_id: Option<String>,
    doc: Value,
}

/// How much there was to agree on.
#[derive(Debug, Default, Clone, Copy)]
pub struct Agreed {
    pub installations: usize,
    pub resources: usize,
    pub connections: usize,
    pub variables: usize,
}

impl Agreed {
    pub fn add(&mut self, other: Agreed) {
        self.installations += other.installations;
        self.resources += other.resources;
        self.connections += other.connections;
        self.variables += other.variables;
    }
}

/// Calls that are neither answered nor given up.
pub async fn under_way(db: &Db) -> Vec<String> {
    let sql = "SELECT p.doc FROM deliveries d JOIN partner_calls p ON p.id = d.id
      WHERE d.kind = 'partner' AND d.state = 'pending'";
    let conn = db.read().await.expect("a connection");
    let rows: Vec<(String,)> = conn.all(sql, &[]).await.expect("the calls that are pending");
    rows.into_iter().map(|(doc,)| doc).collect()
}

/// Holds the two against each other.
pub async fn assert(db: &Db, memory: &Memory) -> Agreed {
    assert_eq!(under_way(db).await, Vec::<String>::new(), "calls that never end");
    let conn = db.read().await.expect("a connection");
    let states: Vec<(String, String)> =
        conn.all("SELECT id, state FROM installations", &[]).await.expect("the installations");
    let live: BTreeSet<&str> = states
        .iter()
        .filter(|(_, state)| !matches!(state.as_str(), "closing" | "closed"))
        .map(|(id, state)| {
            assert_eq!(state, "active", "the installation {id}, whose partner has answered");
            id.as_str()
        })
        .collect();
    let served: BTreeSet<&str> = memory.served().map(|(id, _)| id.as_str()).collect();
    assert_eq!(live, served, "installations that are there for Pintle, and for the partner");
    assert_no_orphans(&conn).await;
    let mut agreed = Agreed { installations: live.len(), ..Agreed::default() };
    let mut rows = resources(&conn).await;
    for (id, installation) in &memory.installations {
        let known = rows.remove(id).unwrap_or_default();
        let there: BTreeSet<&str> =
            known.iter().map(|row| row.partner_id.as_deref().unwrap_or("(none)")).collect();
        // What is linked lives on at the partner when its installation is gone.
        let remembered =
            installation.resources.iter().filter(|(_, resource)| !(installation.gone && resource.linked));
        let remembered: BTreeSet<&str> = remembered.map(|(id, _)| id.as_str()).collect();
        assert_eq!(there, remembered, "resources of {id} that Pintle has, and that the partner has");
        for row in &known {
            assert_eq!(row.doc["stage"], "present", "{}", row.doc);
            let resource = &installation.resources[row.partner_id.as_deref().unwrap_or_default()];
            assert_eq!(row.doc["name"], resource.name.as_str(), "the name of {}", row.id);
            agreed.resources += 1;
            let (connections, variables) = assert_connections(&conn, row).await;
            agreed.connections += connections;
            agreed.variables += variables;
        }
    }
    assert!(rows.values().all(Vec::is_empty), "resources of installations that the partner never had");
    agreed
}

async fn resources(conn: &Conn) -> BTreeMap<String, Vec<Row>> {
    let sql = "SELECT configuration_id, id, partner_id, doc FROM resources";
    let all: Vec<(String, String, Option<String>, String)> = conn.all(sql, &[]).await.expect("the resources");
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for (configuration, id, partner_id, doc) in all {
        let doc = serde_json::from_str(&doc).expect("a document");
        rows.entry(configuration).or_default().push(Row { id, partner_id, doc });
    }
    rows
}

/// No variable says that it comes of a resource and has no connection.
async fn assert_no_orphans(conn: &Conn) {
    let sql = "SELECT doc FROM envs WHERE connection_id IS NULL AND doc LIKE '%integration-store-secret%'";
    let orphans: Vec<(String,)> = conn.all(sql, &[]).await.expect("variables");
    assert!(orphans.is_empty(), "variables without their connection: {orphans:?}");
}

/// Each connection has a variable for every secret, in each of its environments, and no other.
async fn assert_connections(conn: &Conn, row: &Row) -> (usize, usize) {
    let sql = "SELECT id, doc FROM resource_connections WHERE resource_id = $1";
    let all: Vec<(String, String)> = conn.all(sql, &params![&row.id]).await.expect("connections");
    let named = secrets("", 0);
    let names: Vec<&str> =
        named.as_array().into_iter().flatten().filter_map(|s| s["name"].as_str()).collect();
    let mut variables = 0;
    for (id, doc) in &all {
        let connection: Value = serde_json::from_str(doc).expect("a document");
        let environments = connection["environments"].as_array().map_or(0, Vec::len);
        let sql = "SELECT t.key FROM envs e JOIN env_targets t ON t.env_id = e.id WHERE e.connection_id = $1 ORDER BY t.key";
        let keys: Vec<(String,)> = conn.all(sql, &params![id]).await.expect("variables");
        assert_eq!(keys.len(), environments * names.len(), "variables of the connection {doc}: {keys:?}");
        let right = |(key,): &(String,)| names.iter().any(|name| key.ends_with(name));
        assert!(keys.iter().all(right), "variables of the connection {doc}: {keys:?}");
        variables += keys.len();
    }
    (all.len(), variables)
}
