//! Invoices in the database.

use super::invoice::{Record, State, Step};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, OwnerId};
use crate::{Core, Error, OnConstraint, Result, Scope};
use pintle_store::{Conn, params};
use serde_json::json;

pub fn not_found() -> Error {
    Error::not_found("Invoice")
}

pub fn exists() -> Error {
    Error::conflict("invoice_exists", "An invoice with this `externalId` exists")
}

/// The invoices of an installation that hold up its end, by their ids.
pub async fn open_invoices(conn: &Conn, installation: &ConfigurationId) -> Result<Vec<String>> {
    let sql = "SELECT id FROM invoices WHERE installation_id = $1 AND open = 1 ORDER BY created_at, id";
    let rows: Vec<(String,)> = conn.all(sql, &params![installation]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub async fn of_installation(conn: &Conn, installation: &ConfigurationId, id: &str) -> Result<Record> {
    let sql = "SELECT doc FROM invoices WHERE installation_id = $1 AND id = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![installation, id]).await?;
    Ok(serde_json::from_str(&row.ok_or_else(not_found)?.0)?)
}

pub async fn of_owner(conn: &Conn, scope: &Scope, id: &str) -> Result<Record> {
    let sql = "SELECT doc FROM invoices WHERE owner_id = $1 AND id = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![scope.owner(), id]).await?;
    Ok(serde_json::from_str(&row.ok_or_else(not_found)?.0)?)
}

/// Makes the invoices of an installation another team's, since they may still be refunded. What was used and would have been bought
/// was the earlier owner's business, and is forgotten.
pub(crate) async fn hand_over(tx: &Conn, installation: &ConfigurationId, to: &OwnerId) -> Result<()> {
    let sql = "SELECT doc FROM invoices WHERE installation_id = $1 ORDER BY id";
    for (doc,) in tx.all::<(String,)>(sql, &params![installation]).await? {
        let mut record: Record = serde_json::from_str(&doc)?;
        (record.owner_id, record.personal) = (to.clone(), false);
        let sql = "UPDATE invoices SET owner_id = $2, doc = $3 WHERE id = $1";
        tx.execute(sql, &params![&record.invoice.invoice_id, to, serde_json::to_string(&record)?]).await?;
    }
    tx.execute("DELETE FROM billing_data WHERE installation_id = $1", &params![installation]).await?;
    tx.execute("DELETE FROM thresholds WHERE configuration_id = $1", &params![installation]).await?;
    Ok(())
}

impl Record {
    /// Writes a new one and tells of it.
    ///
    /// # Errors
    /// 409 where the partner has used its id for another.
    pub async fn insert(&self, tx: &Conn, core: &Core, scope: &Scope) -> Result<()> {
        let invoice = &self.invoice;
        let sql = "INSERT INTO invoices (id, installation_id, owner_id, external_id, state, open, due_at, created_at, doc)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let row = params![
            &invoice.invoice_id,
            &self.installation_id,
            &self.owner_id,
            invoice.external_id.as_deref(),
            invoice.state.as_str(),
            self.holds_up(),
            self.due_at(),
            invoice.created.0,
            serde_json::to_string(self)?
        ];
        tx.execute(sql, &row).await.on_unique("invoices_installation_id_external_id_key", exists)?;
        if !invoice.test {
            self.insert_subjects(tx).await?;
        }
        self.tell(tx, core, scope, "marketplace.invoice.created", "created").await
    }

    async fn insert_subjects(&self, tx: &Conn) -> Result<()> {
        let sql =
            "INSERT INTO invoice_items (invoice_id, installation_id, resource, plan, starts_at, ends_at)
          VALUES ($1, $2, $3, $4, $5, $6)";
        for subject in self.subjects() {
            let (id, installation) = (&self.invoice.invoice_id, &self.installation_id);
            let (start, end) = (subject.period.start.0, subject.period.end.0);
            tx.execute(sql, &params![id, installation, subject.resource, subject.plan, start, end]).await?;
        }
        Ok(())
    }

    /// Takes a step, writes it down and tells of it.
    ///
    /// # Errors
    /// As [`Record::take`].
    pub async fn step(
        &mut self,
        tx: &Conn,
        core: &Core,
        scope: &Scope,
        step: &Step,
        now: Millis,
    ) -> Result<()> {
        self.take(step, now)?;
        let sql = "UPDATE invoices SET state = $2, open = $3, due_at = $4, doc = $5 WHERE id = $1";
        let (id, state) = (&self.invoice.invoice_id, self.invoice.state.as_str());
        let doc = serde_json::to_string(self)?;
        tx.execute(sql, &params![id, state, self.holds_up(), self.due_at(), doc]).await?;
        if self.invoice.state == State::Refunded {
            // What was given back can be billed again.
            let sql = "DELETE FROM invoice_items WHERE invoice_id = $1";
            tx.execute(sql, &params![&self.invoice.invoice_id]).await?;
        }
        match step.told() {
            Some((hook, did)) => self.tell(tx, core, scope, hook, did).await,
            None => Ok(()),
        }
    }

    /// A trial holds up nothing.
    fn holds_up(&self) -> bool {
        self.is_open() && !self.invoice.test
    }

    async fn tell(&self, tx: &Conn, core: &Core, scope: &Scope, hook: &'static str, did: &str) -> Result<()> {
        let invoice = &self.invoice;
        let kind = if invoice.state == State::Refunded { "invoice-refunded" } else { "invoice-modified" };
        let audit = json!({
            "invoiceId": invoice.invoice_id, "configurationId": self.installation_id,
            "integrationId": self.integration_id, "state": invoice.state, "total": invoice.total,
        });
        let text = format!("{did} invoice {} of {} USD", invoice.invoice_id, invoice.total);
        let event = Event::new(kind, text, audit).hook(scope, hook, self.payload());
        events::record(tx, core, scope, core.clock.now(), event).await.map(drop)
    }
}

/// What people call it.
pub fn number(core: &Core) -> String {
    format!("PNT-{}", core.entropy.base62(8).to_uppercase())
}
