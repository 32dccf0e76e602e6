//! "Production only": a resource whose secrets nobody may read, and that nothing but production gets (semantics.md 4.3).

use super::connections::Link;
use super::record;
use super::{life, stores};
use crate::permissions::Role;
use crate::{Core, Error, Result, Scope};
use serde_json::Value as Json;

/// Turns it on or off, and answers the store. On, connections lose their other environments, those without production end, and the
/// variables become sensitive. Off, the environments stay as they are; the variables are no more sensitive than the team demands.
///
/// # Errors
/// 404 for an unknown store; 403 for who is no owner and turns it off.
pub async fn restrict(core: &Core, scope: &Scope, id: &str, on: bool) -> Result<Json> {
    if !on && scope.role != Role::Owner {
        return Err(Error::forbidden(
            "Not authorized: only an owner may open the store to other environments",
        ));
    }
    let (inner, acting, store) = (core.clone(), scope.clone(), id.to_owned());
    core.db
        .write(async move |tx| {
            let mut resource = record::find(tx, &acting, &store).await?;
            if resource.production_only == on {
                return Ok(());
            }
            let now = inner.clock.now();
            resource.production_only = on;
            resource.updated_at = now;
            resource.save(tx).await?;
            let secrets = resource.secrets(tx, &inner).await?;
            let link = Link { tx, core: &inner, scope: &acting, resource: &resource, now };
            link.narrow(&secrets).await?;
            let verb = if on { "locked to production" } else { "unlocked" };
            life::announce(tx, &inner, &acting, &resource, now, "storage-set-locked", verb).await
        })
        .await?;
    stores::get(core, scope, id).await
}
