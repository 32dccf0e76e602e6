//! What a partner tells of a resource: in an import, an update, or its answer to a request for one.

use super::record::{Ownership, Resource};
use super::secrets::{self, Secret};
use crate::clock::Millis;
use crate::configurations::Status;
use crate::marketplace::Notification;
use crate::marketplace::plans::{BillingPlan, PlanScope};
use crate::patch::Patch;
use crate::shape::{Field, Shape, object, optional};
use crate::{Error, Result, validate, violation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// What is absent stays as it is. Partners send more than the contract says; that is not kept.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Told {
    /// An id or a slug.
    pub product_id: Option<String>,
    pub name: Option<String>,
    pub ownership: Option<Ownership>,
    pub status: Option<Status>,
    pub metadata: Option<Map<String, Json>>,
    pub billing_plan: Option<Json>,
    pub notification: Patch<Notification>,
    pub protocol_settings: Option<Map<String, Json>>,
    pub extras: Option<Map<String, Json>>,
    /// All of them.
    pub secrets: Option<Vec<Secret>>,
}

static PROTOCOL_SETTINGS: &[Field] = &[optional(
    "experimentation",
    Shape::Open(&[
        optional("edgeConfigSyncingEnabled", Shape::Boolean),
        optional("edgeConfigId", Shape::Text(256)),
        optional("edgeConfigTokenId", Shape::Text(256)),
    ]),
)];

impl Told {
    /// What a partner answered, `null` for nothing.
    ///
    /// # Errors
    /// As `checked`.
    pub(super) fn read(body: &Json) -> Result<Self> {
        read::<Self>(body)?.checked()
    }

    /// The same with nothing in its plan that the contract does not know.
    ///
    /// # Errors
    /// 400 for the first field that breaks the contract.
    pub(super) fn checked(mut self) -> Result<Self> {
        if let Some(name) = &self.name {
            validate::length("name", name, 128)?;
        }
        if let Some(metadata) = &self.metadata {
            check_metadata(metadata)?;
        }
        if let Some(plan) = &self.billing_plan {
            let plan = BillingPlan::told("billingPlan", plan, PlanScope::Resource)?;
            self.billing_plan = Some(serde_json::to_value(plan)?);
        }
        if let Some(settings) = &self.protocol_settings {
            object("protocolSettings", settings, PROTOCOL_SETTINGS)?;
        }
        if let Patch::Set(notification) = &self.notification {
            notification.check()?;
        }
        secrets::check(self.secrets.as_deref().unwrap_or_default())?;
        Ok(self)
    }

    /// Changes what it tells of, but for the name, the product and the secrets: those concern others too.
    pub(super) fn apply(&self, resource: &mut Resource, now: Millis) {
        let told = self.clone();
        resource.ownership = told.ownership.unwrap_or(resource.ownership);
        resource.status = told.status.or(resource.status);
        resource.metadata = told.metadata.unwrap_or_else(|| std::mem::take(&mut resource.metadata));
        resource.billing_plan = told.billing_plan.or(resource.billing_plan.take());
        resource.protocol_settings =
            told.protocol_settings.map(Json::Object).or(resource.protocol_settings.take());
        resource.extras = told.extras.map(Json::Object).or(resource.extras.take());
        told.notification.apply(&mut resource.notification);
        resource.updated_at = now;
    }
}

/// Reads an answer of a partner, `null` for nothing. An error says where it is wrong and never what stands there: that may be a secret.
///
/// # Errors
/// 400 for the first field that breaks the contract.
pub(super) fn read<T: Default + DeserializeOwned>(body: &Json) -> Result<T> {
    match body {
        Json::Null => Ok(T::default()),
        body => serde_path_to_error::deserialize(body).map_err(|error| {
            let path = error.path().to_string();
            Error::invalid(violation::of(&path, &error.inner().to_string()))
        }),
    }
}

/// That the values are what metadata can be (semantics.md 1.4).
fn check_metadata(metadata: &Map<String, Json>) -> Result<()> {
    let all = |list: &[Json], is: fn(&Json) -> bool| list.iter().all(is);
    for (key, value) in metadata {
        let good = match value {
            Json::String(_) | Json::Number(_) | Json::Bool(_) => true,
            Json::Array(list) => all(list, Json::is_string) || all(list, Json::is_number),
            Json::Null | Json::Object(_) => false,
        };
        if !good {
            let text = format_args!(
                "`metadata.{key}` should be string, number, boolean, or an array of one of the first two."
            );
            return Err(Error::invalid(text));
        }
    }
    Ok(())
}
