//! What a partner says of an installation: of its own accord (updateInstallation), or asked.

use super::plans::{BillingPlan, PlanScope};
use super::{Level, Notification};
use crate::configurations::{self, Configuration, Status};
use crate::events::{self, Event};
use crate::patch::Patch;
use crate::{Core, Error, Result, Scope, union, validate};
use pintle_store::Conn;
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};

/// The body of updateInstallation: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InstallationPatch {
    billing_plan: Option<Json>,
    #[serde(deserialize_with = "notification")]
    notification: Patch<Notification>,
    status: Option<Status>,
    external_id: Option<String>,
}

/// `null` clears it; a text alone, which the contract knows too, is its title.
fn notification<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patch<Notification>, D::Error> {
    match Json::deserialize(deserializer)? {
        Json::Null => Ok(Patch::Null),
        Json::String(title) => {
            Ok(Patch::Set(Notification { level: Level::Info, title, message: None, href: None }))
        }
        object => union::read(object).map(Patch::Set),
    }
}

impl InstallationPatch {
    /// The plan that an installation is on now, and what is to be read there with it.
    pub(super) fn of(billing_plan: Json, notification: Option<Notification>) -> Self {
        let notification = Patch::from(notification);
        Self { billing_plan: Some(billing_plan), notification, ..Self::default() }
    }

    /// What a partner answers when it is asked for an installation: its whole state.
    pub(super) fn told(body: &Json) -> Result<Self> {
        let notification = match body.get("notification") {
            None | Some(Json::Null) => Patch::Null,
            Some(told) => {
                Patch::Set(serde_json::from_value(told.clone()).map_err(|error| Error::invalid(&error))?)
            }
        };
        let billing_plan = body.get("billingPlan").filter(|plan| !plan.is_null()).cloned();
        Self { billing_plan, notification, ..Self::default() }.checked()
    }

    /// The same with nothing in its plan that the contract does not know.
    fn checked(mut self) -> Result<Self> {
        if let Some(plan) = &self.billing_plan {
            let plan = BillingPlan::told("billingPlan", plan, PlanScope::Installation)?;
            self.billing_plan = Some(serde_json::to_value(plan)?);
        }
        if let Patch::Set(notification) = &self.notification {
            notification.check()?;
        }
        self.external_id.as_deref().map_or(Ok(()), |id| validate::length("externalId", id, 256))?;
        Ok(self)
    }
}

/// updateInstallation.
///
/// # Errors
/// 400 for a body that breaks the contract; 404 where the installation is gone.
pub async fn update(core: &Core, scope: &Scope, patch: InstallationPatch) -> Result<()> {
    let patch = patch.checked()?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = configurations::load(tx, &scope, scope.partner()?).await?;
            apply(tx, &core, &scope, configuration, patch.clone()).await
        })
        .await
}

/// Writes down what a partner says of an installation.
pub(super) async fn apply(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    mut configuration: Configuration,
    patch: InstallationPatch,
) -> Result<()> {
    let now = core.clock.now();
    let InstallationPatch { billing_plan, notification, status, external_id } = patch;
    notification.apply(&mut configuration.notification);
    configuration.status = status.or(configuration.status);
    configuration.external_id = external_id.or(configuration.external_id);
    let changed = billing_plan.is_some() && billing_plan != configuration.billing_plan;
    configuration.billing_plan = billing_plan.or(configuration.billing_plan);
    configuration.updated_at = now;
    configuration.save(tx).await?;
    match &configuration.billing_plan {
        Some(plan) if changed => {
            let name = plan["name"].as_str().unwrap_or_default();
            let payload = json!({
                "configurationId": configuration.id, "integrationId": configuration.integration_id,
                "integrationSlug": configuration.slug, "ownerId": configuration.owner_id,
                "billingPlanId": plan["id"],
            });
            let text = format!("put {} on the plan {name}", configuration.slug);
            let event = Event::new("integration-installation-billing-plan-updated", text, payload);
            events::record(tx, core, scope, now, event).await.map(drop)
        }
        _ => Ok(()),
    }
}
