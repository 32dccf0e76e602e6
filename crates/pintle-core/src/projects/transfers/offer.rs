//! createProjectTransferRequest.

use crate::clock::{DAY, Millis};
use crate::events::{self, Event};
use crate::ids::ProjectId;
use crate::projects::locate;
use crate::{Core, Error, OnConstraint, Result, Scope, credential};
use pintle_store::{Conn, params};
use serde::Serialize;
use serde_json::json;

/// For how long a code is good.
const LIFETIME: Millis = DAY;

/// The answer: the only place where the code shows.
#[derive(Debug, Serialize)]
pub struct Offer {
    pub code: String,
}

/// createProjectTransferRequest. Whoever has the code can take the project for a team of its own, once.
///
/// # Errors
/// As [`locate`].
pub async fn offer(core: &Core, scope: &Scope, project: &str) -> Result<Offer> {
    let now = core.clock.now();
    let code = core.entropy.base62(32);
    let id = credential::hash(&code);
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            insert(tx, id.as_str(), &project.id, now).await?;
            let text = format!("offered project {} to another team", project.name);
            let payload = json!({ "projectId": project.id, "projectName": project.name });
            let event = Event::new("project-move-out-started", text, payload).in_project(&project.id);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await?;
    Ok(Offer { code })
}

async fn insert(tx: &Conn, id: &str, project: &ProjectId, now: Millis) -> Result<()> {
    let sql =
        "INSERT INTO project_transfers (id, project_id, expires_at, created_at) VALUES ($1, $2, $3, $4)";
    let inserted = tx.execute(sql, &params![id, project, now + LIFETIME, now]).await;
    inserted.on_missing_parent(|| Error::not_found("Project")).map(drop)
}

/// Forgets codes that are good no more.
pub async fn sweep(core: &Core) -> Result<u64> {
    let now = core.clock.now();
    let sql = "DELETE FROM project_transfers WHERE expires_at <= $1";
    core.db.write(async move |tx| Ok(tx.execute(sql, &params![now]).await?)).await
}
