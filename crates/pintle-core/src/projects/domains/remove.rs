//! removeProjectDomain.

use super::{Change, load, redirects_to};
use crate::projects::locate;
use crate::{Core, Result, Scope};
use pintle_store::params;
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
                going.extend(redirects_to(tx, &project.id, &going[0].name).await?);
            }
            let change = Change { tx, core: &core, scope: &scope, project: &project, now };
            for domain in &going {
                let sql = "DELETE FROM project_domains WHERE project_id = $1 AND name = $2";
                tx.execute(sql, &params![&project.id, domain.name.as_str()]).await?;
                change
                    .announce("project-domain-deleted", "project.domain.deleted", "removed domain", domain)
                    .await?;
            }
            Ok(())
        })
        .await
}
