//! deleteSharedEnvVariable.

use super::{DELETED, SharedVariable, announce, answer, item, links, load};
use crate::clock::Millis;
use crate::projects::env::create::unique;
use crate::{Core, Error, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// The body.
#[derive(Debug, Clone, Deserialize)]
pub struct Ids {
    ids: Vec<String>,
}

/// deleteSharedEnvVariable: answers `{deleted, failed}` as it goes on the wire; each goes with its links.
///
/// # Errors
/// 400 for fewer than 1 or more than 50 ids, and as `answer`: 404 for what is unknown, 403 for production without the right to it.
pub async fn remove(core: &Core, scope: &Scope, body: Ids) -> Result<String> {
    let mut ids = body.ids;
    validate::items("ids", &ids, 1, 50)?;
    unique(&mut ids);
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let outcomes = core
        .clone()
        .db
        .write(async move |tx| {
            let mut outcomes = Vec::with_capacity(ids.len());
            for id in &ids {
                outcomes.push(match item(load(tx, &scope, id).await)? {
                    Ok((variable, _)) => Ok(delete(tx, &core, &scope, &variable, now).await?),
                    Err(error) => Err(error),
                });
            }
            Ok::<_, Error>(outcomes)
        })
        .await?;
    answer("deleted", outcomes)
}

async fn delete(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    variable: &SharedVariable,
    now: Millis,
) -> Result<String> {
    let projects = links(tx, &variable.id).await?;
    tx.execute("DELETE FROM shared_envs WHERE id = $1", &params![&variable.id]).await?;
    announce(tx, core, scope, variable, &projects, now, DELETED).await?;
    Ok(serde_json::to_string(&variable.id)?)
}
