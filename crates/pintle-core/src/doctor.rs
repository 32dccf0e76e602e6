//! `pintle doctor`: looks through a whole database for what cannot be there, and changes nothing.
//!
//! The foreign keys make an orphan impossible, and every change is one transaction. This asks the rows themselves, without
//! believing either.

use crate::Result;
use crate::migrations::MIGRATIONS;
use crate::vault::Vault;
use pintle_store::{Conn, Db, params};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Rows that are read at a time.
const CHUNK: usize = 1_000;
/// Findings of one kind in one table that are listed before the rest is only counted.
const LISTED: usize = 20;

/// Tables whose documents describe what is there now, and whether a row can belong to a configuration.
const DOCUMENTS: [(&str, bool); 23] = [
    ("owners", false),
    ("projects", false),
    ("integrations", false),
    ("configurations", false),
    ("tokens", true),
    ("envs", true),
    ("webhooks", true),
    ("drains", true),
    ("log_keys", false),
    ("listeners", false),
    ("signing_keys", false),
    ("products", false),
    ("installations", false),
    ("resources", true),
    ("resource_connections", true),
    ("deployment_actions", false),
    ("resource_transfers", true),
    ("custom_environments", false),
    ("shared_envs", false),
    ("protection_bypasses", true),
    ("client_certs", false),
    ("team_invites", false),
    ("edge_config_tokens", true),
];

/// Sealed columns; each opens only with its row's id.
const SEALED: [(&str, &str); 14] = [
    ("integrations", "client_secret"),
    ("projects", "password"),
    ("webhooks", "secret"),
    ("drains", "secret"),
    ("envs", "value"),
    ("shared_envs", "value"),
    ("listeners", "secret"),
    ("signing_keys", "private"),
    ("resources", "secrets"),
    ("deployment_actions", "secrets"),
    ("partner_calls", "outcome"),
    ("protection_bypasses", "secret"),
    ("client_certs", "key"),
    ("project_transfers", "callback_secret"),
];

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many migrations were applied.
    pub schema: i64,
    /// Documents that were read.
    pub documents: u64,
    /// Secrets that opened with the master key.
    pub opened: u64,
    /// What should not be; empty for a sound database.
    pub problems: Vec<String>,
}

/// Looks through one state of the database, whatever is written meanwhile. Without a vault, sealed values are not tried.
///
/// # Errors
/// Where the database cannot be read at all.
pub async fn examine(db: &Db, vault: Option<&Vault>) -> Result<Report> {
    db.snapshot(async |conn| {
        let mut report = Report::default();
        match conn.damaged_pages().await {
            Ok(damage) => report.problems.extend(damage),
            Err(error) => report.problems.push(format!("the database is damaged: {error}")),
        }
        if !report.schema(conn).await? {
            return Ok(report);
        }
        report.orphans(conn).await?;
        let known: Vec<(String,)> = conn.all("SELECT id FROM configurations", &[]).await?;
        let known = known.into_iter().map(|(id,)| id).collect();
        for (table, owned) in DOCUMENTS {
            report.documents(conn, table, owned, &known).await?;
        }
        if let Some(vault) = vault {
            for (table, column) in SEALED {
                report.sealed(conn, vault, table, column).await?;
            }
            report.deliveries(conn, vault).await?;
            report.meta(conn, vault).await?;
        }
        Ok(report)
    })
    .await
}

impl Report {
    /// Whether this program knows the schema.
    async fn schema(&mut self, conn: &Conn) -> Result<bool> {
        let program = MIGRATIONS.len() as i64;
        let sql = "SELECT COALESCE(MAX(version), 0) FROM schema_migrations";
        let problem = match conn.one::<(i64,)>(sql, &[]).await {
            Err(error) => format!("it is no database of pintle: {error}"),
            Ok((database,)) => {
                self.schema = database;
                if database == program {
                    return Ok(true);
                }
                format!(
                    "its schema has version {database}, and this program looks only into version {program}"
                )
            }
        };
        self.problems.push(problem);
        Ok(false)
    }

    /// Rows whose owner is gone, by every foreign key.
    async fn orphans(&mut self, conn: &Conn) -> Result<()> {
        for key in conn.foreign_keys().await? {
            let found = key.orphans(conn).await?;
            self.list(
                &key.table,
                "rows that refer to nothing",
                found.iter().map(ToString::to_string).collect(),
            );
        }
        Ok(())
    }

    /// Documents must be JSON, be their row's, and speak only of configurations that exist: of their row's own, if it has one.
    async fn documents(
        &mut self,
        conn: &Conn,
        table: &str,
        owned: bool,
        known: &BTreeSet<String>,
    ) -> Result<()> {
        let owner = if owned { "configuration_id" } else { "CAST(NULL AS TEXT)" };
        let sql = format!("SELECT id, doc, {owner} FROM {table} WHERE id > $1 ORDER BY id LIMIT {CHUNK}");
        let mut found = Vec::new();
        let mut last = String::new();
        loop {
            let rows: Vec<(String, String, Option<String>)> = conn.all(&sql, &params![&last]).await?;
            for (id, doc, owner) in &rows {
                self.documents += 1;
                found.extend(
                    document(id, doc, owner.as_deref(), known)
                        .into_iter()
                        .map(|what| format!("{table} {id}: {what}")),
                );
            }
            match rows.last() {
                Some((id, ..)) if rows.len() == CHUNK => last.clone_from(id),
                _ => break,
            }
        }
        self.list(table, "documents", found);
        Ok(())
    }

