//! Variables whose custom environment is removed.

use super::create::author;
use super::{REMOVED, Reach, UPDATED, Variable, announce, require_write};
use crate::clock::Millis;
use crate::ids::EnvironmentId;
use crate::projects::Located;
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};

/// Takes an environment from all variables of it. One that is nowhere else goes, where the caller wants that; else it stays in no
/// environment, until it is given one or removed. Each has its event.
///
/// # Errors
/// 403 where the caller wants variables to go and may not remove any.
pub(in crate::projects) async fn leave(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    project: &Located,
    environment: &EnvironmentId,
    delete_unassigned: bool,
    now: Millis,
) -> Result<()> {
    if delete_unassigned {
        require_write(tx, scope, project).await?;
    }
    let reach = Reach::of(scope, project.role);
    let sql = "SELECT e.doc FROM env_targets t JOIN envs e ON e.id = t.env_id
      WHERE t.project_id = $1 AND t.target = $2 ORDER BY e.created_at";
    let rows: Vec<(String,)> = tx.all(sql, &params![&project.id, environment]).await?;
    for (doc,) in rows {
        let mut variable: Variable = serde_json::from_str(&doc)?;
        variable.custom_environment_ids.retain(|id| id != environment.as_str());
        let removable = reach.own.is_none_or(|own| variable.configuration_id.as_ref() == Some(own));
        if delete_unassigned && removable && variable.environments().is_empty() {
            tx.execute("DELETE FROM envs WHERE id = $1", &params![&variable.id]).await?;
            announce(tx, core, scope, project, &variable, now, REMOVED).await?;
            continue;
        }
        variable.updated_at = now;
        variable.updated_by = author(scope);
        let doc = serde_json::to_string(&variable)?;
        tx.execute("UPDATE envs SET doc = $2 WHERE id = $1", &params![&variable.id, &doc]).await?;
        announce(tx, core, scope, project, &variable, now, UPDATED).await?;
    }
    let sql = "DELETE FROM env_targets WHERE project_id = $1 AND target = $2";
    tx.execute(sql, &params![&project.id, environment]).await.map(drop).map_err(Into::into)
}
