//! deleteProject.

use super::locate;
use crate::events::{self, Event};
use crate::ids::{OwnerId, ProjectId};
use crate::{Core, Error, Result, Scope, configurations, drains};
use pintle_store::{Conn, params};
use serde_json::{Value as Json, json};

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
            configurations::forget_project(tx, &project.id).await?;
            drains::forget_project(tx, &project.id).await?;
            forget_in_webhooks(tx, scope.owner(), &project.id).await?;
            if tx.execute("DELETE FROM projects WHERE id = $1", &params![&project.id]).await? != 1 {
                return Err(Error::not_found("Project"));
            }
            let payload = json!({ "projectId": project.id, "projectName": project.name });
            let told = json!({ "project": { "id": project.id, "name": project.name } });
            let event = Event::new("project-delete", format!("deleted project {}", project.name), payload)
                .in_project(&project.id)
                .hook(&scope, "project.removed", told);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await
}

/// Takes the project out of the `projectIds` of the owner's webhooks. A list that is empty then stays: without it, the webhook
/// would speak of all projects.
async fn forget_in_webhooks(tx: &Conn, owner: &OwnerId, project: &ProjectId) -> Result<()> {
    let select = "SELECT id, doc FROM webhooks WHERE owner_id = $1 AND doc LIKE '%' || $2 || '%'";
    for (id, doc) in tx.all::<(String, String)>(select, &params![owner, project]).await? {
        let mut doc: Json = serde_json::from_str(&doc)?;
        let Some(ids) = doc.get_mut("projectIds").and_then(Json::as_array_mut) else { continue };
        ids.retain(|id| id != project.as_str());
        let update = "UPDATE webhooks SET doc = $2 WHERE id = $1";
        tx.execute(update, &params![id, doc.to_string()]).await?;
    }
    Ok(())
}
