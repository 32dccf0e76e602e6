//! Configurations: installations of integrations, from consent to removal (semantics.md 2 and 3).

pub mod choice;
pub mod exchange;
pub mod install;
pub mod lifecycle;
pub mod removal;
pub mod scopes;
mod selection;

pub use selection::{Projects, project_access, select_projects, set_project_access};
pub(crate) use selection::{forget_project, require_selected};

use crate::clock::Millis;
use crate::ids::{ConfigurationId, IntegrationId, OwnerId, ProjectId, UserId};
use crate::integrations::{self, Integration};
use crate::marketplace::Notification;
use crate::marketplace::billing::terms;
use crate::marketplace::installations::closing;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is stored, and what the wire shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    pub id: ConfigurationId,
    pub integration_id: IntegrationId,
    /// The integration's slug.
    pub slug: String,
    pub owner_id: OwnerId,
    /// `null` for a personal account.
    pub team_id: Option<OwnerId>,
    /// The user who installed it, or took it over.
    pub user_id: UserId,
    pub scopes: Vec<String>,
    pub project_selection: Selection,
    /// Absent: all projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<ProjectId>>,
    pub source: Source,
    pub installation_type: integrations::Kind,
    #[serde(rename = "type")]
    pub kind: ConfigurationType,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// Set when the code was exchanged or the browser came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<DisabledReason>,
    /// Scopes that the integration has asked for since, not yet confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_queue: Vec<scopes::Request>,
    /// What the partner says of it; absent: ready, and for a connectable account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What the partner wants its users to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
    /// The plan of the whole installation, as the partner described it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_plan: Option<Json>,
    /// The partner's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    All,
    Selected,
}

/// What a partner says of an installation or a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ready,
    Pending,
    Onboarding,
    Suspended,
    Resumed,
    Uninstalled,
    Error,
}

