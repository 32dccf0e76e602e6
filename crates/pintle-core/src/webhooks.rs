//! Webhooks that an account or an installation registers over the API (semantics.md 5).

use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, OwnerId, ProjectId, WebhookId};
use crate::{Core, Error, OnConstraint, Result, Scope, deliveries, projects, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Account webhooks of one owner; those of installations do not count.
const LIMIT: i64 = 20;

/// What is stored, and what the wire shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub id: WebhookId,
    pub url: String,
    pub events: Vec<String>,
    pub owner_id: OwnerId,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// Absent: all projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_ids: Option<Vec<ProjectId>>,
}

/// The answer to a creation: the only place where the signing secret shows.
#[derive(Debug, Serialize)]
pub struct Created {
    #[serde(flatten)]
    pub webhook: Webhook,
    pub secret: String,
}

/// The body of createWebhook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWebhook {
    pub url: String,
    pub events: Vec<String>,
    pub project_ids: Option<Vec<ProjectId>>,
}

impl NewWebhook {
    fn check(&self) -> Result<()> {
        validate::http_url("url", &self.url)?;
        validate::items("events", &self.events, 1, EVENTS.len())?;
        for event in &self.events {
            validate::one_of("events", event, EVENTS)?;
        }
        self.project_ids.as_ref().map_or(Ok(()), |ids| validate::items("projectIds", ids, 1, 50))
    }
}

