//! The team that takes: with the code, for its own installation of the integration.

use super::{Found, Row, State, Transfer, not_found, pending, require_movable, taken};
use crate::clock::Millis;
use crate::configurations::{self, Configuration};
use crate::credential;
use crate::ids::{ConfigurationId, DeliveryId, IntegrationId, ResourceId};
use crate::marketplace::calls::{self, NewCall, Operation};
use crate::marketplace::questions::Questions;
use crate::marketplace::resources::record::{Resource, Stage};
use crate::marketplace::resources::stores;
use crate::marketplace::{Actor, Outcome};
use crate::permissions::Permission;
use crate::teams::members;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What became of it.
pub enum Accepted {
    /// The stores, which are the team's now.
    Moved(Vec<Json>),
    /// The partner has not answered, and is asked again.
    Pending,
}

/// What moves, as the call keeps it: by then nothing of it need be there any more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moving {
    pub transfer: Transfer,
    /// The partner's ids, in the order of the transfer's.
    pub partner_ids: Vec<String>,
}

/// What a code stands for, and whether the partner would move it to this installation.
///
/// # Errors
/// 404 for an unknown installation, and a code that is unknown, used, expired or not good yet; 409 `other_integration`; what the
/// partner objects.
pub async fn verify(core: &Core, scope: &Scope, id: &ConfigurationId, code: &str) -> Result<Json> {
    let conn = core.db.read().await?;
    let configuration = configurations::require_native(&conn, scope, id).await?;
    let Found { transfer, .. } = open(&conn, code, core.clock.now()).await?;
    require_same(&conn, &transfer, &configuration).await?;
    let resources = transfer.resources(&conn).await?;
    drop(conn);
    ask(core, scope, &configuration, &transfer).await?;
    let shown: Vec<Json> =
        resources.iter().map(|one| json!({ "name": one.name, "productId": one.product_id })).collect();
    Ok(json!({ "resources": shown, "expiresAt": transfer.expires_at }))
}

/// Takes what a code stands for. The partner is asked whether it would, and then to do it.
///
/// # Errors
/// As [`verify`]; 409 where the resources cannot leave, their names are taken (`names_taken`), or another installation accepts them.
pub async fn accept(core: &Core, scope: &Scope, id: ConfigurationId, code: &str) -> Result<Accepted> {
    verify(core, scope, &id, code).await?;
    let (call, ids) = begin(core, scope, id, code).await?;
    match calls::run(core, &call).await? {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        Outcome::Unknown { .. } => Ok(Accepted::Pending),
        Outcome::Answered { .. } => {
            let mut moved = Vec::new();
            for id in ids {
                moved.push(stores::get(core, scope, id.as_str()).await?);
            }
            Ok(Accepted::Moved(moved))
        }
    }
}

/// The transfer that a code stands for.
async fn open(conn: &Conn, code: &str, now: Millis) -> Result<Found> {
    let sql = "SELECT doc, target_id FROM resource_transfers WHERE code = $1 AND expires_at > $2";
    let row: Option<Row> = conn.opt(sql, &params![credential::hash(code), now]).await?;
    let found = Found::read(row.ok_or_else(not_found)?)?;
    match found.transfer.state {
        State::Requested => Err(not_found()),
        State::Open => Ok(found),
        State::Accepting => Err(pending()),
    }
}

/// # Errors
/// 409 `other_integration`; 400 for the installation that gives.
async fn require_same(conn: &Conn, transfer: &Transfer, configuration: &Configuration) -> Result<()> {
    if transfer.configuration_id == configuration.id {
        return Err(Error::bad_request("The resources are this installation's already"));
    }
    let sql = "SELECT integration_id FROM configurations WHERE id = $1";
    let (integration,): (String,) = conn.one(sql, &params![&transfer.configuration_id]).await?;
    match IntegrationId::from(integration) == configuration.integration_id {
        true => Ok(()),
        false => Err(Error::conflict(
            "other_integration",
            "The resources are of another integration than the installation",
        )),
    }
}

async fn ask(core: &Core, scope: &Scope, configuration: &Configuration, transfer: &Transfer) -> Result<()> {
    let (actor, integration) = (&Actor::of(scope), &configuration.integration_id);
    let questions = Questions { core, actor, integration, installation: Some(&configuration.id) };
    questions.can_accept(transfer.provider_claim_id.as_deref().unwrap_or_default()).await
}

/// Writes what the partner is asked for, and holds the resources meanwhile.
async fn begin(
    core: &Core,
    scope: &Scope,
    id: ConfigurationId,
    code: &str,
) -> Result<(DeliveryId, Vec<ResourceId>)> {
    let (core, scope, code) = (core.clone(), scope.clone(), code.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            members::require_still(tx, &scope, Permission::ResourceTransfer).await?;
            let configuration = configurations::require_native(tx, &scope, &id).await?;
            let Found { mut transfer, .. } = open(tx, &code, core.clock.now()).await?;
            require_same(tx, &transfer, &configuration).await?;
            let partner_ids = hold(tx, &scope, &transfer).await?;
            transfer.state = State::Accepting;
            transfer.save(tx, Some(&id)).await?;
            let ids = transfer.store_ids.clone();
            let call = call(&scope, &configuration, &Moving { transfer, partner_ids })?;
            Ok((calls::intend(tx, &core, call).await?, ids))
        })
        .await
}

/// Nothing else happens to the resources from now on.
async fn hold(tx: &Conn, scope: &Scope, transfer: &Transfer) -> Result<Vec<String>> {
    let resources = transfer.resources(tx).await?;
    if resources.len() != transfer.store_ids.len() {
        return Err(Error::conflict("conflict", "Some of the resources are not there any more"));
    }
    let taken = taken(tx, scope.owner(), &resources).await?;
    if !taken.is_empty() {
        let text = format!("There are resources of the same names: {}", taken.join(", "));
        return Err(Error::conflict("names_taken", text).with("resources", taken));
    }
    let mut partner_ids = Vec::new();
    for resource in resources {
        partner_ids.push(require_movable(tx, &resource).await?);
        Resource { stage: Stage::Moving, ..resource }.save(tx).await?;
    }
    Ok(partner_ids)
}

fn call(scope: &Scope, configuration: &Configuration, moving: &Moving) -> Result<NewCall> {
    let claim = moving.transfer.provider_claim_id.as_deref().unwrap_or_default();
    let Configuration { id, integration_id: app, .. } = configuration;
    let (actor, method) = (Actor::of(scope), http::Method::POST);
    let below = ["resource-transfer-requests", claim, "accept"];
    Ok(NewCall {
        data: serde_json::to_value(moving)?,
        ..NewCall::new(Operation::AcceptResources, app, id, actor, method, &below)
    })
}
