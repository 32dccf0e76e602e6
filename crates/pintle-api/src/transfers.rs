//! Beyond the contract: installations and resources that change hands.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::ids::ConfigurationId;
use pintle_core::marketplace::installations::transfer;
use pintle_core::{Result, Scope};
use serde::Deserialize;

routes! {
    "transferConfiguration": Post "/pintle/v1/integrations/configurations/{id}/transfer", ConfigurationUpdate => transfer;
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct To {
    team_id: String,
}

async fn transfer(call: Call, scope: Scope) -> Result<Reply> {
    let To { team_id } = call.json()?;
    let id = ConfigurationId::from(call.param("id"));
    Reply::json(&transfer::transfer(&call.core, &scope, id, team_id).await?)
}
