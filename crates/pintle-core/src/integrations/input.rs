//! What the bodies of the registry say of an integration.

use super::{Integration, Kind, Listing};
use crate::Result;
use crate::patch::Patch;
use serde::Deserialize;

/// The body of a creation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewIntegration {
    pub name: String,
    pub slug: Option<String>,
    #[serde(default)]
    pub kind: Kind,
    pub icon: Option<String>,
    pub description: Option<String>,
    pub website: Option<String>,
    pub redirect_url: Option<String>,
    pub webhook_url: Option<String>,
    #[serde(default)]
    pub events: Vec<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
    pub configuration_url: Option<String>,
    pub base_url: Option<String>,
    pub redirect_login_url: Option<String>,
    pub import_resource_url: Option<String>,
    #[serde(default)]
    pub installation_level_billing_plans: bool,
    pub eula_url: Option<String>,
    pub privacy_url: Option<String>,
    #[serde(default)]
    pub listing: Listing,
}

/// The body of an update: what is absent stays, `null` clears.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationPatch {
    #[serde(default)]
    pub name: Patch<String>,
    #[serde(default)]
    pub slug: Patch<String>,
    #[serde(default)]
    pub icon: Patch<String>,
    #[serde(default)]
    pub description: Patch<String>,
    #[serde(default)]
    pub website: Patch<String>,
    #[serde(default)]
    pub redirect_url: Patch<String>,
    #[serde(default)]
    pub webhook_url: Patch<String>,
    #[serde(default)]
    pub events: Patch<Vec<String>>,
    #[serde(default)]
    pub scopes: Patch<Vec<String>>,
    #[serde(default)]
    pub configuration_url: Patch<String>,
    #[serde(default)]
    pub base_url: Patch<String>,
    #[serde(default)]
    pub redirect_login_url: Patch<String>,
    #[serde(default)]
    pub import_resource_url: Patch<String>,
    #[serde(default)]
    pub installation_level_billing_plans: Patch<bool>,
    #[serde(default)]
    pub eula_url: Patch<String>,
    #[serde(default)]
    pub privacy_url: Patch<String>,
    /// Replaces the whole listing.
    #[serde(default)]
    pub listing: Patch<Listing>,
    /// Shown to the installing users when a scope is added (semantics.md 1.3).
    pub note: Option<String>,
}

impl IntegrationPatch {
    pub(crate) fn apply(self, integration: &mut Integration) -> Result<()> {
        self.name.replace("name", "string", &mut integration.name)?;
        self.slug.replace("slug", "string", &mut integration.slug)?;
        self.icon.replace("icon", "string", &mut integration.icon)?;
        self.events.replace("events", "array", &mut integration.events)?;
        self.scopes.replace("scopes", "array", &mut integration.scopes)?;
        self.description.apply(&mut integration.description);
        self.website.apply(&mut integration.website);
        self.redirect_url.apply(&mut integration.redirect_url);
        self.webhook_url.apply(&mut integration.webhook_url);
        self.configuration_url.apply(&mut integration.configuration_url);
        self.base_url.apply(&mut integration.base_url);
        self.redirect_login_url.apply(&mut integration.redirect_login_url);
        self.import_resource_url.apply(&mut integration.import_resource_url);
        self.eula_url.apply(&mut integration.eula_url);
        self.privacy_url.apply(&mut integration.privacy_url);
        let by_installation = &mut integration.installation_level_billing_plans;
        self.installation_level_billing_plans.replace(
            "installationLevelBillingPlans",
            "boolean",
            by_installation,
        )?;
        self.listing.replace("listing", "object", &mut integration.listing)?;
        integration.check()
    }
}