    /// Every sealed value must open with its row's id.
    async fn sealed(&mut self, conn: &Conn, vault: &Vault, table: &str, column: &str) -> Result<()> {
        let sql = format!(
            "SELECT id, {column} FROM {table} WHERE id > $1 AND {column} IS NOT NULL ORDER BY id LIMIT {CHUNK}"
        );
        let mut found = Vec::new();
        let mut last = String::new();
        loop {
            let rows: Vec<(String, Vec<u8>)> = conn.all(&sql, &params![&last]).await?;
            for (id, sealed) in &rows {
                match vault.open_text(id, sealed) {
                    Ok(_) => self.opened += 1,
                    Err(_) => {
                        found.push(format!("{table} {id}: its {column} does not open with the master key"))
                    }
                }
            }
            match rows.last() {
                Some((id, _)) if rows.len() == CHUNK => last.clone_from(id),
                _ => break,
            }
        }
        self.list(table, "sealed values", found);
        Ok(())
    }

    /// What signs a pending delivery must open with its source's id.
    async fn deliveries(&mut self, conn: &Conn, vault: &Vault) -> Result<()> {
        let sql = "SELECT d.id, d.source_id, c.secret FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id
          WHERE d.state = 'pending' AND c.secret IS NOT NULL ORDER BY d.id";
        let mut found = Vec::new();
        for (id, source, sealed) in conn.all::<(String, String, Vec<u8>)>(sql, &[]).await? {
            match vault.open_text(&source, &sealed) {
                Ok(_) => self.opened += 1,
                Err(_) => {
                    found.push(format!("deliveries {id}: its secret does not open with the master key"))
                }
            }
        }
        self.list("deliveries", "secrets", found);
        Ok(())
    }

    /// The data key has opened already. What else is kept here is sealed for its own key.
    async fn meta(&mut self, conn: &Conn, vault: &Vault) -> Result<()> {
        let sql =
            "SELECT key, value FROM meta WHERE key NOT IN ('data_key', 'demo_begun', 'clock', 'faults')";
        for (key, sealed) in conn.all::<(String, Vec<u8>)>(sql, &[]).await? {
            match vault.open_text(&key, &sealed) {
                Ok(_) => self.opened += 1,
                Err(_) => self.problems.push(format!("meta {key}: it does not open with the master key")),
            }
        }
        Ok(())
    }

    /// Adds findings: the first of many, and how many more.
    fn list(&mut self, table: &str, kind: &str, mut found: Vec<String>) {
        let more = found.len().saturating_sub(LISTED);
        found.truncate(LISTED);
        self.problems.extend(found);
        if more > 0 {
            self.problems.push(format!("{table}: {more} more {kind}"));
        }
    }
}

/// What is wrong with one document.
fn document(id: &str, doc: &str, owner: Option<&str>, known: &BTreeSet<String>) -> Vec<String> {
    let doc: Json = match serde_json::from_str(doc) {
        Ok(doc) => doc,
        Err(error) => return vec![format!("its document is not JSON: {error}")],
    };
    let mut found = Vec::new();
    if let Some(other) = doc["id"].as_str().filter(|other| *other != id) {
        found.push(format!("its document is of {other}"));
    }
    let mut mentioned = BTreeSet::new();
    mentions(&doc, &mut mentioned);
    for configuration in &mentioned {
        if !known.contains(*configuration) {
            found.push(format!("its document speaks of {configuration}, which does not exist"));
        }
    }
    if let (Some(said), Some(owner)) = (doc["configurationId"].as_str(), owner)
        && said != owner
    {
        found.push(format!("it belongs to {owner}, but its document says {said}"));
    }
    found
}

/// The configurations that a document names, at any depth.
fn mentions<'a>(doc: &'a Json, found: &mut BTreeSet<&'a str>) {
    match doc {
        Json::Object(map) => {
            for (key, value) in map {
                match value {
                    // `configurationId`, `integrationConfigurationId`.
                    Json::String(id) if key.ends_with("onfigurationId") => drop(found.insert(id)),
                    other => mentions(other, found),
                }
            }
        }
        Json::Array(list) => list.iter().for_each(|item| mentions(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A later migration may not add a table that nobody looks into.
    #[test]
    fn every_document_and_every_secret_is_looked_at() {
        let mut history = vec!["events", "removals", "deletions"];
        history.extend(["deliveries", "delivery_contents", "delivery_tries", "partner_calls"]);
        // What was told of money: it outlives the configuration, and has no id or speaks of what is gone.
        history.extend(["billing_data", "invoices", "balances", "thresholds", "experimentation_items"]);
        let without_id = ["members", "access_requests", "project_domains"];
        let (mut documents, mut secrets) = (Vec::new(), Vec::new());
        let mut table = "";
        for line in MIGRATIONS.iter().flat_map(|migration| migration.sql.lines()) {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = rest.split(' ').next().unwrap();
            }
            let mut words = line.split_whitespace();
            match (words.next(), words.next().map(|kind| kind.trim_end_matches(','))) {
                (Some("doc"), _) if !history.contains(&table) && !without_id.contains(&table) => {
                    documents.push(table)
                }
                (Some(column), Some("BYTEA"))
                    if !["meta", "log_batches", "events", "deliveries", "delivery_contents"]
                        .contains(&table) =>
                {
                    secrets.push((table, column));
                }
                _ => {}
            }
        }
        assert_eq!(documents, DOCUMENTS.map(|(table, _)| table).to_vec());
        let mut looked_at = SEALED.to_vec();
        looked_at.sort_unstable();
        secrets.sort_unstable();
        assert_eq!(secrets, looked_at);
    }
}
