//! deleteProject.

use super::locate;
use crate::events::{self, Event};
use crate::marketplace::resources::connections::{self, Going};
use crate::{Core, Error, Result, Scope, configurations, drains, logs, webhooks};
use pintle_store::params;
use serde_json::json;

/// deleteProject: its variables and members go with it, and what names it elsewhere names it no more.
///
/// # Errors
/// 404 and 403 as `locate`.
pub async fn delete(core: &Core, scope: &Scope, id_or_name: &str) -> Result<()> {
    let now = core.clock.now();
    let (core, scope, id_or_name) = (core.clone(), scope.clone(), id_or_name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &id_or_name).await?;
            let payload = json!({ "projectId": project.id, "projectName": project.name });
            let told = json!({ "project": { "id": project.id, "name": project.name } });
            let event = Event::new("project-delete", format!("deleted project {}", project.name), payload)
                .in_project(&project.id)
                .hook(&scope, "project.removed", told);
            // First, since it goes to webhooks that name the project.
            events::record(tx, &core, &scope, now, event).await?;
            connections::tell_of_end(tx, &core, &scope, Going::Project(&project.id)).await?;
            configurations::forget_project(tx, &project.id).await?;
            webhooks::forget_project(tx, &project.id).await?;
            drains::forget_project(tx, &project.id).await?;
            logs::forget_project(tx, &project.id).await?;
            match tx.execute("DELETE FROM projects WHERE id = $1", &params![&project.id]).await? {
                1 => Ok(()),
                _ => Err(Error::not_found("Project")),
            }
        })
        .await
}
