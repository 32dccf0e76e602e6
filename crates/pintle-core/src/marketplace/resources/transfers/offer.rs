//! The team that gives: it asks the partner for a claim, and gets a code for the other team.

use super::{Found, Row, State, Transfer, find, not_found, pending, require_movable};
use crate::clock::{DAY, Millis};
use crate::configurations;
use crate::credential;
use crate::ids::{ConfigurationId, DeliveryId, ResourceId, TransferId};
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::resources::record;
use crate::marketplace::{Actor, Outcome};
use crate::permissions::Permission;
use crate::teams::members;
use crate::{Core, Error, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// For how long an offer may stand.
const LONGEST: Millis = 30 * DAY;

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Offer {
    pub store_ids: Vec<String>,
    /// Absent: a day from now.
    pub expires_at: Option<Millis>,
}

/// Offers resources of an installation. Answers the transfer with its code, which shows only here; it is good once the partner has answered.
///
/// # Errors
/// 400 for no resources and an expiry that is not within 30 days; 404 for an unknown installation or resource; 409 for a resource that is
/// connected, or not there yet or any more; what the partner refuses it with.
pub async fn offer(core: &Core, scope: &Scope, id: ConfigurationId, offer: Offer) -> Result<Json> {
    validate::items("storeIds", &offer.store_ids, 1, 100)?;
    validate::unique("storeIds", &offer.store_ids)?;
    let now = core.clock.now();
    let expires_at = offer.expires_at.unwrap_or(now + DAY);
    if expires_at <= now || expires_at > now + LONGEST {
        return Err(Error::invalid("`expiresAt` should be within the next 30 days."));
    }
    let code = core.entropy.base62(32);
    let transfer = Transfer {
        id: TransferId::new(&core.entropy),
        configuration_id: id,
        store_ids: offer.store_ids.into_iter().map(ResourceId::from).collect(),
        state: State::Requested,
        offered_by: scope.user().cloned(),
        provider_claim_id: None,
        created_at: now,
        expires_at,
    };
    let call = begin(core, scope, transfer.clone(), &code).await?;
    if let Outcome::Refused { error, .. } = calls::run(core, &call).await? {
        return Err(error.into_error());
    }
    let found = find(&core.db.read().await?, &transfer.id).await?;
    let mut shown = serde_json::to_value(found.map_or(transfer, |found| found.transfer))?;
    shown["code"] = json!(code);
    Ok(shown)
}

async fn begin(core: &Core, scope: &Scope, transfer: Transfer, code: &str) -> Result<DeliveryId> {
    let (core, scope, code) = (core.clone(), scope.clone(), credential::hash(code));
    core.clone()
        .db
        .write(async move |tx| {
            members::require_still(tx, &scope, Permission::ResourceTransfer).await?;
            let id = &transfer.configuration_id;
            let configuration = configurations::require_native(tx, &scope, id).await?;
            let mut partner_ids = Vec::new();
            for store in &transfer.store_ids {
                let resource = record::find(tx, &scope, store.as_str()).await?;
                if resource.configuration_id != *id {
                    return Err(record::not_found());
                }
                partner_ids.push(require_movable(tx, &resource).await?);
            }
            insert(tx, &transfer, code.as_str()).await?;
            let (app, actor) = (&configuration.integration_id, Actor::of(&scope));
            let (method, below) = (http::Method::POST, ["resource-transfer-requests"]);
            let call = NewCall {
                body: Some(json!({ "resourceIds": partner_ids, "expiresAt": transfer.expires_at })),
                data: json!({ "transferId": transfer.id }),
                ..NewCall::new(Operation::OfferResources, app, id, actor, method, &below)
            };
            calls::intend(tx, &core, call).await
        })
        .await
}

async fn insert(tx: &Conn, transfer: &Transfer, code: &str) -> Result<()> {
    let sql = "INSERT INTO resource_transfers (id, configuration_id, code, expires_at, created_at, doc)
      VALUES ($1, $2, $3, $4, $5, $6)";
    let doc = serde_json::to_string(transfer)?;
    let Transfer { id, configuration_id, expires_at, created_at, .. } = transfer;
    tx.execute(sql, &params![id, configuration_id, code, *expires_at, *created_at, doc]).await?;
    Ok(())
}

/// Notes the partner's claim. Without one there is no transfer.
pub(crate) async fn settle(tx: &Conn, call: &Call, outcome: &Outcome) -> Result<()> {
    let id = TransferId::from(call.data["transferId"].as_str().unwrap_or_default());
    let found = find(tx, &id).await?.map(|found| found.transfer);
    let Some(mut transfer) = found.filter(|found| found.state == State::Requested) else { return Ok(()) };
    match outcome {
        Outcome::Answered { body, .. } => {
            let claim = body["providerClaimId"].as_str().filter(|id| (1..=256).contains(&id.len()));
            let claim = claim.ok_or_else(|| Error::bad_request("its answer has no `providerClaimId`"))?;
            transfer.provider_claim_id = Some(claim.to_owned());
            transfer.state = State::Open;
            transfer.save(tx, None).await
        }
        Outcome::Refused { .. } | Outcome::Unknown { given_up: true, .. } => transfer.delete(tx).await,
        Outcome::Unknown { .. } => Ok(()),
    }
}

/// What an installation offers, oldest first.
///
/// # Errors
/// 404 for an unknown configuration.
pub async fn list(core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<Vec<Transfer>> {
    let conn = core.db.read().await?;
    configurations::load(&conn, scope, id).await?;
    let sql =
        "SELECT doc, target_id FROM resource_transfers WHERE configuration_id = $1 ORDER BY created_at, id";
    let rows: Vec<Row> = conn.all(sql, &params![id]).await?;
    rows.into_iter().map(|row| Ok(Found::read(row)?.transfer)).collect()
}

/// Takes an offer back: its code is good for nothing any more. The partner's claim runs out by itself.
///
/// # Errors
/// 404 for an unknown configuration or transfer; 409 `transfer_pending` while somebody accepts it.
pub async fn withdraw(core: &Core, scope: &Scope, id: ConfigurationId, transfer: TransferId) -> Result<()> {
    let scope = scope.clone();
    core.db
        .write(async move |tx| {
            configurations::load(tx, &scope, &id).await?;
            let found = find(tx, &transfer).await?.map(|found| found.transfer);
            let found = found.filter(|found| found.configuration_id == id).ok_or_else(not_found)?;
            match found.state {
                State::Accepting => Err(pending()),
                State::Requested | State::Open => found.delete(tx).await,
            }
        })
        .await
}

/// The background job: forgets offers that have expired and that nobody accepts.
pub async fn sweep(core: &Core) -> Result<()> {
    let now = core.clock.now();
    let sql = "DELETE FROM resource_transfers WHERE expires_at <= $1 AND target_id IS NULL";
    core.db.write(async move |tx| Ok(tx.execute(sql, &params![now]).await.map(drop)?)).await
}
