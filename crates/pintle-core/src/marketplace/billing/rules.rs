//! What the contract asks of an invoice (semantics.md 4.4 and submitInvoice's description).

use super::lines::Subject;
use super::moment::Period;
use super::money::Amount;
use super::rows;
use super::submit::NewInvoice;
use super::terms::Terms;
use crate::Result;
use crate::ids::ConfigurationId;
use pintle_store::{Conn, params};

/// Something that speaks against an invoice.
#[derive(Debug, PartialEq, Eq)]
pub struct Objection {
    pub text: String,
    pub ground: Ground,
}

/// What lies behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// A rule that it breaks, now and always.
    Rule,
    /// It names a resource that is not known, or not yet: the answer that made it may still be on its way.
    Unknown,
    /// Another invoice, and the code of the conflict.
    Conflict(&'static str),
}

impl Ground {
    /// The first of these is the answer where there are several.
    pub fn rank(self) -> u8 {
        match self {
            Ground::Rule => 0,
            Ground::Unknown => 1,
            Ground::Conflict(_) => 2,
        }
    }
}

pub fn broken(text: impl Into<String>) -> Objection {
    Objection { text: text.into(), ground: Ground::Rule }
}

/// What is wrong with an invoice whatever else there is.
pub fn of_itself(new: &NewInvoice, terms: &Terms, closing: bool) -> Vec<Objection> {
    let mut found = dates(new);
    found.extend(amounts(new));
    for subject in subjects(new) {
        found.extend(terms.objection(&subject));
    }
    if new.last && !closing {
        found.push(broken("`final` should be true only while the installation is being removed."));
    }
    found.dedup();
    found
}

fn subjects(new: &NewInvoice) -> impl Iterator<Item = Subject<'_>> {
    let items = new.items.iter().map(|item| item.subject(new.period));
    items.chain(new.discounts.iter().map(|discount| discount.subject(new.period)))
}

fn dates(new: &NewInvoice) -> Vec<Objection> {
    let mut found = Vec::new();
    if new.period.start >= new.period.end {
        found.push(broken("`period.end` should be after `period.start`."));
    }
    if !new.period.holds(new.invoice_date) {
        found.push(broken("`invoiceDate` should be within the period."));
    }
    let within = |period: Period| {
        period.start < period.end && new.period.holds(period.start) && new.period.holds(period.end)
    };
    if new.period.start < new.period.end && !subjects(new).all(|subject| within(subject.period)) {
        found.push(broken("`start` and `end` of each line should be within the period."));
    }
    found
}

fn amounts(new: &NewInvoice) -> Vec<Objection> {
    let mut found = Vec::new();
    for (at, item) in new.items.iter().enumerate() {
        if !item.total.is_of_cents() {
            found.push(broken(format!("`items[{at}].total` should have at most two decimals.")));
        } else if !item.total.is_price_of(item.price, &item.quantity) {
            let text = format!("`items[{at}].total` should be the price of the quantity, to the cent.");
            found.push(broken(text));
        }
    }
    for (at, discount) in new.discounts.iter().enumerate() {
        if !discount.amount.is_of_cents() {
            found.push(broken(format!("`discounts[{at}].amount` should have at most two decimals.")));
        }
    }
    if new.total().is_none_or(|total| total < Amount::LEAST) {
        found.push(broken(format!("The total should be at least {} USD.", Amount::LEAST)));
    }
    found
}

/// Where an invoice meets another one of its installation.
pub async fn beside_others(
    tx: &Conn,
    installation: &ConfigurationId,
    new: &NewInvoice,
) -> Result<Vec<Objection>> {
    let mut found = Vec::new();
    if let Some(id) = &new.external_id {
        let sql = "SELECT id FROM invoices WHERE installation_id = $1 AND external_id = $2";
        let used: Option<(String,)> = tx.opt(sql, &params![installation, id]).await?;
        found.extend(used.map(|_| {
            let error = rows::exists();
            Objection { text: error.message, ground: Ground::Conflict("invoice_exists") }
        }));
    }
    let sql =
        "SELECT invoice_id FROM invoice_items WHERE installation_id = $1 AND resource = $2 AND plan = $3
      AND starts_at < $5 AND ends_at > $4 LIMIT 1";
    for item in &new.items {
        let Subject { resource, plan, period } = item.subject(new.period);
        let (start, end) = (period.start.0, period.end.0);
        let other: Option<(String,)> =
            tx.opt(sql, &params![installation, resource, plan, start, end]).await?;
        found.extend(other.map(|(other,)| {
            let what =
                if resource.is_empty() { "The installation".into() } else { format!("Resource {resource}") };
            let text =
                format!("{what} was billed for plan {plan} and this period already: see invoice {other}");
            Objection { text, ground: Ground::Conflict("already_billed") }
        }));
    }
    found.dedup();
    Ok(found)
}
