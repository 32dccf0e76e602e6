//! What a partner tells of money (group `marketplace`), and what the team sees and does about it: invoices beyond the contract, balances
//! and thresholds as the command line has them.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::ids::ConfigurationId;
use pintle_core::marketplace::billing::balances::{self, Threshold};
use pintle_core::marketplace::billing::settle::{self, Filter};
use pintle_core::marketplace::billing::{State, Step, purchase, submit, usage};
use pintle_core::marketplace::installations::closing;
use pintle_core::{Result, Scope};
use serde::Deserialize;
use serde_json::json;

routes! {
    "submit-billing-data": Post "/v1/installations/{integrationConfigurationId}/billing", MarketplaceBilling => report;
    "submit-invoice":
        Post "/v1/installations/{integrationConfigurationId}/billing/invoices", MarketplaceBilling => submit;
    "get-invoice":
        Get "/v1/installations/{integrationConfigurationId}/billing/invoices/{invoiceId}", MarketplaceBilling => get;
    "update-invoice":
        Post "/v1/installations/{integrationConfigurationId}/billing/invoices/{invoiceId}/actions", MarketplaceBilling => act;
    "submit-prepayment-balances":
        Post "/v1/installations/{integrationConfigurationId}/billing/balance", MarketplaceBilling => balance;
    "finalize-billing":
        Post "/v1/installations/{integrationConfigurationId}/billing/finalize", MarketplaceBilling => finalize;
    "listInvoices": Get "/pintle/v1/invoices", InvoiceRead => list;
    "buyCredits": Post "/pintle/v1/integrations/installations/{id}/credits", InvoiceWrite => buy;
    "showInvoice": Get "/pintle/v1/invoices/{invoiceId}", InvoiceRead => show;
    "payInvoice": Post "/pintle/v1/invoices/{invoiceId}/pay", InvoiceWrite => pay;
    "failInvoice": Post "/pintle/v1/invoices/{invoiceId}/fail", InvoiceWrite => fail;
    "listBillingData": Get "/pintle/v1/integrations/installations/{id}/billing", InvoiceRead => reports;
    "getBalances": Get "/v1/integrations/installations/{id}/billing/balance", Install => balances;
    "setThreshold":
        Post "/v1/integrations/installations/{integrationConfigurationId}/resources/{resourceId}/billing/threshold", Install => threshold;
    "setInstallationThreshold":
        Post "/v1/integrations/installations/{id}/billing/threshold/batch", Install => thresholds;
}

async fn report(call: Call, scope: Scope) -> Result<Reply> {
    usage::submit(&call.core, &scope, call.json()?).await?;
    Ok(Reply::empty(StatusCode::CREATED))
}

async fn submit(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&submit::submit(&call.core, &scope, call.json()?).await?)
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&settle::get(&call.core, &scope, call.param("invoiceId")).await?)
}

async fn act(call: Call, scope: Scope) -> Result<Reply> {
    settle::act(&call.core, &scope, call.param("invoiceId"), call.json()?).await?;
    Ok(Reply::nothing())
}

async fn finalize(call: Call, scope: Scope) -> Result<Reply> {
    closing::finalize(&call.core, scope.partner()?).await?;
    Ok(Reply::nothing())
}

async fn balance(call: Call, scope: Scope) -> Result<Reply> {
    balances::submit(&call.core, &scope, call.json()?).await?;
    Ok(Reply::empty(StatusCode::CREATED))
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let filter = Filter {
        installation: call.query.text("installationId"),
        state: call.query.one_of("state", &State::ALL)?.map(str::to_owned),
    };
    let (invoices, pagination) = settle::list(&call.core, &scope, filter, call.page()?).await?;
    Reply::json(&json!({ "invoices": invoices, "pagination": pagination }))
}

async fn buy(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&purchase::order(&call.core, &scope, installation(&call), call.json()?).await?)
}

async fn show(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&settle::of_owner(&call.core, &scope, call.param("invoiceId")).await?)
}

async fn pay(call: Call, scope: Scope) -> Result<Reply> {
    step(call, scope, Step::Pay).await
}

async fn fail(call: Call, scope: Scope) -> Result<Reply> {
    step(call, scope, Step::Fail).await
}

async fn step(call: Call, scope: Scope, step: Step) -> Result<Reply> {
    Reply::json(&settle::step(&call.core, &scope, call.param("invoiceId"), step).await?)
}

fn installation(call: &Call) -> ConfigurationId {
    ConfigurationId::from(call.param("id"))
}

async fn reports(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "days": usage::list(&call.core, &scope, &installation(&call)).await? }))
}

async fn balances(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&balances::overview(&call.core, &scope, &installation(&call)).await?)
}

async fn threshold(call: Call, scope: Scope) -> Result<Reply> {
    let id = ConfigurationId::from(call.param("integrationConfigurationId"));
    let store = call.param("resourceId").to_owned();
    balances::set_threshold(&call.core, &scope, id, Some(store.clone()), vec![call.json()?]).await?;
    Reply::json(&json!({ "store": { "id": store } }))
}

/// One client sends the list bare, another one in an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Batch {
    Bare(Vec<Threshold>),
    Wrapped { items: Vec<Threshold> },
}

async fn thresholds(call: Call, scope: Scope) -> Result<Reply> {
    let (Batch::Bare(items) | Batch::Wrapped { items }) = call.json()?;
    balances::set_threshold(&call.core, &scope, installation(&call), None, items).await?;
    Ok(Reply::nothing())
}