/// Where an installation was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Marketplace,
    DeployButton,
    External,
    V0,
    ResourceClaims,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Marketplace => "marketplace",
            Source::DeployButton => "deploy-button",
            Source::External => "external",
            Source::V0 => "v0",
            Source::ResourceClaims => "resource-claims",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        use Source::*;
        [Marketplace, DeployButton, External, V0, ResourceClaims].into_iter().find(|s| s.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum ConfigurationType {
    #[serde(rename = "integration-configuration")]
    IntegrationConfiguration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisabledReason {
    DisabledByOwner,
    FeatureNotAvailable,
    DisabledByAdmin,
    OriginalOwnerLeftTheTeam,
    AccountPlanDowngrade,
    OriginalOwnerRoleDowngraded,
}

impl Configuration {
    /// `configuration` of a webhook payload: which projects it could see.
    pub fn summary(&self) -> Json {
        json!({
            "id": self.id,
            "projectSelection": self.project_selection,
            "projects": self.projects.as_deref().unwrap_or_default(),
        })
    }

    /// The payload of its audit entries (semantics.md 8.8).
    pub(crate) fn audit(&self, integration_name: &str) -> Json {
        json!({
            "configurationId": self.id, "integrationId": self.integration_id, "integrationSlug": self.slug,
            "integrationName": integration_name, "ownerId": self.owner_id, "projectIds": self.projects,
        })
    }

    /// # Errors
    /// 403 `integration_configuration_disabled`.
    pub(crate) fn require_enabled(&self) -> Result<()> {
        if self.disabled_at.is_some() {
            return Err(disabled());
        }
        Ok(())
    }

    /// Writes the document and the columns that are derived from it.
    pub(crate) async fn save(&self, tx: &Conn) -> Result<()> {
        tx.execute(
            "UPDATE configurations SET doc = $2, scopes = $3, selected = $4, disabled_at = $5, user_id = $6, owner_id = $7
             WHERE id = $1",
            &params![
                &self.id,
                serde_json::to_string(self)?,
                self.scopes.join(" "),
                self.project_selection == Selection::Selected,
                self.disabled_at,
                &self.user_id,
                &self.owner_id
            ],
        )
        .await?;
        match self.installation_type {
            integrations::Kind::Marketplace => {
                let plan = self.billing_plan.as_ref();
                terms::note(tx, &self.id, None, plan, self.updated_at).await
            }
            integrations::Kind::External => Ok(()),
        }
    }
}

/// What getConfigurations filters by.
#[derive(Debug, Default)]
pub struct Filter {
    pub installation_type: Option<integrations::Kind>,
    pub integration_id_or_slug: Option<String>,
}

/// getConfiguration: the stored document, as it goes on the wire; also of one that is removed and not closed. An installation sees
/// only itself.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<String> {
    let own = scope.configuration().is_none_or(|own| own.as_str() == id);
    let sql = "SELECT doc FROM configurations WHERE id = $1 AND owner_id = $2";
    let conn = core.db.read().await?;
    let row: Option<(String,)> = conn.opt(sql, &params![id, scope.owner()]).await?;
    match row {
        Some((doc,)) if own => Ok(doc),
        None if own => closing::removed(&conn, scope, id).await,
        _ => Err(not_found()),
    }
}

pub(crate) fn not_found() -> Error {
    Error::not_found("Integration configuration")
}

/// What a disabled installation's token gets, and whoever would go on with such an installation.
pub(crate) fn disabled() -> Error {
    Error::forbidden("The integration configuration is disabled").coded("integration_configuration_disabled")
}

/// The configuration as a record, for a change in this transaction.
pub(crate) async fn load(tx: &Conn, scope: &Scope, id: &ConfigurationId) -> Result<Configuration> {
    if scope.configuration().is_some_and(|own| own != id) {
        return Err(not_found());
    }
    let sql = "SELECT doc FROM configurations WHERE id = $1 AND owner_id = $2";
    let row: Option<(String,)> = tx.opt(sql, &params![id, scope.owner()]).await?;
    let (doc,) = row.ok_or_else(not_found)?;
    Ok(serde_json::from_str(&doc)?)
}

/// A marketplace installation that its partner has taken, for something new in it.
///
/// # Errors
/// 404 for an unknown configuration; 400 for a connectable account; 403 for a disabled one; 409 `installation_pending` before the partner
/// has taken it.
pub(crate) async fn require_native(tx: &Conn, scope: &Scope, id: &ConfigurationId) -> Result<Configuration> {
    let configuration = load(tx, scope, id).await?;
    if configuration.installation_type != integrations::Kind::Marketplace {
        return Err(Error::bad_request("Only an installation of a native integration has resources"));
    }
    configuration.require_enabled()?;
    if configuration.completed_at.is_none() {
        let text = "The integration's partner has not taken the installation yet";
        return Err(Error::conflict("installation_pending", text));
    }
    Ok(configuration)
}

/// getConfigurations, newest first, each with its integration. An installation sees only itself.
pub async fn list(core: &Core, scope: &Scope, filter: Filter) -> Result<Vec<(Configuration, Integration)>> {
    let sql = "SELECT c.doc, i.doc FROM configurations c JOIN integrations i ON i.id = c.integration_id
      WHERE c.owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR c.id = $2) AND (CAST($3 AS TEXT) IS NULL OR c.installation_type = $3)
        AND (CAST($4 AS TEXT) IS NULL OR i.id = $4 OR i.slug = $4) ORDER BY c.created_at DESC, c.id DESC";
    let kind = filter.installation_type.map(integrations::Kind::as_str);
    let params = params![scope.owner(), scope.configuration(), kind, filter.integration_id_or_slug];
    let rows: Vec<(String, String)> = core.db.read().await?.all(sql, &params).await?;
    rows.iter().map(|(doc, app)| Ok((serde_json::from_str(doc)?, serde_json::from_str(app)?))).collect()
}
