//! Everything that an owner can have, beside its installations: one line for each kind, from which a receipt is read and by which it is
//! deleted.

use crate::configurations::removal::{Item, items};
use crate::ids::OwnerId;
use crate::{Result, deliveries};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One kind of things.
pub struct Kind {
    /// As a receipt calls it.
    pub name: &'static str,
    pub table: &'static str,
    /// What it is known by: the `doc` that has its name, or the name itself as an object that has it.
    shown: Shown,
    id: &'static str,
    project: &'static str,
    /// Those of the owner `$1`, of `table k`.
    of: &'static str,
}

enum Shown {
    /// `doc` has the name.
    Doc,
    /// A column or an expression is the name.
    As(&'static str),
    /// They are counted: tokens and lines have no name that says anything.
    Sum(&'static str),
}

use Shown::{As, Doc, Sum};

const OWNERS: &str = "k.owner_id = $1";
const TEAMS: &str = "k.team_id = $1";
const OF_PROJECTS: &str = "k.project_id IN (SELECT id FROM projects WHERE owner_id = $1)";
const OF_APPS: &str = "k.integration_id IN (SELECT id FROM integrations WHERE owner_id = $1)";
const OF_EDGE_CONFIGS: &str = "k.edge_config_id IN (SELECT id FROM edge_configs WHERE owner_id = $1)";
const USERNAME: Shown = As("(SELECT u.slug FROM owners u WHERE u.id = k.user_id)");
const NO_PROJECT: &str = "CAST(NULL AS TEXT)";

const fn kind(name: &'static str, table: &'static str, shown: Shown, of: &'static str) -> Kind {
    Kind { name, table, shown, id: "k.id", project: NO_PROJECT, of }
}

const fn in_project(name: &'static str, table: &'static str, shown: Shown, of: &'static str) -> Kind {
    Kind { project: "k.project_id", ..kind(name, table, shown, of) }
}

const fn people(name: &'static str, table: &'static str) -> Kind {
    Kind { id: "k.user_id", ..kind(name, table, USERNAME, TEAMS) }
}

/// What refers to another kind comes before it, so that it is still there to be named.
pub const KINDS: &[Kind] = &[
    in_project("environmentVariables", "envs", Doc, OWNERS),
    kind("sharedEnvironmentVariables", "shared_envs", Doc, OWNERS),
    Kind { id: "k.name", ..in_project("domains", "project_domains", As("k.name"), OWNERS) },
    in_project("customEnvironments", "custom_environments", As("k.slug"), OF_PROJECTS),
    in_project("clientCertificates", "client_certs", As("k.origin"), OF_PROJECTS),
    in_project("logKeys", "log_keys", Doc, OF_PROJECTS),
    kind("logLines", "log_batches", Sum("COALESCE(SUM(k.lines), 0)"), OWNERS),
    kind("webhooks", "webhooks", Doc, OWNERS),
    kind("drains", "drains", Doc, OWNERS),
    kind("listeners", "listeners", Sum("COUNT(*)"), OWNERS),
    kind("edgeConfigTokens", "edge_config_tokens", Doc, OF_EDGE_CONFIGS),
    kind("edgeConfigs", "edge_configs", As("k.slug"), OWNERS),
    kind("accessGroups", "access_groups", As("k.name"), TEAMS),
    kind("invitations", "team_invites", As("k.email"), TEAMS),
    people("accessRequests", "access_requests"),
    people("members", "members"),
    kind("tokens", "tokens", Sum("COUNT(*)"), "(k.team_id = $1 OR k.user_id = $1)"),
    kind("products", "products", Doc, OF_APPS),
    kind("integrations", "integrations", Doc, OWNERS),
    kind("projects", "projects", As("k.name"), OWNERS),
];

/// Tables of which every row is a part of something of a kind above, or of an installation, and goes with it unnamed; or that are
/// nobody's things.
pub const PARTS: &[&str] = &[
    "access_group_members",
    "access_group_projects",
    "balances",
    "billing_data",
    "closing_tokens",
    "codes",
    "configuration_projects",
    "configurations",
    "deployment_actions",
    "drain_cursors",
    "edge_config_versions",
    "env_targets",
    "experimentation_items",
    "installations",
    "invoice_items",
    "invoices",
    "log_deployments",
    "log_streams",
    "owners",
    "plan_terms",
    "project_members",
    "project_transfers",
    "protection_bypasses",
    "resource_connections",
    "resource_imports",
    "resource_transfers",
    "resources",
    "shared_env_projects",
    "shared_env_targets",
    "sso_codes",
    "thresholds",
];

/// What an owner had, by the names of the kinds; those of which there was nothing are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    #[serde(flatten)]
    kinds: BTreeMap<String, Things>,
}

/// Named, or counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Things {
    Named(Vec<Item>),
    Counted(i64),
}

impl Owned {
    /// Reads it, each kind in the order of the ids.
    pub(super) async fn of(conn: &Conn, owner: &OwnerId) -> Result<Self> {
        let mut kinds = BTreeMap::new();
        for kind in KINDS {
            let things = kind.things(conn, owner).await?;
            if things != Things::Counted(0) && things != Things::Named(Vec::new()) {
                kinds.insert(kind.name.to_owned(), things);
            }
        }
        Ok(Self { kinds })
    }

    /// Deletes what was read. The foreign keys would do it too, but on PostgreSQL they look past the transaction's snapshot: a thing that
    /// somebody else deletes at this moment would stand in the receipt as well. This makes the transaction start again.
    pub(super) async fn delete(tx: &Conn, owner: &OwnerId) -> Result<()> {
        deliveries::cancel_of_owner(tx, owner).await?;
        for Kind { table, of, .. } in KINDS {
            tx.execute(&format!("DELETE FROM {table} AS k WHERE {of}"), &params![owner]).await?;
        }
        Ok(())
    }
}

impl Kind {
    async fn things(&self, conn: &Conn, owner: &OwnerId) -> Result<Things> {
        let Kind { table, shown, id, project, of, .. } = self;
        let owner = &params![owner];
        match shown {
            Sum(sum) => {
                // PostgreSQL sums to a type of its own.
                let sql = format!("SELECT CAST({sum} AS BIGINT) FROM {table} k WHERE {of}");
                let (count,) = conn.one(&sql, owner).await?;
                Ok(Things::Counted(count))
            }
            Doc => {
                let sql = format!("SELECT {id}, k.doc, {project} FROM {table} k WHERE {of} ORDER BY {id}");
                Ok(Things::Named(items(conn.all(&sql, owner).await?)?))
            }
            As(name) => {
                let sql = format!("SELECT {id}, {name}, {project} FROM {table} k WHERE {of} ORDER BY {id}");
                let rows: Vec<(String, String, Option<String>)> = conn.all(&sql, owner).await?;
                let item = |(id, name, project_id)| Item { id, name, project_id };
                Ok(Things::Named(rows.into_iter().map(item).collect()))
            }
        }
    }
}
