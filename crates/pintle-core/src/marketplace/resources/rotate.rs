//! A team wants new secrets (semantics.md 4.3): the partner answers with them, or sends them when they are ready.

use super::record;
use super::secrets::{self, Secret};
use super::{asking, life, told};
use crate::ids::DeliveryId;
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::{Outcome, partner};
use crate::{Core, Result, Scope, validate};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};

/// The body.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rotation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 0 to 720, for how long the old ones are still good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_old_secrets_expiration_hours: Option<f64>,
}

/// Whether the new secrets are there: if not, the partner sends them by update-resource-secrets. The connected projects have
/// them as soon as they are there.
///
/// # Errors
/// 400 for a body beyond its limits, 404 for an unknown store, 409 for one that is not there yet, what the partner refuses it with, and 502
/// where it does not answer: it is asked again in the background then.
pub async fn rotate(core: &Core, scope: &Scope, id: &str, rotation: Rotation) -> Result<bool> {
    validate::at_most("reason", rotation.reason.as_deref().unwrap_or_default(), 1_000)?;
    if let Some(hours) = rotation.delay_old_secrets_expiration_hours {
        validate::within("delayOldSecretsExpirationHours", hours, 0.0, 720.0)?;
    }
    let call = begin(core, scope, id, rotation).await?;
    match calls::run(core, &call).await? {
        Outcome::Answered { body, .. } => Ok(body["sync"] == true),
        Outcome::Refused { error, .. } => Err(error.into_error()),
        Outcome::Unknown { reason, .. } => Err(partner::unavailable(&reason)),
    }
}

async fn begin(core: &Core, scope: &Scope, id: &str, rotation: Rotation) -> Result<DeliveryId> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let mut resource = record::find(tx, &scope, &id).await?;
            let path = asking::path(&resource, &["secrets", "rotate"])?;
            let app = asking::product(tx, &resource).await?.integration_id;
            let call = asking::call(&scope, &resource, &app, Operation::RotateSecrets);
            let call = NewCall { path, body: Some(serde_json::to_value(&rotation)?), ..call };
            asking::intend(tx, &core, &mut resource, call).await
        })
        .await
}

/// The answer of a partner that has them at once.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Rotated {
    sync: bool,
    secrets: Vec<Secret>,
    partial: bool,
}

/// Keeps the new secrets where they are there, and the partner has pushed none since it was asked. Where a connected project has a variable of one of the names, that is an error, and the
/// partner is asked again with the same key: so it works out once the name is free.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Outcome::Answered { body, .. } = outcome else { return Ok(()) };
    let Some(mut resource) = record::of_call(tx, call).await? else { return Ok(()) };
    let (scope, now) = (call.actor.scope(), core.clock.now());
    let rotated: Rotated = told::read(body)?;
    secrets::check(&rotated.secrets)?;
    if rotated.sync && resource.heeds_secrets_of(call) {
        let before = resource.secrets(tx, core).await?;
        let after = secrets::merge(before, rotated.secrets, rotated.partial)?;
        life::keep(tx, core, &scope, &mut resource, after, now).await?;
    }
    let verb = if rotated.sync { "rotated the secrets of" } else { "asked for new secrets of" };
    life::announce(tx, core, &scope, &resource, now, "storage-reset-credentials", verb).await
}
