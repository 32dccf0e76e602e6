//! Credits that a team buys ahead: by its own order, or because a balance fell below its threshold. Once the invoice is paid, the
//! partner is told to hand them out (`billing/provision`).

use super::balances::{self, Balance};
use super::invoice::{Invoice, Purpose, Record, State, Step};
use super::limits;
use super::lines::Item;
use super::moment::{Moment, Period};
use super::money::Amount;
use super::{Installation, rows};
use crate::clock::{self, Millis};
use crate::ids::{ConfigurationId, DeliveryId, InvoiceId};
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::{Actor, Outcome};
use crate::{Core, Error, Result, Scope, configurations, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::{Map, Number, Value as Json, json};

/// An order of credits.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// The team's id of a resource; absent: for the installation as a whole.
    pub store_id: Option<String>,
    pub billing_plan_id: String,
    /// US dollars.
    pub amount: Amount,
}

/// Buys credits: the invoice is to be paid like any other.
///
/// # Errors
/// 404 for an installation or a resource that is not the scope's owner's; 400 for less than 0.50 or parts of a cent, and for what their
/// plan does not take.
pub async fn order(core: &Core, scope: &Scope, id: ConfigurationId, order: Order) -> Result<Record> {
    validate::length("billingPlanId", &order.billing_plan_id, 256)?;
    if order.amount < Amount::LEAST || !order.amount.is_of_cents() {
        return Err(Error::invalid(format_args!(
            "`amount` should be at least {}, and in cents.",
            Amount::LEAST
        )));
    }
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            configurations::load(tx, &scope, &id).await?;
            let installation = super::require(tx, &id).await?;
            let resource = match &order.store_id {
                Some(store) => Some(balances::partner_id(tx, &installation.id, store).await?),
                None => None,
            };
            let bought = ("amount", order.amount);
            let plan = &order.billing_plan_id;
            limits::check_by_id(tx, &installation.id, resource.as_deref(), plan, bought).await?;
            let record =
                record(&core, &scope, &installation, resource, order.billing_plan_id.clone(), order.amount);
            record.insert(tx, &core, &scope).await?;
            Ok::<_, Error>(record)
        })
        .await
}

/// Buys a resource's first credits, in the transaction that its partner's answer is written down in.
pub(crate) async fn first(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    id: &ConfigurationId,
    resource: &str,
    plan: String,
    amount: Amount,
) -> Result<()> {
    let installation = super::require(tx, id).await?;
    let record = record(core, scope, &installation, Some(resource.to_owned()), plan, amount);
    record.insert(tx, core, scope).await
}

/// Buys more where a balance fell below its threshold: not while an earlier purchase is open, and not beyond the month's limit,
/// which is the team's or the plan's, whichever is less.
pub(super) async fn where_needed(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    installation: &Installation,
    balance: &Balance,
) -> Result<()> {
    let resource = balance.resource_id.as_deref();
    let Some(threshold) = balances::threshold_of(tx, &installation.id, resource).await? else {
        return Ok(());
    };
    if balance.currency_value_in_cents >= f64::from(threshold.minimum_amount_in_cents) {
        return Ok(());
    }
    let amount = Amount::of_cents(threshold.purchase_amount_in_cents);
    let plan = limits::plan(tx, &installation.id, resource, &threshold.billing_plan_id).await?;
    let limits = [
        threshold.maximum_amount_per_period_in_cents.map(Amount::of_cents),
        plan.as_ref().and_then(limits::by_itself),
    ];
    let limit = limits.into_iter().flatten().min();
    if !may_buy(tx, &installation.id, resource, amount, limit, core.clock.now()).await? {
        return Ok(());
    }
    let resource = balance.resource_id.clone();
    let record = record(core, scope, installation, resource, threshold.billing_plan_id, amount);
    record.insert(tx, core, scope).await
}

async fn may_buy(
    tx: &Conn,
    installation: &ConfigurationId,
    resource: Option<&str>,
    amount: Amount,
    limit: Option<Amount>,
    now: Millis,
) -> Result<bool> {
    let sql = "SELECT doc FROM invoices WHERE installation_id = $1 AND (open = 1 OR created_at >= $2)";
    let rows: Vec<(String,)> = tx.all(sql, &params![installation, month_of(now)]).await?;
    let mut spent = amount;
    for (doc,) in rows {
        let earlier: Record = serde_json::from_str(&doc)?;
        let same = earlier.subjects().iter().any(|subject| subject.resource == resource.unwrap_or_default());
        if earlier.purpose != Purpose::Prepayment || !same {
            continue;
        }
        if earlier.is_open() {
            return Ok(false);
        }
        if earlier.invoice.state == State::Paid {
            spent = spent.plus(earlier.invoice.total).unwrap_or(spent);
        }
    }
    Ok(limit.is_none_or(|limit| spent <= limit))
}

