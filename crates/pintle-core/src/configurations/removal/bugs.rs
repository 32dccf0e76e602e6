//! Bugs planted into the removal that are more than another statement (pintle_store::planted).

use super::Attached;
use crate::configurations::Configuration;
use crate::ids::ConfigurationId;
use crate::integrations;
use crate::planted;
use crate::{Core, Result};
use parking_lot::Mutex;
use pintle_store::Conn;
use std::time::Duration;

/// What a removal in two transactions read and deleted in its first.
static TAKEN: Mutex<Vec<(ConfigurationId, Attached)>> = Mutex::new(Vec::new());

/// Before the transaction: a removal that is not one.
pub(super) async fn before(core: &Core, id: &ConfigurationId) -> Result<()> {
    if planted::on("removal-in-two-transactions") {
        let id = id.clone();
        core.db
            .write(async move |tx| {
                let attached = Attached::of(tx, &id).await?;
                TAKEN.lock().push((id.clone(), attached));
                Attached::delete(tx, &id).await
            })
            .await?;
        #[expect(clippy::disallowed_methods, reason = "the bug is the pause")]
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// What the receipt is going to say.
pub(super) async fn receipt(
    tx: &Conn,
    core: &Core,
    configuration: &Configuration,
    mut removed: Attached,
) -> Result<Attached> {
    if planted::on("removal-in-two-transactions") {
        let taken = TAKEN.lock();
        let first = taken.iter().find(|(taken, _)| *taken == configuration.id);
        removed = first.map_or(removed, |(_, attached)| attached.clone());
    }
    if planted::on("receipt-with-secret") {
        removed.projects.push(integrations::client_secret(tx, core, &configuration.integration_id).await?);
    }
    if planted::on("receipt-forgets-resources") {
        removed.resources.clear();
    }
    if planted::on("receipt-forgets-variables") {
        removed.environment_variables.clear();
    }
    Ok(removed)
}
