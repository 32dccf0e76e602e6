//! Edge configs: small sets of values that applications read at every request (group `edge-config`; newer clients say global config).
//!
//! A write never changes what was written before: it adds a version, which is what is read from then on, and the ones before it are the
//! backups. What a partner pushes for its resource is such a store too; then only the partner writes to it.

mod backups;
mod cache;
mod change;
mod items;
mod pushed;
mod read;
mod record;
mod schema;
mod tokens;
mod write;

pub use backups::{backup, backups, restore};
pub(crate) use cache::Cache;
pub use change::{Changes, patch};
pub use items::{item, items};
pub use pushed::Pushed;
pub(crate) use pushed::{changed_hands, push, pushed};
pub use read::{Head, head, snapshot};
pub use record::{
    Conditions, EdgeConfig, NewEdgeConfig, Renaming, create, delete, get, is_among, list, rename,
};
pub use schema::{Definition, define_schema, delete_schema, schema};
pub use tokens::{Label, NamedTokens, Token, create_token, delete_tokens, token, tokens};

use crate::clock::Millis;
use crate::ids::{ConfigurationId, OwnerId};
use crate::{Error, Result};
use pintle_store::{Conn, params};

fn not_found() -> Error {
    Error::not_found("Edge Config")
}

/// Makes the edge configs of an installation another owner's. Tokens that the earlier owner made, or the installation for what stays
/// there, are good no more: applications of one owner do not read what is the other's.
pub(crate) async fn hand_over(
    tx: &Conn,
    configuration: &ConfigurationId,
    to: &OwnerId,
    now: Millis,
) -> Result<()> {
    let strangers =
        "DELETE FROM edge_config_tokens WHERE (configuration_id IS NULL OR configuration_id <> $1)
      AND edge_config_id IN (SELECT id FROM edge_configs WHERE configuration_id = $1)";
    tx.execute(strangers, &params![configuration]).await?;
    let left_behind = "DELETE FROM edge_config_tokens WHERE configuration_id = $1
      AND edge_config_id NOT IN (SELECT id FROM edge_configs WHERE configuration_id = $1)";
    tx.execute(left_behind, &params![configuration]).await?;
    let sql = "UPDATE edge_configs SET moved_from = owner_id, moved_at = $3, owner_id = $2
      WHERE configuration_id = $1 AND owner_id <> $2";
    tx.execute(sql, &params![configuration, to, now]).await?;
    Ok(())
}
