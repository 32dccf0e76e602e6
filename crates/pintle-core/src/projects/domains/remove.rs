//! removeProjectDomain.

use super::{Change, Domain, load, of_project};
use crate::clock::Millis;
use crate::ids::EnvironmentId;
use crate::projects::{Located, locate};
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// The body.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Farewell {
    /// The project's domains that redirect to it go too.
    #[serde(default)]
    pub remove_redirects: bool,
}

/// removeProjectDomain.
///
/// # Errors
/// As [`locate`]; 404 where the project has no such domain.
pub async fn remove(core: &Core, scope: &Scope, project: &str, name: &str, farewell: Farewell) -> Result<()> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, name) = (project.to_owned(), name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            let mut going = vec![load(tx, &project.id, &name).await?];
            if farewell.remove_redirects {
                going.extend(of_project(tx, &project.id, "redirect", &going[0].name).await?);
            }
            Change { tx, core: &core, scope: &scope, project: &project, now }.remove(&going).await
        })
        .await
}

/// Removes the domains of a custom environment that is about to be removed.
pub(in crate::projects) async fn leave(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    project: &Located,
    environment: &EnvironmentId,
    now: Millis,
) -> Result<()> {
    let going = of_project(tx, &project.id, "custom_environment_id", environment.as_str()).await?;
    Change { tx, core, scope, project, now }.remove(&going).await
}

impl Change<'_> {
    async fn remove(&self, going: &[Domain]) -> Result<()> {
        for domain in going {
            let sql = "DELETE FROM project_domains WHERE project_id = $1 AND name = $2";
            self.tx.execute(sql, &params![&self.project.id, domain.name.as_str()]).await?;
            let (kind, hook) = ("project-domain-deleted", "project.domain.deleted");
            self.announce(kind, hook, "removed domain", domain).await?;
        }
        Ok(())
    }
}
