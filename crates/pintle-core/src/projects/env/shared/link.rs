//! Which projects a shared variable is in.

use super::{UPDATED, announce, links, load};
use crate::ids::{ProjectId, SharedEnvId};
use crate::{Core, Error, OnConstraint, Result, Scope, projects};
use pintle_store::{Conn, params};
use serde::Serialize;

/// Once or again is the same.
pub(super) async fn link(tx: &Conn, id: &SharedEnvId, project: &ProjectId) -> Result<()> {
    let sql = "INSERT INTO shared_env_projects (env_id, project_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    let linked = tx.execute(sql, &params![id, project]).await;
    linked.on_missing_parent(|| Error::not_found("Project")).map(drop)
}

/// Whether it was linked.
pub(super) async fn cut(tx: &Conn, id: &SharedEnvId, project: &ProjectId) -> Result<bool> {
    let sql = "DELETE FROM shared_env_projects WHERE env_id = $1 AND project_id = $2";
    Ok(tx.execute(sql, &params![id, project]).await? > 0)
}

/// The answer of unlinkSharedEnvVariable.
#[derive(Debug, Serialize)]
pub struct Unlinked {
    pub id: SharedEnvId,
}

/// unlinkSharedEnvVariable. Where it was not linked, nothing happens.
///
/// # Errors
/// 404 for a variable or project that the owner does not have; 403 for one of production without the right to it.
pub async fn unlink(core: &Core, scope: &Scope, id: &str, project: &str) -> Result<Unlinked> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (id, project) = (id.to_owned(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let (mut variable, _) = load(tx, &scope, &id).await?;
            let project = projects::locate(tx, &scope, &project).await?;
            if cut(tx, &variable.id, &project.id).await? {
                variable.edited_by(&scope, now);
                let doc = serde_json::to_string(&variable)?;
                let sql = "UPDATE shared_envs SET doc = $2 WHERE id = $1";
                tx.execute(sql, &params![&variable.id, &doc]).await?;
                let left = links(tx, &variable.id).await?;
                announce(tx, &core, &scope, &variable, &left, now, UPDATED).await?;
            }
            Ok(Unlinked { id: variable.id })
        })
        .await
}
