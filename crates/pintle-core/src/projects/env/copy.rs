//! Copies of an environment's variables for a new custom environment.

use super::create::author;
use super::insert::{Place, look};
use super::{Reach, Variable, require_write};
use crate::clock::Millis;
use crate::ids::{EnvId, EnvironmentId};
use crate::projects::Located;
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};

/// Those without a branch and without a connection: a connection's variables follow its resource, which copies would not. A copy of an
/// installation's variable is that installation's too, so that it goes with it.
const COPIED: &str = "SELECT e.doc, e.value FROM env_targets t JOIN envs e ON e.id = t.env_id
  WHERE t.project_id = $1 AND t.target = $2 AND t.git_branch = '' AND e.connection_id IS NULL
    AND (CAST($3 AS TEXT) IS NULL OR e.configuration_id = $3) ORDER BY e.created_at";

/// Gives a new environment a copy of each variable of another one, which is named as `env_targets` has it. Each has its event.
///
/// # Errors
/// 403 where the caller may not read or make variables, or those of production.
pub(in crate::projects) async fn copy(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    project: &Located,
    from: &str,
    to: &EnvironmentId,
    now: Millis,
) -> Result<()> {
    require_write(tx, scope, project).await?;
    let reach = Reach::of(scope, project.role);
    let place = Place { tx, core, scope, project, now };
    let rows: Vec<(String, Vec<u8>)> = tx.all(COPIED, &params![&project.id, from, reach.own]).await?;
    for (doc, sealed) in rows {
        let original: Variable = serde_json::from_str(&doc)?;
        reach.check(&original)?;
        let value = core.vault.open_text(original.id.as_str(), &sealed)?;
        let copy = Variable {
            id: EnvId::at(now, &core.entropy),
            target: Vec::new(),
            custom_environment_ids: vec![to.to_string()],
            created_by: author(scope),
            updated_by: author(scope),
            ..original
        };
        let sealed = core.vault.seal(copy.id.as_str(), value.as_bytes(), &core.entropy)?;
        let newest = look(tx, &project.id, &copy, None).await?.newest;
        place.add(&copy, &sealed, newest, None).await?;
    }
    Ok(())
}
