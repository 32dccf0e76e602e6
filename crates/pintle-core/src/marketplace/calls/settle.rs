//! What follows from the outcome of a call: each operation's module says. It happens in the transaction that records the try.

use super::{Call, Operation};
use crate::marketplace::billing::purchase;
use crate::marketplace::notice;
use crate::marketplace::resources::{self, change, provision, read, rotate, transfers};
use crate::marketplace::{Outcome, installations};
use crate::{Core, Result};
use pintle_store::Conn;

/// Draws the consequences. They may have been drawn already: a call is sent at least once.
///
/// # Errors
/// An answer that cannot be, which makes it an unknown one: the call is tried again.
pub(super) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let answered = matches!(outcome, Outcome::Answered { .. });
    if answered && call.operation.replaces() && super::answered_after(tx, call).await? {
        return Ok(());
    }
    match call.operation {
        Operation::Install => installations::install::settle(tx, core, call, outcome).await,
        Operation::ChangePlan => installations::settle_plan(tx, core, call, outcome).await,
        Operation::DeleteInstallation => installations::leave::settle(tx, core, call, outcome).await,
        Operation::Provision => provision::settle(tx, core, call, outcome).await,
        Operation::UpdateResource => change::settle(tx, core, call, outcome).await,
        Operation::DeleteResource => resources::leave::settle(tx, core, call, outcome).await,
        Operation::OfferResources => transfers::settle_offer(tx, call, outcome).await,
        Operation::AcceptResources => transfers::settle_accept(tx, core, call, outcome).await,
        Operation::RotateSecrets => rotate::settle(tx, core, call, outcome).await,
        Operation::ProvisionCredits => purchase::settle(tx, core, call, outcome).await,
        Operation::ReadInstallation => notice::settle(tx, core, call, outcome).await,
        Operation::ReadResource => read::settle(tx, core, call, outcome).await,
    }
}
