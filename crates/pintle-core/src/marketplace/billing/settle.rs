//! What becomes of invoices: the team pays, a payment fails, the partner gives back, and the clock goes on.

use super::invoice::{Invoice, Purpose, Record, State, Step};
use super::money::Amount;
use super::{purchase, rows};
use crate::clock::Millis;
use crate::marketplace::calls;
use crate::page::{self, Page, Pagination};
use crate::select::Select;
use crate::{Core, Error, Result, Scope, validate};
use pintle_store::params;
use serde::Deserialize;

/// getInvoice of the partner that calls.
///
/// # Errors
/// 404 for one that is not its installation's.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<Invoice> {
    let conn = core.db.read().await?;
    Ok(rows::of_installation(&conn, scope.partner()?, id).await?.for_partner())
}

/// The body of updateInvoice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    action: ActionKind,
    reason: String,
    total: Amount,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionKind {
    Refund,
}

/// updateInvoice: a refund, which the team has at once.
///
/// # Errors
/// 404 for an invoice that is not the installation's; 409 where it was not paid, or was refunded; 400 for more than was paid.
pub async fn act(core: &Core, scope: &Scope, id: &str, action: Action) -> Result<()> {
    let Action { action: ActionKind::Refund, reason, total } = action;
    validate::length("reason", &reason, 1_024)?;
    let step = Step::Refund { reason, total };
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let mut record = rows::of_installation(tx, scope.partner()?, &id).await?;
            record.step(tx, &core, &scope, &step, core.clock.now()).await
        })
        .await
}

/// What a list of invoices is narrowed to.
#[derive(Debug, Default)]
pub struct Filter {
    pub installation: Option<String>,
    pub state: Option<String>,
}

/// The invoices of the scope's owner, newest first.
pub async fn list(
    core: &Core,
    scope: &Scope,
    filter: Filter,
    page: Page,
) -> Result<(Vec<Record>, Pagination)> {
    let sql = "SELECT created_at, doc FROM invoices WHERE owner_id = $1";
    let mut select = Select::new(sql, vec![scope.owner().into()]);
    select.and("installation_id = $?", filter.installation);
    select.and("state = $?", filter.state);
    let conn = core.db.read().await?;
    let (rows, pagination) = page::read(&conn, &select.sql, "created_at", &select.params, page).await?;
    let records = rows.iter().map(|row| Ok(serde_json::from_str(&row.doc)?)).collect::<Result<_>>()?;
    Ok((records, pagination))
}

/// One invoice of the scope's owner.
///
/// # Errors
/// 404 for another's.
pub async fn of_owner(core: &Core, scope: &Scope, id: &str) -> Result<Record> {
    let conn = core.db.read().await?;
    rows::of_owner(&conn, scope, id).await
}

/// The team says that an invoice was paid, or that its payment failed. Who pays for credits gets them: the partner is told.
///
/// # Errors
/// 404 for another's; 409 where its state knows no such step.
pub async fn step(core: &Core, scope: &Scope, id: &str, step: Step) -> Result<Record> {
    let (taken, call) = {
        let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
        core.clone()
            .db
            .write(async move |tx| {
                let mut record = rows::of_owner(tx, &scope, &id).await?;
                record.step(tx, &core, &scope, &step, core.clock.now()).await?;
                let paid = record.invoice.state == State::Paid && !record.invoice.test;
                let call = match record.purpose {
                    Purpose::Prepayment if paid => Some(purchase::deliver(tx, &core, &record).await?),
                    _ => None,
                };
                Ok::<_, Error>((record, call))
            })
            .await?
    };
    match call {
        Some(call) => {
            calls::run(core, &call).await?;
            of_owner(core, scope, id).await
        }
        None => Ok(taken),
    }
}

/// How many invoices one reading of the sweep finds.
const BATCH: i64 = 100;
const DUE: &str = "SELECT id FROM invoices WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
/// `open = 1` in so many words, as the index of open invoices has it.
const ORPHANED: &str = "SELECT i.id FROM invoices i LEFT JOIN owners o ON o.id = i.owner_id
  WHERE i.open = 1 AND i.created_at <= $1 AND o.id IS NULL ORDER BY i.id LIMIT $2";

/// The background job: takes the steps that time brings, and gives up what nobody is left to pay. Answers how many steps it took.
pub async fn sweep(core: &Core) -> Result<usize> {
    let now = core.clock.now();
    let mut taken = 0;
    for (sql, abandon) in [(DUE, false), (ORPHANED, true)] {
        loop {
            let conn = core.db.read().await?;
            let batch: Vec<(String,)> = conn.all(sql, &params![now, BATCH]).await?;
            drop(conn);
            let before = taken;
            for (id,) in batch {
                taken += usize::from(move_on(core, id, now, abandon).await?);
            }
            if taken == before {
                break;
            }
        }
    }
    Ok(taken)
}

/// Takes one invoice's step, unless somebody was quicker.
async fn move_on(core: &Core, id: String, now: Millis, abandon: bool) -> Result<bool> {
    let core = core.clone();
    core.clone()
        .db
        .write(async move |tx| {
            let row: Option<(String,)> =
                tx.opt("SELECT doc FROM invoices WHERE id = $1", &params![&id]).await?;
            let Some((doc,)) = row else { return Ok(false) };
            let mut record: Record = serde_json::from_str(&doc)?;
            let step = match abandon {
                true => record.is_open().then_some(Step::Abandon),
                false => record.due(now),
            };
            let Some(step) = step else { return Ok(false) };
            let scope = Scope::system(record.owner_id.clone(), record.personal);
            record.step(tx, &core, &scope, &step, now).await?;
            Ok::<_, Error>(true)
        })
        .await
}
