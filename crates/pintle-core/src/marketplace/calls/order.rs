//! Calls of one kind follow one another. A partner repeats what it answered to a key, and does what it was not asked before: so an older
//! call that is sent after a newer one would bring back what is over, at the partner or here.

use super::{Call, Operation, Stored, run};
use crate::deliveries::State;
use crate::ids::{ConfigurationId, DeliveryId};
use crate::marketplace::billing::purchase;
use crate::{Core, Error, Result};
use pintle_store::{Conn, params};

/// Whether it can be run once more: the partner has not said yes or no to it, its installation is still the same team's, and nothing newer
/// takes its place.
///
/// # Errors
/// 409 `call_answered`, `installation_transferred`, `call_superseded`, or `invoice_state` for credits whose money went back.
pub(crate) async fn require_open(tx: &Conn, core: &Core, id: &DeliveryId) -> Result<()> {
    let moved = "SELECT i.id FROM deliveries d JOIN installations i ON i.id = d.source_id
      WHERE d.id = $1 AND i.owner_id <> d.owner_id";
    if tx.opt::<(String,)>(moved, &params![id]).await?.is_some() {
        let text = "The installation has been transferred to another team";
        return Err(Error::conflict("installation_transferred", text));
    }
    match run::outcome(tx, core, id).await? {
        Some(outcome) if outcome.is_known() => {
            let text = "The partner has answered this call: what it said stands, and sending it again would change nothing";
            Err(Error::conflict("call_answered", text))
        }
        _ => require_newest(tx, id).await,
    }
}

/// Where one call replaces what another did, only the newest may be sent again, whatever became of it: the next request looks at that
/// one, so that no two are under way. Of the others one that is answered ends those before.
async fn require_newest(tx: &Conn, id: &DeliveryId) -> Result<()> {
    let Some(Stored { call, .. }) = Stored::load(tx, id).await? else { return Ok(()) };
    if call.operation == Operation::ProvisionCredits {
        purchase::require_paid(tx, &call).await?;
    }
    let any = call.operation.replaces();
    if is_newer(tx, &call, (!any).then_some(State::Delivered)).await? {
        let text = "The partner was asked something newer of this kind meanwhile";
        return Err(Error::conflict("call_superseded", text));
    }
    Ok(())
}

/// Whether the partner has answered a newer call of the same operation for the same installation or resource.
pub(super) async fn answered_after(tx: &Conn, call: &Call) -> Result<bool> {
    is_newer(tx, call, Some(State::Delivered)).await
}

/// Whether there is a newer call of the same operation for the same installation or resource, in this state.
async fn is_newer(tx: &Conn, call: &Call, state: Option<State>) -> Result<bool> {
    let found = of_installation(tx, &call.configuration, state).await?;
    Ok(found.iter().any(|other| {
        let same = other.operation == call.operation && other.resource == call.resource;
        same && other.id.as_str() > call.id.as_str()
    }))
}

/// The newest call of an operation that concerns an installation as a whole.
pub(crate) async fn newest_of_installation(
    tx: &Conn,
    id: &ConfigurationId,
    operation: Operation,
) -> Result<Option<DeliveryId>> {
    let found = of_installation(tx, id, None).await?.into_iter();
    let found = found.filter(|call| call.operation == operation && call.resource.is_none());
    // Compared here, since a database may order text as people do.
    Ok(found.map(|call| call.id).max_by(|one, other| one.as_str().cmp(other.as_str())))
}

/// The calls of an installation that are not forgotten yet, in one state or any.
async fn of_installation(tx: &Conn, id: &ConfigurationId, state: Option<State>) -> Result<Vec<Call>> {
    let sql = "SELECT p.doc FROM partner_calls p JOIN deliveries d ON d.id = p.id
      WHERE d.kind = 'partner' AND d.source_id = $1 AND (CAST($2 AS TEXT) IS NULL OR d.state = $2)";
    let rows: Vec<(String,)> = tx.all(sql, &params![id, state.map(State::as_str)]).await?;
    let call = |(doc,): (String,)| Ok(serde_json::from_str::<Stored>(&doc)?.call);
    rows.into_iter().map(call).collect()
}
