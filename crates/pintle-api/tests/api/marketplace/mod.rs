//! What partners call, and what teams see of it (semantics.md 4.4).

mod account;
mod credentials;
mod credits;
mod experimentation;
mod invoices;
mod members;
mod notices;
mod refused;
mod usage;

use pintle_core::clock::{self, DAY};
use pintle_testing::{Caller, Installed, Pintle};
use serde_json::{Value, json};

/// A moment so many days from now, as partners write it.
pub(super) fn day(pintle: &Pintle, ahead: i64) -> String {
    clock::text(pintle.clock.now() + ahead * DAY)
}

/// Where a partner's installation is called.
pub(super) fn at(partner: &Installed, path: &str) -> String {
    format!("/v1/installations/{}{path}", partner.id)
}

/// An installation of a team on a plan that is paid for by the month, with its partner as the caller.
async fn on_a_plan(team: &Caller, slug: &str) -> Installed {
    let partner = team.install_native(slug).await;
    plan(&partner, "pro", "subscription").await;
    partner
}

async fn plan(partner: &Installed, id: &str, kind: &str) {
    let plan = json!({ "billingPlan": { "id": id, "type": kind, "name": id } });
    partner.caller.patch(&at(partner, ""), plan).await.ok(204);
}

/// An invoice of 20 USD for a month of the plan `pro` that began yesterday.
pub(super) fn invoice(pintle: &Pintle) -> Value {
    let item = json!({
        "billingPlanId": "pro", "name": "Pro", "price": "20", "quantity": 1, "units": "month", "total": "20.00",
    });
    json!({
        "externalId": "inv-1", "invoiceDate": day(pintle, 0),
        "period": { "start": day(pintle, -1), "end": day(pintle, 29) }, "items": [item],
    })
}

/// Submits an invoice and answers its id.
async fn submit(partner: &Installed, invoice: Value) -> String {
    let made = partner.caller.post(&at(partner, "/billing/invoices"), invoice).await.ok(200);
    made["invoiceId"].as_str().unwrap().to_owned()
}

/// The state of an invoice, as its partner sees it.
async fn state(partner: &Installed, id: &str) -> String {
    let invoice = partner.caller.get(&at(partner, &format!("/billing/invoices/{id}"))).await.ok(200);
    invoice["state"].as_str().unwrap().to_owned()
}
