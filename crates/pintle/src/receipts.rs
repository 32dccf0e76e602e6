//! `pintle receipts`: what deletions and removals took, read in the database itself. Over the API nobody reads the receipt of a user that
//! is gone, nor that of another's team.

use crate::failure::{Failure, Result};
use crate::options::{ReceiptsArgs, ReceiptsCommand, StorageArgs};
use crate::storage::Storage;
use pintle_core::configurations::removal::{self, Actor};
use pintle_core::deletions::{self, Entry, Whose};
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
    Ok(deletions::entries(&conn).await?.iter().map(line).collect())
}

fn line(entry: &Entry) -> String {
    let Entry { id, whose, slug, deleted_at, deleted_by } = entry;
    let whose = match whose {
        Whose::Team => "team",
        Whose::User => "user",
    };
    let by = match deleted_by {
        Actor::User { username, .. } => username.as_str(),
        Actor::Installation { id } => id.as_str(),
        Actor::System => "Pintle",
    };
    format!("{}  {whose}  {id}  {slug}  deleted by {by}\n", clock::text(*deleted_at))
}

/// The receipt of a team, a user or an installation.
async fn show(db: &Db, id: &str) -> Result<String> {
    let conn = db.read().await?;
    let found = match deletions::stored(&conn, id).await? {
        Some(doc) => Some(doc),
        None => removal::stored(&conn, id).await?,
    };
    let doc = found.ok_or_else(|| Failure::failed(format_args!("there is no receipt of {id}")))?;
    let receipt: Json = serde_json::from_str(&doc).map_err(Failure::failed)?;
    Ok(format!("{receipt:#}\n"))
}
