//! The schema's history. A released step never changes; a change is a new step.

use pintle_store::Migration;

pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "foundation", sql: include_str!("0001_foundation.sql") },
    Migration { name: "delivery", sql: include_str!("0002_delivery.sql") },
    Migration { name: "marketplace", sql: include_str!("0004_marketplace.sql") },
];
