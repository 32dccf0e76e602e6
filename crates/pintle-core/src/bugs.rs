//! Bugs that are another statement (pintle_store::planted), for the proofs that claim to find them. Not in a build without the
//! feature `planted`. They are for SQLite.

use crate::planted::Statement;

/// The bug's name, what is replaced in every statement that has it, and by what. White space counts as one space.
#[rustfmt::skip]
pub const STATEMENTS: &[Statement] = &[
    // Left behind.
    ("orphan-variables", "DELETE FROM envs WHERE configuration_id", "UPDATE envs SET configuration_id = NULL WHERE configuration_id"),
    ("orphan-webhooks", "DELETE FROM webhooks WHERE configuration_id", "UPDATE webhooks SET configuration_id = NULL WHERE configuration_id"),
    ("orphan-drains", "DELETE FROM drains WHERE configuration_id", "UPDATE drains SET configuration_id = NULL WHERE configuration_id"),
    (
        "orphan-bypasses",
        "DELETE FROM protection_bypasses WHERE configuration_id",
        "UPDATE protection_bypasses SET configuration_id = NULL WHERE configuration_id",
    ),
    ("orphan-tokens", "DELETE FROM tokens WHERE configuration_id", "UPDATE tokens SET configuration_id = NULL WHERE configuration_id"),
    (
        "connection-variables-kept",
        "DELETE FROM envs WHERE configuration_id",
        "UPDATE envs SET configuration_id = NULL, connection_id = NULL WHERE configuration_id",
    ),
    ("closing-tokens-kept", "DELETE FROM closing_tokens WHERE installation_id = $1", "UPDATE closing_tokens SET id = id WHERE installation_id = $1"),
    // Taken along.
    (
        "takes-equal-resources",
        "DELETE FROM resources WHERE configuration_id = $1",
        "DELETE FROM resources WHERE name IN (SELECT name FROM resources WHERE configuration_id = $1)",
    ),
    (
        "takes-projects-connections",
        "DELETE FROM resource_connections WHERE configuration_id = $1",
        "DELETE FROM resource_connections
           WHERE project_id IN (SELECT project_id FROM resource_connections WHERE configuration_id = $1)",
    ),
    (
        "takes-projects-bypasses",
        "DELETE FROM protection_bypasses WHERE configuration_id = $1",
        "DELETE FROM protection_bypasses
           WHERE project_id IN (SELECT project_id FROM protection_bypasses WHERE configuration_id = $1)",
    ),
    (
        "takes-account-webhooks",
        "DELETE FROM webhooks WHERE configuration_id = $1",
        "DELETE FROM webhooks WHERE configuration_id = $1
           OR configuration_id IS NULL AND owner_id = (SELECT owner_id FROM configurations WHERE id = $1)",
    ),
    (
        "takes-account-drains",
        "DELETE FROM drains WHERE configuration_id = $1",
        "DELETE FROM drains WHERE configuration_id = $1
           OR configuration_id IS NULL AND owner_id = (SELECT owner_id FROM configurations WHERE id = $1)",
    ),
    (
        "takes-equal-keys",
        "DELETE FROM envs WHERE configuration_id = $1",
        "DELETE FROM envs WHERE id IN (SELECT other.env_id FROM env_targets other JOIN env_targets own ON own.key = other.key
           JOIN envs e ON e.id = own.env_id WHERE e.configuration_id = $1)",
    ),
    (
        "takes-other-installations",
        "DELETE FROM codes WHERE configuration_id = $1",
        "DELETE FROM configurations WHERE id <> $1
           AND integration_id = (SELECT integration_id FROM configurations WHERE id = $1)",
    ),
    (
        "touches-projects",
        "DELETE FROM codes WHERE configuration_id = $1",
        "UPDATE projects SET updated_at = updated_at + 1
           WHERE owner_id = (SELECT owner_id FROM configurations WHERE id = $1)",
    ),
    // Ownership that is lost before the removal, so that a thing outlives it.
    ("edit-takes-ownership", "UPDATE envs SET value", "UPDATE envs SET configuration_id = NULL, value"),
    ("take-over-forgets-tokens", "UPDATE tokens SET user_id = $2", "UPDATE tokens SET configuration_id = NULL, user_id = $2"),
    // Born after it.
    (
        "born-after-removal",
        "created_at, secret, doc) VALUES ($1, $2, $3,",
        "created_at, secret, doc) VALUES ($1, $2, (SELECT id FROM configurations WHERE id = $3),",
    ),
    // History that is not what happened.
    ("removal-without-receipt", "INSERT INTO removals (configuration_id, owner_id, created_at, doc) VALUES ($1, $2, $3, $4)", "DELETE FROM removals WHERE configuration_id = $1"),
    (
        "removal-without-event",
        "hook, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        "hook, doc) SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE COALESCE($7, '') <> 'integration-configuration.removed'",
    ),
    (
        "removal-event-twice",
        "hook, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        "hook, doc) SELECT $1, $2, $3, $4, $5, $6, $7, $8
           UNION ALL SELECT $1 || '2', $2, $3, $4, $5, $6, $7, $8 WHERE $7 = 'integration-configuration.removed'",
    ),
    (
        "removal-told-to-nobody",
        "secret, body, doc) VALUES ($1, $2, $3, $4)",
        "secret, body, doc) SELECT $1, $2, $3, $4 WHERE $4 NOT LIKE '%configuration.removed%'",
    ),
    ("removal-told-to-the-account-only", "WHERE w.owner_id = $1", "WHERE w.owner_id = $1 AND c.id IS NULL"),
    // The end of a whole owner.
    ("deletion-without-receipt", "INSERT INTO deletions (id, reader_id, created_at, doc) VALUES ($1, $2, $3, $4)", "DELETE FROM deletions WHERE id = $1"),
    ("deletion-receipt-forgets-projects", "FROM projects k WHERE k.owner_id = $1", "FROM projects k WHERE k.owner_id = $1 AND 1 = 2"),
    ("deletion-takes-others-drains", "DELETE FROM drains AS k WHERE k.owner_id = $1", "DELETE FROM drains AS k WHERE k.configuration_id IS NULL OR k.owner_id = $1"),
    // Lost on the way.
    ("failure-without-next-try", "THEN CAST($3 AS BIGINT) ELSE", "THEN CAST($3 AS BIGINT) + NULL ELSE"),
    // Sealed, and never to be opened again.
    (
        "signing-secret-cut-short",
        "INSERT INTO webhooks (id, owner_id, configuration_id, created_at, secret, doc) VALUES ($1, $2, $3, $4, $5, $6)",
        "INSERT INTO webhooks (id, owner_id, configuration_id, created_at, secret, doc) VALUES ($1, $2, $3, $4, substr($5, 2), $6)",
    ),
    // Everybody's business.
    ("tenant-unchecked", " owner_id = $1", " $1 = $1"),
    // A start after one that was cut off.
    ("cut-off-start-forgotten", "DELETE FROM owners WHERE slug IN ($1, $2)", "DELETE FROM owners WHERE slug IN ($1, $2) AND 1 = 2"),
];