/// createWebhook. An installation's webhook is stamped with its configuration and goes with it.
///
/// # Errors
/// 400 for a body that breaks the contract, a URL that Pintle does not send to, or a 21st account webhook; 404 for a project that the owner does not have.
pub async fn create(core: &Core, scope: &Scope, input: NewWebhook) -> Result<Created> {
    input.check()?;
    validate::admitted(core, "url", &input.url).await?;
    let now = core.clock.now();
    let secret = core.entropy.base62(24);
    let webhook = Webhook {
        id: WebhookId::new(&core.entropy),
        url: input.url,
        events: input.events,
        owner_id: scope.owner().clone(),
        created_at: now,
        updated_at: now,
        project_ids: input.project_ids,
    };
    let sealed = core.vault.seal(webhook.id.as_str(), secret.as_bytes(), &core.entropy)?;
    let doc = serde_json::to_string(&webhook)?;
    let (core, scope, record) = (core.clone(), scope.clone(), webhook.clone());
    core.clone()
        .db
        .write(async move |tx| {
            projects::require_all(tx, &scope, record.project_ids.as_deref().unwrap_or_default()).await?;
            let sql = "SELECT COUNT(*) FROM webhooks WHERE owner_id = $1 AND configuration_id IS NULL";
            let (count,): (i64,) = tx.one(sql, &params![scope.owner()]).await?;
            if scope.configuration().is_none() && count >= LIMIT {
                let text = format!("The limit of {LIMIT} webhooks is reached: remove one first");
                return Err(Error::bad_request(text).coded("webhooks_limit_reached"));
            }
            tx.execute(
                "INSERT INTO webhooks (id, owner_id, configuration_id, created_at, secret, doc)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &params![&record.id, scope.owner(), scope.configuration(), now, sealed.clone(), &doc],
            )
            .await
            .on_missing_parent(Error::invalid_token)?;
            let payload = json!({ "id": record.id, "url": record.url });
            let event = Event::new("webhook-created", format!("created webhook {}", record.url), payload);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await?;
    Ok(Created { webhook, secret })
}

/// An account's caller sees all of the owner's webhooks; an installation only its own.
const VISIBLE: &str = "owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR configuration_id = $2)";

/// getWebhooks: all of them, newest first, with the projects' metadata that the contract's second shape has.
pub async fn list(core: &Core, scope: &Scope, project: Option<&str>) -> Result<Vec<Webhook>> {
    let sql = format!("SELECT doc FROM webhooks WHERE {VISIBLE} ORDER BY created_at DESC, id DESC");
    let docs: Vec<(String,)> =
        core.db.read().await?.all(&sql, &params![scope.owner(), scope.configuration()]).await?;
    let mut webhooks =
        docs.iter().map(|(doc,)| serde_json::from_str(doc)).collect::<Result<Vec<Webhook>, _>>()?;
    if let Some(project) = project {
        let of_project = |ids: &Vec<ProjectId>| ids.iter().any(|id| id.as_str() == project);
        webhooks.retain(|webhook| webhook.project_ids.as_ref().is_none_or(of_project));
    }
    Ok(webhooks)
}

/// getWebhook: the stored document, as it goes on the wire.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<String> {
    let sql = format!("SELECT doc FROM webhooks WHERE {VISIBLE} AND id = $3");
    let row: Option<(String,)> =
        core.db.read().await?.opt(&sql, &params![scope.owner(), scope.configuration(), id]).await?;
    row.map(|(doc,)| doc).ok_or_else(|| Error::not_found("Webhook"))
}

/// deleteWebhook. What waits for it is not sent any more.
pub async fn delete(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let sql = format!("DELETE FROM webhooks WHERE {VISIBLE} AND id = $3 RETURNING doc");
            let row: Option<(String,)> =
                tx.opt(&sql, &params![scope.owner(), scope.configuration(), &id]).await?;
            let (doc,) = row.ok_or_else(|| Error::not_found("Webhook"))?;
            let webhook: Webhook = serde_json::from_str(&doc)?;
            deliveries::cancel_of(tx, webhook.id.as_str()).await?;
            let payload = json!({ "id": webhook.id, "url": webhook.url });
            let event = Event::new("webhook-deleted", format!("deleted webhook {}", webhook.url), payload);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await
}

/// Takes a project that is about to be deleted out of its owner's webhooks. One that named only this project is left with none: it
/// never widens to all.
pub(crate) async fn forget_project(tx: &Conn, project: &ProjectId) -> Result<()> {
    let sql = "SELECT doc FROM webhooks
      WHERE owner_id = (SELECT owner_id FROM projects WHERE id = $1) AND doc LIKE '%' || $1 || '%'";
    for (doc,) in tx.all::<(String,)>(sql, &params![project]).await? {
        let mut webhook: Webhook = serde_json::from_str(&doc)?;
        if let Some(ids) = &mut webhook.project_ids {
            ids.retain(|id| id != project);
        }
        let sql = "UPDATE webhooks SET doc = $2 WHERE id = $1";
        tx.execute(sql, &params![&webhook.id, serde_json::to_string(&webhook)?]).await?;
    }
    Ok(())
}

/// Makes the webhooks of an installation another owner's. One that named projects is left with none: they are the earlier owner's.
pub(crate) async fn hand_over(tx: &Conn, configuration: &ConfigurationId, to: &OwnerId) -> Result<()> {
    let sql = "SELECT doc FROM webhooks WHERE configuration_id = $1 ORDER BY id";
    for (doc,) in tx.all::<(String,)>(sql, &params![configuration]).await? {
        let mut webhook: Webhook = serde_json::from_str(&doc)?;
        webhook.owner_id = to.clone();
        webhook.project_ids.iter_mut().for_each(Vec::clear);
        let sql = "UPDATE webhooks SET owner_id = $2, doc = $3 WHERE id = $1";
        tx.execute(sql, &params![&webhook.id, to, serde_json::to_string(&webhook)?]).await?;
    }
    Ok(())
}

/// Every event that a webhook can subscribe to: the contract's, and those that newer clients know (semantics.md 5.5).
pub const EVENTS: &[&str] = &[
    "budget.reached",
    "budget.reset",
    "domain.created",
    "domain.dns.records.changed",
    "domain.transfer-in.started",
    "domain.transfer-in.completed",
    "domain.transfer-in.failed",
    "domain.certificate.add",
    "domain.certificate.add.failed",
    "domain.certificate.renew",
    "domain.certificate.renew.failed",
    "domain.certificate.deleted",
    "domain.renewal",
    "domain.renewal.failed",
    "domain.auto-renew.changed",
    "deployment.created",
    "deployment.cleanup",
    "deployment.error",
    "deployment.canceled",
    "deployment.succeeded",
    "deployment.ready",
    "deployment.check-rerequested",
    "deployment.promoted",
    "deployment.rollback",
    "deployment.blocked",
    "deployment.build-requested",
    "deployment.integration.action.start",
    "deployment.integration.action.cancel",
    "deployment.integration.action.cleanup",
    "deployment.checkrun.start",
    "deployment.checkrun.cancel",
    "deployment.checks.failed",
    "deployment.checks.succeeded",
    "edge-config.created",
    "edge-config.deleted",
    "edge-config.items.updated",
    "firewall.attack",
    "firewall.system-rule-anomaly",
    "firewall.custom-rule-anomaly",
    "function.archival-required",
    "function.removal-required",
    "alerts.triggered",
    "integration-configuration.permission-upgraded",
    "integration-configuration.removed",
    "integration-configuration.scope-change-confirmed",
    "integration-configuration.transferred",
    "integration-resource.project-connected",
    "integration-resource.project-disconnected",
    "project.created",
    "project.removed",
    "project.renamed",
    "project.env-variable.created",
    "project.env-variable.updated",
    "project.env-variable.deleted",
    "project.domain.created",
    "project.domain.updated",
    "project.domain.deleted",
    "project.domain.verified",
    "project.domain.unverified",
    "project.domain.moved",
    "project.rolling-release.started",
    "project.rolling-release.aborted",
    "project.rolling-release.completed",
    "project.rolling-release.approved",
    "marketplace.member.changed",
    "marketplace.invoice.created",
    "marketplace.invoice.paid",
    "marketplace.invoice.notpaid",
    "marketplace.invoice.refunded",
    "marketplace.invoice.overdue",
    "ai-gateway.balance-depleted",
    "ai-gateway.auto-reload.limit-reached",
    "botid.anomaly",
    "flag.created",
    "flag.updated",
    "flag.deleted",
    "observability.anomaly",
    "observability.anomaly-error",
    "observability.usage-anomaly",
    "observability.error-anomaly",
    "observability.anomaly-botId",
    "test-webhook",
    "deployment-checks-completed",
    "deployment-ready",
    "deployment-prepared",
    "deployment-error",
    "deployment-check-rerequested",
    "deployment-canceled",
    "project-created",
    "project-removed",
    "domain-created",
    "deployment",
    "integration-configuration-permission-updated",
    "integration-configuration-removed",
    "integration-configuration-scope-change-confirmed",
];

/// Names that events had before, and that can still be subscribed to.
const OLDER: &[(&str, &str)] = &[
    ("deployment.created", "deployment"),
    ("deployment.ready", "deployment-ready"),
    ("deployment.succeeded", "deployment-prepared"),
    ("deployment.error", "deployment-error"),
    ("deployment.canceled", "deployment-canceled"),
    ("deployment.check-rerequested", "deployment-check-rerequested"),
    ("deployment.checks.succeeded", "deployment-checks-completed"),
    ("project.created", "project-created"),
    ("project.removed", "project-removed"),
    ("domain.created", "domain-created"),
    ("integration-configuration.permission-upgraded", "integration-configuration-permission-updated"),
    ("integration-configuration.removed", "integration-configuration-removed"),
    ("integration-configuration.scope-change-confirmed", "integration-configuration-scope-change-confirmed"),
];

/// The name that an event has today.
pub(crate) fn name_today(event: &str) -> &str {
    OLDER.iter().find(|(_, older)| *older == event).map_or(event, |(today, _)| today)
}

/// The name that an event had before.
pub(crate) fn older_name(event: &str) -> Option<&'static str> {
    OLDER.iter().find(|(today, _)| *today == event).map(|(_, older)| *older)
}
