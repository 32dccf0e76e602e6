//! Beyond the contract: installations and resources that change hands.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::StatusCode;
use pintle_core::ids::{ConfigurationId, TransferId};
use pintle_core::marketplace::installations::transfer;
use pintle_core::marketplace::resources::transfers::{self, Accepted};
use pintle_core::{Result, Scope};
use serde::Deserialize;
use serde_json::json;

routes! {
    "transferConfiguration": Post "/pintle/v1/integrations/configurations/{id}/transfer", ConfigurationUpdate => transfer;
    "offerResources": Post "/pintle/v1/integrations/configurations/{id}/resource-transfers", ResourceTransfer => offer;
    "listResourceTransfers": Get "/pintle/v1/integrations/configurations/{id}/resource-transfers", ResourceTransfer => list;
    "withdrawResourceTransfer":
        Delete "/pintle/v1/integrations/configurations/{id}/resource-transfers/{transferId}", ResourceTransfer => withdraw;
    "verifyResourceTransfer":
        Post "/pintle/v1/integrations/configurations/{id}/resource-transfers/verify", ResourceTransfer => verify;
    "acceptResourceTransfer":
        Post "/pintle/v1/integrations/configurations/{id}/resource-transfers/accept", ResourceTransfer => accept;
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct To {
    team_id: String,
}

async fn transfer(call: Call, scope: Scope) -> Result<Reply> {
    let To { team_id } = call.json()?;
    Reply::json(&transfer::transfer(&call.core, &scope, id(&call), team_id).await?)
}

fn id(call: &Call) -> ConfigurationId {
    ConfigurationId::from(call.param("id"))
}

async fn offer(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&transfers::offer(&call.core, &scope, id(&call), call.json()?).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&json!({ "transfers": transfers::list(&call.core, &scope, &id(&call)).await? }))
}

async fn withdraw(call: Call, scope: Scope) -> Result<Reply> {
    let transfer = TransferId::from(call.param("transferId"));
    transfers::withdraw(&call.core, &scope, id(&call), transfer).await?;
    Ok(Reply::nothing())
}

/// In the body: a path may be logged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

async fn verify(call: Call, scope: Scope) -> Result<Reply> {
    let Code { code } = call.json()?;
    Reply::json(&transfers::verify(&call.core, &scope, &id(&call), &code).await?)
}

/// 200 with the stores, or 202 where the partner has not answered.
async fn accept(call: Call, scope: Scope) -> Result<Reply> {
    let Code { code } = call.json()?;
    match transfers::accept(&call.core, &scope, id(&call), &code).await? {
        Accepted::Moved(stores) => Reply::json(&json!({ "stores": stores })),
        Accepted::Pending => Reply::json_as(StatusCode::ACCEPTED, &json!({ "state": "accepting" })),
    }
}
