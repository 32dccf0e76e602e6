//! removeProjectEnv and batchRemoveProjectEnv.

use super::{REMOVED, Reach, Stored, Variable, announce, load, not_found};
use crate::clock::Millis;
use crate::projects::Located;
use crate::select::marks;
use crate::{Core, Result, Scope, projects};
use pintle_store::{Conn, Value, params};
use serde::{Deserialize, Serialize};

/// Parameters of one DELETE: the text stays the same however many ids are left.
const CHUNK: usize = 50;

/// removeProjectEnv: the removed variable, as it goes on the wire.
///
/// # Errors
/// 404 for what is unknown, another installation's, or not in the custom environment that is named; 403 for production without the
/// right to it.
pub async fn remove(
    core: &Core,
    scope: &Scope,
    project: &str,
    id: &str,
    custom_environment: Option<&str>,
) -> Result<String> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, id, custom_environment) =
        (project.to_owned(), id.to_owned(), custom_environment.map(str::to_owned));
    core.clone()
        .db
        .write(async move |tx| {
            let project = projects::locate(tx, &scope, &project).await?;
            let (variable, value) = load(tx, &Reach::of(&scope, project.role), &project.id, &id).await?;
            if custom_environment.as_ref().is_some_and(|id| !variable.custom_environment_ids.contains(id)) {
                return Err(not_found());
            }
            tx.execute("DELETE FROM envs WHERE id = $1", &params![&id]).await?;
            announce(tx, &core, &scope, &project, &variable, now, REMOVED).await?;
            let doc = serde_json::to_string(&variable)?;
            Stored { id: &id, doc: &doc, value: &value }.wire(&core, false)
        })
        .await
}

/// The answer of batchRemoveProjectEnv.
#[derive(Debug, Serialize)]
pub struct Removed {
    pub deleted: usize,
    pub ids: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ids {
    pub ids: Vec<String>,
}

/// batchRemoveProjectEnv: all of them or none. Ids that the caller does not see count for nothing, so that it can be repeated.
///
/// # Errors
/// 400 for fewer than 1 or more than 1000 ids; 403 where one is of production and the caller may not touch those.
pub async fn remove_many(core: &Core, scope: &Scope, project: &str, body: Ids) -> Result<Removed> {
    crate::validate::items("ids", &body.ids, 1, 1000)?;
    let now = core.clock.now();
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = projects::locate(tx, &scope, &project).await?;
            let reach = Reach::of(&scope, project.role);
            let sql = format!(
                "DELETE FROM envs WHERE project_id = $1 AND (CAST($2 AS TEXT) IS NULL OR configuration_id = $2)
                   AND id IN ({}) RETURNING doc",
                marks(3, CHUNK)
            );
            let mut ids = Vec::new();
            for chunk in body.ids.chunks(CHUNK) {
                let mut params = params![&project.id, reach.own].to_vec();
                params.extend(chunk.iter().map(Value::from));
                params.resize(CHUNK + 2, Value::Text(String::new()));
                for (doc,) in tx.all::<(String,)>(&sql, &params).await? {
                    let variable: Variable = serde_json::from_str(&doc)?;
                    reach.check(&variable)?;
                    announce(tx, &core, &scope, &project, &variable, now, REMOVED).await?;
                    ids.push(variable.id.to_string());
                }
            }
            Ok(Removed { deleted: ids.len(), ids })
        })
        .await
}

/// Tells of the variables of installations that are about to go from a project, since it goes to another team.
pub(crate) async fn tell_of_end(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    project: &Located,
    now: Millis,
) -> Result<()> {
    let sql = "SELECT doc FROM envs WHERE project_id = $1 AND configuration_id IS NOT NULL ORDER BY id";
    for (doc,) in tx.all::<(String,)>(sql, &params![&project.id]).await? {
        announce(tx, core, scope, project, &serde_json::from_str(&doc)?, now, REMOVED).await?;
    }
    Ok(())
}
