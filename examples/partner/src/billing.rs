//! Invoices and balances. Pintle collects the money; the partner says for what.

use crate::App;
use crate::refusal::{Json, Refusal, Result};
use crate::store::Resource;
use crate::tokens::Caller;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

const MONTH: Duration = Duration::days(30);

fn iso(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// An invoice with one item. Its `externalId` makes it one of a kind: sent twice, it is still billed once.
fn invoice(external_id: String, from: OffsetDateTime, to: OffsetDateTime, item: Value) -> Value {
    json!({
        "externalId": external_id, "invoiceDate": iso(OffsetDateTime::now_utc()),
        "period": { "start": iso(from), "end": iso(to) }, "items": [item],
    })
}

impl crate::Partner {
    /// What a new resource costs: its first month, or nothing yet.
    pub async fn bill(self: App, resource: Resource) {
        let Resource { id, installation, plan, .. } = resource;
        if plan == "free" {
            return;
        }
        // Pintle has a resource to bill once it has taken the answer that made it.
        let known = format!("/v1/installations/{installation}/resources/{id}");
        if self.tell(&installation, "GET", &known, Value::Null).await.is_none() {
            return;
        }
        let now = OffsetDateTime::now_utc();
        let path = format!("/v1/installations/{installation}/billing");
        match plan.as_str() {
            "pro" => {
                let item = json!({
                    "resourceId": id, "billingPlanId": plan, "name": "Pro, one month", "price": "19.00", "quantity": 1,
                    "units": "month", "total": "19.00",
                });
                let invoice = invoice(format!("{id}-first"), now, now + MONTH, item);
                self.tell(&installation, "POST", &format!("{path}/invoices"), invoice).await;
            }
            "credits" => {
                let balances = json!([{ "resourceId": id, "credit": "0 credits", "nameLabel": "credits", "currencyValueInCents": 0 }]);
                let balance = json!({ "timestamp": iso(now), "balances": balances });
                self.tell(&installation, "POST", &format!("{path}/balance"), balance).await;
            }
            _ => {}
        }
    }

    /// The last invoice of an installation that was removed. Once it is paid, `webhook` says that there is no other.
    pub async fn bill_finally(self: App, installation: String) {
        let plan = self.store.lock().installations.get(&installation).map(|known| known.plan.clone());
        let now = OffsetDateTime::now_utc();
        let item = json!({
            "billingPlanId": plan, "name": "Storage until the end", "price": "1.50", "quantity": 1, "units": "GB",
            "total": "1.50",
        });
        let mut invoice =
            invoice(format!("{installation}-final"), now - MONTH, now + Duration::minutes(5), item);
        invoice["final"] = json!(true);
        let path = format!("/v1/installations/{installation}/billing/invoices");
        self.tell(&installation, "POST", &path, invoice).await;
    }

    /// Pintle need not wait for the day that a partner has for last invoices.
    pub async fn finish(self: App, installation: String) {
        let path = format!("/v1/installations/{installation}/billing/finalize");
        self.tell(&installation, "POST", &path, Value::Null).await;
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bought {
    invoice_id: String,
}

/// `POST …/billing/provision`: credits were paid in advance by this invoice; the answer says what there is now.
pub async fn provision(
    State(partner): State<App>,
    _: Caller,
    Path(installation): Path<String>,
    Json(bought): Json<Bought>,
) -> Result<Json<Value>> {
    let token = partner.store.lock().installation(&installation)?.access_token.clone();
    let path = format!("/v1/installations/{installation}/billing/invoices/{}", bought.invoice_id);
    let (status, invoice) = partner.pintle.call(Some(&token), "GET", &path, &Value::Null).await?;
    if status != 200 {
        return Err(Refusal::not_found("Invoice"));
    }
    let dollars: f64 = invoice["total"].as_str().and_then(|total| total.parse().ok()).unwrap_or_default();
    let cents = (dollars * 100.0).round();
    let balance = json!({ "credit": format!("{cents} credits"), "nameLabel": "credits", "currencyValueInCents": cents });
    Ok(Json(json!({ "timestamp": iso(OffsetDateTime::now_utc()), "balances": [balance] })))
}
