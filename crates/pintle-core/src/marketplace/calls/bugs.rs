//! Bugs planted into the calls that are more than another statement (pintle_store::planted).

use super::Call;
use crate::clock::{DAY, Millis};
use crate::deliveries::{self, Attempt, State, Try};
use crate::ids::DeliveryId;
use crate::{Core, Result, planted};

/// The idempotency key of a try.
pub(super) fn key(core: &Core, call: &Call) -> DeliveryId {
    match planted::on("key-made-anew") {
        true => DeliveryId::at(core.clock.now(), &core.entropy),
        false => call.id.clone(),
    }
}

/// When the background may take up an intent.
pub(super) fn due(due: Millis) -> Millis {
    if planted::on("intent-forgotten-at-restart") { due + 1_000 * DAY } else { due }
}

/// Before the transaction that draws the consequences: one that only records the try.
pub(super) async fn before(core: &Core, call: &Call, made: &Try<'_>, state: State) -> Result<()> {
    if planted::on("settled-in-two-transactions") {
        let attempt = Attempt::new(call.id.clone(), None, made, state, None);
        core.db.write(async move |tx| deliveries::record(tx, &attempt).await).await?;
        call.operation.comes_to("settling");
    }
    Ok(())
}
