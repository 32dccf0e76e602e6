//! What a partner says of a resource when it is asked, because it said that something had changed.

use super::life;
use super::record::{self, Stage, free_name};
use super::told::Told;
use crate::marketplace::Outcome;
use crate::marketplace::calls::Call;
use crate::{Core, Result};
use pintle_store::Conn;

/// Whatever the partner says holds; of secrets it says nothing.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Outcome::Answered { body, .. } = outcome else { return Ok(()) };
    let found = record::of_call(tx, call).await?.filter(|resource| resource.stage == Stage::Present);
    let Some(mut resource) = found else { return Ok(()) };
    let (scope, now, told) = (call.actor.scope(), core.clock.now(), Told::read(body)?);
    if let Some(name) = &told.name {
        resource.name = free_name(tx, scope.owner(), name, Some(&resource.id)).await?;
    }
    told.apply(&mut resource, now);
    resource.save(tx).await?;
    life::announce(tx, core, &scope, &resource, now, "storage-update", "updated").await
}
