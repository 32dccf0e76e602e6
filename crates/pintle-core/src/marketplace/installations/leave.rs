//! Telling the partner that its installation is removed (semantics.md 3.5).
//!
//! Somebody who asks for a removal waits for the partner's answer: it may refuse, and then nothing has changed. Whatever else it answers,
//! and also where it does not, the team's part ends; it is told again for a day. A removal that Pintle decides (the team is
//! gone, or the installation was disabled for too long) ends the team's part at once.

use super::{Installation, State, Told, closing, find, load};
use crate::configurations::removal::{self, Reason};
use crate::configurations::{self, Configuration};
use crate::ids::{ConfigurationId, DeliveryId};
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::resources::transfers;
use crate::marketplace::{Actor, Outcome};
use crate::{Core, Error, Kind, Result, Scope, planted};
use pintle_store::{Conn, params};
use serde_json::json;

/// Removes an installation with its partner's answer; `false` where it has no partner, and the removal is Pintle's alone.
///
/// # Errors
/// 404 where the scope's owner has no such configuration; what the partner refuses with; 403 where it must be `empty` and has
/// resources.
pub(crate) async fn remove(core: &Core, scope: &Scope, id: &ConfigurationId, empty: bool) -> Result<bool> {
    if find(&core.db.read().await?, id).await?.is_none() || planted::on("partner-not-told") {
        return Ok(false);
    }
    let call = intend(core, scope, id, empty).await?;
    match calls::run(core, &call).await? {
        Outcome::Refused { status, error } if refuses(status) => Err(error.into_error()),
        _ => Ok(true),
    }
}

/// Whether the partner's answer keeps the installation. Another 4xx says that it did not understand, which holds nobody.
fn refuses(status: u16) -> bool {
    matches!(status, 403 | 409) && !planted::on("refusal-removes")
}

/// Leaves word for the partner; whoever asks while somebody else's removal is under way joins it.
async fn intend(core: &Core, scope: &Scope, id: &ConfigurationId, empty: bool) -> Result<DeliveryId> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            configurations::load(tx, &scope, &id).await?;
            if empty {
                require_empty(tx, &id).await?;
            }
            let mut installation = load(tx, &id).await?;
            if let Some(call) = installation.leaving {
                return Ok(call);
            }
            let told = calls::intend(tx, &core, call(&installation, Actor::of(&scope))).await?;
            installation.leaving = Some(told.clone());
            installation.save(tx).await?;
            Ok(told)
        })
        .await
}

/// # Errors
/// 403 `resources_exist`, naming them.
async fn require_empty(tx: &Conn, id: &ConfigurationId) -> Result<()> {
    let sql = "SELECT name FROM resources WHERE configuration_id = $1 ORDER BY name";
    let rows: Vec<(String,)> = tx.all(sql, &params![id]).await?;
    let names: Vec<String> = rows.into_iter().map(|(name,)| name).collect();
    if names.is_empty() {
        return Ok(());
    }
    let text = format!("Cannot uninstall while resources exist: remove {} first", names.join(", "));
    Err(Error::forbidden(text).coded("resources_exist").with("resources", names))
}

fn call(installation: &Installation, actor: Actor) -> NewCall {
    let Installation { id, integration_id: app, .. } = installation;
    NewCall {
        body: Some(json!({ "cascadeResourceDeletion": !planted::on("told-without-cascade") })),
        ..NewCall::new(Operation::DeleteInstallation, app, id, actor, http::Method::DELETE, &[])
    }
}

/// Leaves word for the partner, which the background brings it: the team's part ends without its answer.
pub(super) async fn tell(tx: &Conn, core: &Core, installation: &Installation) -> Result<()> {
    if planted::on("partner-not-told") {
        return Ok(());
    }
    let actor = Actor::system(installation.owner_id.clone(), installation.personal);
    calls::intend(tx, core, call(installation, actor)).await.map(drop)
}

/// Ends the partner's part with the team's, in the transaction of the removal. `told` is what the partner said where it was asked.
pub(crate) async fn end(
    tx: &Conn,
    core: &Core,
    configuration: &Configuration,
    told: Option<Told>,
) -> Result<()> {
    let Some(installation) = find(tx, &configuration.id).await? else { return Ok(()) };
    transfers::forget(tx, &configuration.id).await?;
    calls::cancel(tx, &configuration.id).await?;
    if told.is_none() && installation.leaving.is_none() {
        tell(tx, core, &installation).await?;
    }
    closing::begin(tx, core, installation, configuration, told.unwrap_or(Told::Waiting)).await
}

/// Does what the partner's answer, or its silence, means.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let id = &call.configuration;
    let Some(mut installation) = find(tx, id).await? else { return Ok(()) };
    let told = told(outcome);
    if matches!(installation.state, State::Closing | State::Closed) {
        return closing::told(tx, core, installation, told).await;
    }
    if matches!(outcome, Outcome::Refused { status, .. } if refuses(*status)) {
        installation.leaving = None;
        return installation.save(tx).await;
    }
    let scope = call.actor.scope();
    match configurations::load(tx, &scope, id).await {
        Ok(configuration) => {
            removal::remove_in(tx, core, &scope, &configuration, Reason::Requested, Some(told)).await
        }
        Err(error) if error.kind == Kind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn told(outcome: &Outcome) -> Told {
    match outcome {
        Outcome::Answered { body, .. } if body["finalized"] == json!(true) => Told::Finalized,
        Outcome::Answered { .. } => Told::TookNote,
        Outcome::Refused { status: 404, .. } => Told::Unknown,
        Outcome::Refused { .. } => Told::Refused,
        Outcome::Unknown { given_up: true, .. } => Told::Unreachable,
        Outcome::Unknown { .. } => Told::Waiting,
    }
}
