//! The schema's history. A released step never changes; a change is a new step.

use crate::{Error, Result};
use pintle_store::{Db, Migration};

pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "foundation", sql: include_str!("0001_foundation.sql") },
    Migration { name: "delivery", sql: include_str!("0002_delivery.sql") },
    Migration { name: "delivery_contents", sql: include_str!("0003_delivery_contents.sql") },
    Migration { name: "marketplace", sql: include_str!("0004_marketplace.sql") },
    Migration { name: "environments", sql: include_str!("0005_environments.sql") },
    Migration { name: "imports", sql: include_str!("0006_imports.sql") },
    Migration { name: "projects", sql: include_str!("0007_projects.sql") },
    Migration { name: "access", sql: include_str!("0008_access.sql") },
    Migration { name: "edge_config", sql: include_str!("0009_edge_config.sql") },
    Migration { name: "lanes", sql: include_str!("0010_lanes.sql") },
    Migration { name: "offers", sql: include_str!("0011_offers.sql") },
];

/// That a database has this program's schema, neither an older nor a newer one.
///
/// # Errors
/// Where it has not, or is no database of Pintle's.
pub async fn require_current(db: &Db) -> Result<()> {
    let sql = "SELECT COALESCE(MAX(version), 0) FROM schema_migrations";
    let (database,): (i64,) = db.read().await?.one(sql, &[]).await?;
    let program = MIGRATIONS.len() as i64;
    match database == program {
        true => Ok(()),
        false => Err(Error::internal(format!(
            "its schema has version {database}, and this program changes only version {program}"
        ))),
    }
}
