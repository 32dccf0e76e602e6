//! `pintle keys`: what signs the tokens that marketplace partners are shown. It writes into the database itself, which whoever has the
//! master key may: over the API there is nobody who may do this to every team.

use crate::failure::{Failure, Result};
use crate::options::{KeysArgs, KeysCommand};
use crate::storage::Storage;
use pintle_core::clock::{self, Clock};
use pintle_core::drains::verification::Verification;
use pintle_core::entropy::Entropy;
use pintle_core::ids::SigningKeyId;
use pintle_core::logs::retention::Retention;
use pintle_core::marketplace::keys;
use pintle_core::{Core, Given, migrations};
use pintle_egress::{Egress, Policy};
use std::io::{Write, stdout};

pub fn run(args: KeysArgs) -> Result<()> {
    let KeysCommand::Rotate { storage } = args.command;
    let storage = Storage::find(storage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let id = runtime.block_on(rotate(&storage))?;
    writeln!(stdout(), "{id}")?;
    Ok(())
}

async fn rotate(storage: &Storage) -> Result<SigningKeyId> {
    let db = storage.existing().await?;
    // A server of another version may be running on it.
    migrations::require_current(&db).await?;
    let master = storage.known_master_key()?.ok_or_else(|| Failure::failed(storage.key_is_missing()))?;
    let entropy =
        Entropy::system().map_err(|error| Failure::failed(format_args!("no randomness: {error}")))?;
    let given = Given {
        issuer: String::new(),
        clock: Clock::default(),
        entropy,
        egress: Egress::new(Policy::default()),
        retention: Retention::default(),
        strict_team_scope: false,
        drain_verification: Verification::Off,
    };
    let core = Core::open(db, &master, given).await?;
    clock::restore(&core).await?;
    Ok(keys::rotate(&core).await?)
}
