//! Bugs planted into the removal, for the proofs that claim to find such bugs (pintle_store::planted): each leaves behind or takes
//! along what it must not.

use crate::ids::ConfigurationId;
use crate::planted;
use crate::{Core, Result};
use pintle_store::{Conn, params};

const ORPHANS: &[(&str, &str)] = &[
    ("orphan-variables", "UPDATE envs SET configuration_id = NULL WHERE configuration_id = $1"),
    ("orphan-webhooks", "UPDATE webhooks SET configuration_id = NULL WHERE configuration_id = $1"),
    ("orphan-drains", "UPDATE drains SET configuration_id = NULL WHERE configuration_id = $1"),
    ("orphan-tokens", "UPDATE tokens SET configuration_id = NULL WHERE configuration_id = $1"),
];

const TAKES_TOO_MUCH: &[(&str, &str)] = &[
    (
        "takes-account-webhooks",
        "DELETE FROM webhooks WHERE configuration_id IS NULL
           AND owner_id = (SELECT owner_id FROM configurations WHERE id = $1)",
    ),
    (
        "takes-equal-keys",
        "DELETE FROM envs WHERE id IN (SELECT other.env_id FROM env_targets other
           JOIN env_targets own ON own.key = other.key JOIN envs e ON e.id = own.env_id WHERE e.configuration_id = $1)",
    ),
    (
        "touches-projects",
        "UPDATE projects SET updated_at = updated_at + 1
           WHERE owner_id = (SELECT owner_id FROM configurations WHERE id = $1)",
    ),
];

/// Before the transaction: a removal that is not one.
pub(super) async fn before(core: &Core, id: &ConfigurationId) -> Result<()> {
    if !planted::on("removal-in-two-transactions") {
        return Ok(());
    }
    let id = id.clone();
    core.db
        .write(async move |tx| {
            for table in ["webhooks", "drains", "envs", "tokens", "codes"] {
                let sql = format!("DELETE FROM {table} WHERE configuration_id = $1");
                tx.execute(&sql, &params![&id]).await?;
            }
            Ok(())
        })
        .await
}

/// Inside it, before anything is deleted.
pub(super) async fn inside(tx: &Conn, id: &ConfigurationId) -> Result<()> {
    for (name, sql) in ORPHANS.iter().chain(TAKES_TOO_MUCH) {
        if planted::on(name) {
            tx.execute(sql, &params![id]).await?;
        }
    }
    Ok(())
}
