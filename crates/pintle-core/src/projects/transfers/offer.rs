//! createProjectTransferRequest.

use crate::clock::{DAY, Millis};
use crate::events::{self, Event};
use crate::ids::{OwnerId, ProjectId, UserId};
use crate::permissions::Permission;
use crate::projects::locate;
use crate::teams::members;
use crate::{Core, Error, OnConstraint, Result, Scope, credential, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// For how long a code is good.
const LIFETIME: Millis = DAY;

/// The body.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// Who is told that the project was taken.
    pub callback_url: Option<String>,
    /// What that is signed with; absent: an empty key.
    #[serde(default)]
    pub callback_secret: String,
}

/// The answer: the only place where the code shows.
#[derive(Debug, Serialize)]
pub struct Offer {
    pub code: String,
}

/// createProjectTransferRequest. Whoever has the code can take the project for a team of its own, once.
///
/// # Errors
/// As [`locate`]; 400 for a URL that Pintle does not send to.
pub async fn offer(core: &Core, scope: &Scope, project: &str, wanted: Wanted) -> Result<Offer> {
    if let Some(url) = &wanted.callback_url {
        validate::http_url("callbackUrl", url)?;
        validate::admitted(core, "callbackUrl", url).await?;
    }
    let now = core.clock.now();
    let code = core.entropy.base62(32);
    let id = credential::hash(&code);
    let secret = core.vault.seal(id.as_str(), wanted.callback_secret.as_bytes(), &core.entropy)?;
    let callback = wanted.callback_url.map(|url| (url, secret));
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            members::require_still(tx, &scope, Permission::ProjectTransfer).await?;
            let project = locate(tx, &scope, &project).await?;
            let (callback, by) = (callback.as_ref(), scope.user());
            insert(tx, id.as_str(), &project.id, callback, by, now).await?;
            let text = format!("offered project {} to another team", project.name);
            let payload = json!({ "projectId": project.id, "projectName": project.name });
            let event = Event::new("project-move-out-started", text, payload).in_project(&project.id);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await?;
    Ok(Offer { code })
}

/// `callback` is a URL and, sealed, what signs for it.
async fn insert(
    tx: &Conn,
    id: &str,
    project: &ProjectId,
    callback: Option<&(String, Vec<u8>)>,
    by: Option<&UserId>,
    now: Millis,
) -> Result<()> {
    let sql = "INSERT INTO project_transfers
        (id, project_id, callback_url, callback_secret, offered_by, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (url, secret) = callback.cloned().unzip();
    let inserted = tx.execute(sql, &params![id, project, url, secret, by, now + LIFETIME, now]).await;
    inserted.on_missing_parent(|| Error::not_found("Project")).map(drop)
}

/// A user may offer no project of a team's any more, and knows the codes of those that it offered: they are good no longer. Of offers
/// that older versions wrote it is not known whose they are.
pub(crate) async fn withdraw_of(tx: &Conn, owner: &OwnerId, user: &UserId) -> Result<()> {
    let sql = "DELETE FROM project_transfers WHERE (offered_by = $2 OR offered_by IS NULL)
        AND project_id IN (SELECT id FROM projects WHERE owner_id = $1)";
    tx.execute(sql, &params![owner, user]).await?;
    Ok(())
}

/// Forgets codes that are good no more.
pub async fn sweep(core: &Core) -> Result<u64> {
    let now = core.clock.now();
    let sql = "DELETE FROM project_transfers WHERE expires_at <= $1";
    core.db.write(async move |tx| Ok(tx.execute(sql, &params![now]).await?)).await
}
