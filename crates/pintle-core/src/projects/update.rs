//! updateProject.

use super::create::seal;
use super::events::changes;
use super::settings::{Body, Settings};
use super::{Project, locate, shown, stamp};
use crate::{Core, Result, Scope, events};
use pintle_store::{Conn, params};

/// updateProject: the project as it goes on the wire.
///
/// # Errors
/// 400 for a body that breaks the contract; 404 and 403 as `locate`; 409 `conflict` for a name that is taken.
pub async fn update(core: &Core, scope: &Scope, id_or_name: &str, body: Body) -> Result<String> {
    let settings = body.for_update()?;
    let (core, scope, id_or_name) = (core.clone(), scope.clone(), id_or_name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let located = locate(tx, &scope, &id_or_name).await?;
            let before = serde_json::from_str(&located.doc)?;
            let after = apply(tx, &core, &scope, before, &settings).await?;
            shown::one(tx, &core, &scope, &located.with(&after)?).await
        })
        .await
}

/// updateProject in the caller's transaction.
pub(crate) async fn change(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    before: Project,
    body: Body,
) -> Result<Project> {
    apply(tx, core, scope, before, &body.for_update()?).await
}

/// A change of nothing writes nothing.
async fn apply(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    before: Project,
    settings: &Settings,
) -> Result<Project> {
    let now = core.clock.now();
    let mut after = before.clone();
    if let Some(name) = &settings.name {
        after.name.clone_from(name);
    }
    settings.apply(&mut after, now);
    if let Some(password) = &settings.password {
        let sealed = seal(core, &after.id, password.as_deref())?;
        tx.execute("UPDATE projects SET password = $2 WHERE id = $1", &params![&after.id, sealed]).await?;
    }
    if before == after && settings.password.is_none() {
        return Ok(before);
    }
    after.updated_at = stamp(tx, scope, now).await?;
    after.save(tx).await?;
    for event in changes(scope, &before, &after, settings.password.is_some())? {
        events::record(tx, core, scope, now, event).await?;
    }
    Ok(after)
}
