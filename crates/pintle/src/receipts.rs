//! `pintle receipts`: what deletions and removals took, read in the database itself. Over the API nobody reads the receipt of a user that
//! is gone, nor that of another's team.

use crate::failure::{Failure, Result};
use crate::options::{ReceiptsArgs, ReceiptsCommand, StorageArgs};
use crate::storage::Storage;
use pintle_core::configurations::removal::Actor;
use pintle_core::deletions::Whose;
use pintle_core::receipts::{self, Entry};
use pintle_core::{clock, migrations};
use pintle_store::Db;
use serde_json::Value as Json;
use std::io::{Write, stdout};

pub fn run(args: ReceiptsArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(async {
        match args.command {
            ReceiptsCommand::List { storage } => list(&open(storage).await?).await,
            ReceiptsCommand::Show { id, storage } => show(&open(storage).await?, &id).await,
        }
    })?;
    Ok(stdout().write_all(text.as_bytes())?)
}

async fn open(args: StorageArgs) -> Result<Db> {
    let db = Storage::find(args)?.look().await?;
    migrations::require_current(&db).await?;
    Ok(db)
}

/// One line for each.
async fn list(db: &Db) -> Result<String> {
    let conn = db.read().await?;
    Ok(receipts::entries(&conn).await?.iter().map(line).collect())
}

fn line(entry: &Entry) -> String {
    match entry {
        Entry::Deletion { id, whose, slug, deleted_at, deleted_by } => {
            let whose = match whose {
                Whose::Team => "team",
                Whose::User => "user",
            };
            format!("{}  {whose}  {id}  {slug}  deleted by {}\n", clock::text(*deleted_at), name(deleted_by))
        }
        Entry::Removal { configuration_id, slug, owner_id, removed_at, removed_by } => format!(
            "{}  installation  {configuration_id}  {slug}  removed from {owner_id} by {}\n",
            clock::text(*removed_at),
            name(removed_by)
        ),
    }
}

fn name(actor: &Actor) -> &str {
    match actor {
        Actor::User { username, .. } => username,
        Actor::Installation { id } => id.as_str(),
        Actor::System => "Pintle",
    }
}

/// The receipt of a team, a user or an installation.
async fn show(db: &Db, id: &str) -> Result<String> {
    let conn = db.read().await?;
    let doc = receipts::stored(&conn, id)
        .await?
        .ok_or_else(|| Failure::failed(format_args!("there is no receipt of {id}")))?;
    let receipt: Json = serde_json::from_str(&doc).map_err(Failure::failed)?;
    Ok(format!("{receipt:#}\n"))
}
