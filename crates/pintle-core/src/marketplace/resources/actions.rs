//! Deployment actions: what a partner does when a connected project is deployed (semantics.md 10.3). Pintle builds nothing, so no
//! build waits for one; what the partner tells of it is kept for each deployment and resource.

use super::record;
use super::secrets::{Secret, Shown};
use super::{asking, secrets};
use crate::clock::Millis;
use crate::ids::ResourceId;
use crate::{Core, Error, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of update-integration-deployment-action. What is absent stays.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    pub status: Option<ActionStatus>,
    pub status_text: Option<String>,
    /// `https:`, or `sso:` for a page behind the partner's sign-in.
    pub status_url: Option<String>,
    pub outcomes: Option<Vec<Outcome>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionStatus {
    Running,
    Succeeded,
    Failed,
}

/// Secrets for this deployment only.
#[derive(Clone, Deserialize)]
pub struct Outcome {
    pub kind: Kind,
    pub secrets: Vec<Secret>,
}

#[derive(Clone, Copy, Deserialize)]
pub enum Kind {
    #[serde(rename = "resource-secrets")]
    ResourceSecrets,
}

/// What is stored, and what `/pintle/v1/deployments/{deploymentId}/actions` shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    pub deployment_id: String,
    pub resource_id: ResourceId,
    pub action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ActionStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_url: Option<String>,
    /// Which secrets the deployment gets, not what they are.
    pub secrets: Vec<Shown>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

impl Progress {
    fn check(&self) -> Result<()> {
        validate::at_most("statusText", self.status_text.as_deref().unwrap_or_default(), 1_000)?;
        if let Some(url) = self.status_url.as_deref().filter(|url| !url.starts_with("sso:")) {
            validate::http_url("statusUrl", url)?;
        }
        secrets::check(&self.secrets().unwrap_or_default())
    }

    fn secrets(&self) -> Option<Vec<Secret>> {
        let outcomes = self.outcomes.as_ref()?;
        Some(outcomes.iter().flat_map(|outcome| outcome.secrets.clone()).collect())
    }
}

/// update-integration-deployment-action, by the partner's id of the resource.
///
/// # Errors
/// 400 for a body that breaks the contract; 404 for an unknown resource, and an action that its product does not declare.
pub async fn update(
    core: &Core,
    scope: &Scope,
    deployment: &str,
    partner_id: &str,
    action: &str,
    progress: Progress,
) -> Result<()> {
    progress.check()?;
    validate::length("deploymentId", deployment, 256)?;
    let (core, scope) = (core.clone(), scope.clone());
    let (deployment, partner_id, action) = (deployment.to_owned(), partner_id.to_owned(), action.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let resource = record::find_partners(tx, scope.partner()?, &partner_id).await?;
            let resource = resource.ok_or_else(record::not_found)?;
            let product = asking::product(tx, &resource).await?;
            if !product.deployment_actions.iter().any(|declared| declared.slug == action) {
                return Err(Error::not_found("Deployment action"));
            }
            let now = core.clock.now();
            let id = format!("{}/{deployment}/{action}", resource.id);
            let before = find(tx, &id).await?;
            let fresh = || Action {
                deployment_id: deployment.clone(),
                resource_id: resource.id.clone(),
                action: action.clone(),
                status: None,
                status_text: None,
                status_url: None,
                secrets: Vec::new(),
                created_at: now,
                updated_at: now,
            };
            let mut after = before.unwrap_or_else(fresh);
            after.status = progress.status.or(after.status);
            after.status_text = progress.status_text.clone().or(after.status_text);
            after.status_url = progress.status_url.clone().or(after.status_url);
            after.updated_at = now;
            save(tx, &core, &id, after, progress.secrets().as_deref()).await
        })
        .await
}

async fn find(conn: &Conn, id: &str) -> Result<Option<Action>> {
    let row: Option<(String,)> =
        conn.opt("SELECT doc FROM deployment_actions WHERE id = $1", &params![id]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

/// Writes it, and the secrets where there are new ones.
async fn save(tx: &Conn, core: &Core, id: &str, mut action: Action, given: Option<&[Secret]>) -> Result<()> {
    let sealed = match given {
        Some(given) => {
            action.secrets = given.iter().map(Secret::shown).collect();
            Some(core.vault.seal(id, serde_json::to_string(given)?.as_bytes(), &core.entropy)?)
        }
        None => None,
    };
    let sql = "INSERT INTO deployment_actions (id, resource_id, deployment_id, created_at, secrets, doc)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (id) DO UPDATE SET secrets = COALESCE(excluded.secrets, deployment_actions.secrets), doc = excluded.doc";
    let doc = serde_json::to_string(&action)?;
    let row = params![id, &action.resource_id, &action.deployment_id, action.created_at, sealed, doc];
    tx.execute(sql, &row).await.map(drop)?;
    Ok(())
}

/// What is known of a deployment's actions, oldest first; an installation sees only its own.
pub async fn of_deployment(core: &Core, scope: &Scope, deployment: &str) -> Result<Vec<Box<RawValue>>> {
    let sql = "SELECT a.doc FROM deployment_actions a JOIN resources r ON r.id = a.resource_id
      WHERE a.deployment_id = $1 AND r.owner_id = $2 AND (CAST($3 AS TEXT) IS NULL OR r.configuration_id = $3)
      ORDER BY a.created_at, a.id";
    let params = params![deployment, scope.owner(), scope.configuration()];
    let rows: Vec<(String,)> = core.db.read().await?.all(sql, &params).await?;
    Ok(rows.into_iter().map(|(doc,)| RawValue::from_string(doc)).collect::<Result<_, _>>()?)
}
