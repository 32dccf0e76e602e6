//! submitInvoice: a partner's bill for a plan that is paid for by the period.

use super::invoice::{Invoice, Purpose, Record, State, Step};
use super::lines::{Discount, Item};
use super::moment::{Moment, Period};
use super::money::Amount;
use super::rules::{self, Ground, Objection};
use super::terms::Terms;
use super::{Installation, rows};
use crate::ids::InvoiceId;
use crate::{Core, Error, Kind, Result, Scope, validate};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvoice {
    pub external_id: Option<String>,
    pub invoice_date: Moment,
    pub memo: Option<String>,
    pub period: Period,
    pub items: Vec<Item>,
    #[serde(default)]
    pub discounts: Vec<Discount>,
    pub test: Option<Test>,
    /// The last one, for an installation that closes.
    #[serde(rename = "final", default)]
    pub last: bool,
}

/// Nothing comes of a trial but its events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Hold it against the rules, and answer all that is wrong.
    #[serde(default)]
    validate: bool,
    /// What is to become of it; absent: it waits like any other.
    result: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Paid,
    Notpaid,
    Overdue,
}

/// The answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_id: Option<InvoiceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_errors: Option<Vec<String>>,
}

impl NewInvoice {
    /// What the items cost without the discounts; `None` where nothing is left of it or the sum cannot be held.
    pub fn total(&self) -> Option<Amount> {
        let sum = self.items.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.total))?;
        self.discounts.iter().try_fold(sum, |sum, discount| sum.minus(discount.amount)).map(Amount::in_cents)
    }

    fn check(&self) -> Result<()> {
        validate::items("items", &self.items, 1, 1_000)?;
        validate::items("discounts", &self.discounts, 0, 1_000)?;
        self.external_id.as_deref().map_or(Ok(()), |id| validate::length("externalId", id, 256))?;
        self.memo.as_deref().map_or(Ok(()), |memo| validate::at_most("memo", memo, 4_096))
    }
}

/// Takes in an invoice. A trial keeps no rule unless it asks for them, and what they say against it is its answer; it is never to be
/// paid.
///
/// # Errors
/// 400 for what the rules say against it, the first in words and all as `validationErrors`; 409 `invoice_exists` for an `externalId`
/// that was used, `already_billed` for a resource that was billed for this plan and time; 404 for a resource that is not known, perhaps
/// not yet, and where the installation is closed.
pub async fn submit(core: &Core, scope: &Scope, new: NewInvoice) -> Result<Submitted> {
    new.check()?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let installation = super::require(tx, scope.partner()?).await?;
            if new.test.as_ref().is_none_or(|test| test.validate) {
                let objections = objections(tx, &installation, &new).await?;
                if !objections.is_empty() {
                    return refused(&new, objections);
                }
            }
            let total = new.total().unwrap_or(Amount::ZERO);
            let mut record = record(&core, &scope, installation, new.clone(), total);
            record.insert(tx, &core, &scope).await?;
            if let Some(outcome) = new.test.as_ref().and_then(|test| test.result) {
                record.step(tx, &core, &scope, &outcome.step(), core.clock.now()).await?;
            }
            let test = new.test.is_some().then_some(true);
            Ok(Submitted { invoice_id: Some(record.invoice.invoice_id), test, ..Submitted::default() })
        })
        .await
}

async fn objections(tx: &Conn, installation: &Installation, new: &NewInvoice) -> Result<Vec<Objection>> {
    let terms = Terms::of(tx, &installation.id).await?;
    let mut objections = rules::of_itself(new, &terms, installation.closing);
    objections.extend(rules::beside_others(tx, &installation.id, new).await?);
    Ok(objections)
}

/// The answer to an invoice that breaks rules: to a trial that asked for them they are the answer.
fn refused(new: &NewInvoice, objections: Vec<Objection>) -> Result<Submitted> {
    let texts: Vec<String> = objections.iter().map(|objection| objection.text.clone()).collect();
    if new.test.is_some() {
        return Ok(Submitted { test: Some(true), validation_errors: Some(texts), ..Submitted::default() });
    }
    let Some(first) = objections.iter().min_by_key(|objection| objection.ground.rank()) else {
        return Ok(Submitted::default());
    };
    let error = match first.ground {
        Ground::Rule => Error::invalid(&first.text),
        Ground::Unknown => Error::new(Kind::NotFound, "not_found", first.text.clone()),
        Ground::Conflict(code) => Error::conflict(code, first.text.clone()),
    };
    Err(error.with("validationErrors", texts))
}

impl Outcome {
    fn step(self) -> Step {
        match self {
            Outcome::Paid => Step::Pay,
            Outcome::Notpaid => Step::Abandon,
            Outcome::Overdue => Step::Lapse,
        }
    }
}

fn record(core: &Core, scope: &Scope, of: Installation, new: NewInvoice, total: Amount) -> Record {
    let now = core.clock.now();
    // The outcome of a trial does not wait for its date.
    let ahead = new.invoice_date.0 > now && new.test.as_ref().is_none_or(|test| test.result.is_none());
    Record {
        invoice: Invoice {
            test: new.test.is_some(),
            invoice_id: InvoiceId::new(&core.entropy),
            external_id: new.external_id,
            state: if ahead { State::Scheduled } else { State::Pending },
            invoice_number: rows::number(core),
            invoice_date: new.invoice_date,
            period: new.period,
            memo: new.memo,
            items: new.items,
            discounts: new.discounts,
            total,
            refund_reason: None,
            refund_total: None,
            created: Moment(now),
            updated: Moment(now),
        },
        installation_id: of.id,
        integration_id: of.integration,
        owner_id: scope.owner().clone(),
        personal: scope.personal,
        user_id: scope.user().cloned().or(of.user),
        purpose: Purpose::Subscription,
        last: new.last,
        attempts: 0,
        issued_at: (!ahead).then_some(now),
    }
}