/// When the calendar month began, in UTC.
fn month_of(now: Millis) -> Millis {
    let date = clock::text(now);
    let month = date.get(..7).and_then(|month| clock::parse(&format!("{month}-01")));
    month.unwrap_or(now)
}

fn record(
    core: &Core,
    scope: &Scope,
    of: &Installation,
    resource: Option<String>,
    plan: String,
    amount: Amount,
) -> Record {
    let now = core.clock.now();
    let amount = amount.in_cents();
    let item = Item {
        billing_plan_id: plan,
        resource_id: resource,
        start: None,
        end: None,
        name: "Credits".into(),
        details: None,
        price: amount,
        quantity: Number::from(1),
        units: "purchase".into(),
        total: amount,
    };
    Record {
        invoice: Invoice {
            test: false,
            invoice_id: InvoiceId::new(&core.entropy),
            external_id: None,
            state: State::Pending,
            invoice_number: rows::number(core),
            invoice_date: Moment(now),
            period: Period { start: Moment(now), end: Moment(now) },
            memo: None,
            items: vec![item],
            discounts: Vec::new(),
            total: amount,
            refund_reason: None,
            refund_total: None,
            created: Moment(now),
            updated: Moment(now),
        },
        installation_id: of.id.clone(),
        integration_id: of.integration.clone(),
        owner_id: scope.owner().clone(),
        personal: scope.personal,
        user_id: scope.user().cloned().or(of.user.clone()),
        purpose: Purpose::Prepayment,
        last: false,
        attempts: 0,
        issued_at: Some(now),
    }
}

/// Writes down that the partner is to hand out what was paid for.
///
/// # Errors
/// 409 where the integration has no address to tell.
pub(super) async fn deliver(tx: &Conn, core: &Core, record: &Record) -> Result<DeliveryId> {
    let Record { invoice, installation_id, integration_id, owner_id, personal, .. } = record;
    let about = json!({ "invoiceId": invoice.invoice_id });
    let (actor, below) = (Actor::system(owner_id.clone(), *personal), ["billing", "provision"]);
    let (operation, method) = (Operation::ProvisionCredits, http::Method::POST);
    let call = NewCall {
        body: Some(about.clone()),
        data: about,
        ..NewCall::new(operation, integration_id, installation_id, actor, method, &below)
    };
    calls::intend(tx, core, call).await
}

/// The partner tells what the balances are now. Where it refuses, or does not answer for a day, the team has its money back.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    match outcome {
        Outcome::Answered { body, .. } => {
            let told = serde_json::from_value(known(body)).map_err(|error| Error::invalid(&error))?;
            balances::keep(tx, &call.configuration, &told).await.map(drop)
        }
        Outcome::Refused { error, .. } => give_back(tx, core, call, &error.message).await,
        Outcome::Unknown { given_up: true, .. } => {
            give_back(tx, core, call, "The partner did not hand out the credits").await
        }
        Outcome::Unknown { .. } => Ok(()),
    }
}

/// That what was paid for is still to be handed out.
///
/// # Errors
/// 409 `invoice_state` where the team has its money back.
pub(crate) async fn require_paid(tx: &Conn, call: &Call) -> Result<()> {
    let id = call.data["invoiceId"].as_str().unwrap_or_default();
    match rows::of_installation(tx, &call.configuration, id).await?.invoice.state {
        State::Paid => Ok(()),
        _ => {
            Err(Error::conflict("invoice_state", "The team has its money back: there is nothing to hand out"))
        }
    }
}

/// An answer without what partners add to it.
fn known(body: &Json) -> Json {
    let keys = ["resourceId", "credit", "nameLabel", "currencyValueInCents"];
    let balance = |told: &Json| {
        let fields = keys.iter().filter_map(|key| Some(((*key).to_owned(), told.get(key)?.clone())));
        Json::Object(fields.collect::<Map<_, _>>())
    };
    let balances: Vec<Json> = body["balances"].as_array().into_iter().flatten().map(balance).collect();
    json!({ "timestamp": body["timestamp"], "balances": balances })
}

async fn give_back(tx: &Conn, core: &Core, call: &Call, reason: &str) -> Result<()> {
    let id = call.data["invoiceId"].as_str().unwrap_or_default();
    let mut record = rows::of_installation(tx, &call.configuration, id).await?;
    if record.invoice.state != State::Paid {
        return Ok(());
    }
    let step = Step::Refund { reason: reason.to_owned(), total: record.invoice.total };
    record.step(tx, core, &call.actor.scope(), &step, core.clock.now()).await
}
