//! The beginning: consent, and the code that the integration's server exchanges (semantics.md 2.1).

use super::selection::grant;
use super::{Configuration, ConfigurationType, Projects, Selection, Source};
use crate::clock::{MINUTE, Millis};
use crate::credential;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, ProjectId};
use crate::integrations::{self, Integration, Kind};
use crate::permissions::Permission;
use crate::teams::members;
use crate::{Core, Error, OnConstraint, Result, Scope, projects, validate};
use pintle_store::{Conn, Error as StoreError, params};
use serde::Serialize;
use url::Url;

/// How long a code can be exchanged.
pub const CODE_LIFETIME: Millis = 30 * MINUTE;

/// What consent decides.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    pub projects: Projects,
    /// Absent: what the integration is. A native one that has a redirect URL can be installed as a connectable account too, and both may
    /// be there at once.
    /// Absent: `marketplace` for a native installation, else `external`.
    pub source: Option<Source>,
    /// Opaque to Pintle: echoed to the redirect URL of an external start.
    pub state: Option<String>,
    /// For a deploy button: echoed to the redirect URL.
    pub current_project: Option<ProjectId>,
    pub external_id: Option<String>,
    /// Go on with the installation that exists, where one does. A deploy button always does.
    pub again: bool,
    /// Where Pintle is reached, for the URL that completes the installation.
    pub origin: String,
}

impl Consent {
    fn source(&self) -> Source {
        self.source.unwrap_or(Source::External)
    }

    fn check(&self) -> Result<()> {
        if let Projects::Selected(projects) = &self.projects {
            validate::items("projects", projects, 1, 1_000)?;
        }
        self.state.as_ref().map_or(Ok(()), |state| validate::at_most("state", state, 2_048))?;
        self.external_id.as_ref().map_or(Ok(()), |id| validate::at_most("externalId", id, 256))
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    pub configuration: Configuration,
    /// To be exchanged within 30 minutes, once.
    pub code: String,
    /// The integration's redirect URL with its parameters; absent where the integration has none.
    pub redirect_url: Option<String>,
}

/// Installs an integration, named by id or slug, for the scope's owner, and makes the code that its server exchanges.
///
/// # Errors
/// 404 for an unknown integration or project; 409 `integration_already_installed`, naming the configuration, unless the consent is
/// to go on with it; 409 `not_connectable`; 403 `integration_configuration_disabled` where that is disabled.
pub async fn install(core: &Core, scope: &Scope, id_or_slug: &str, consent: Consent) -> Result<Installed> {
    consent.check()?;
    let (core, scope, id_or_slug) = (core.clone(), scope.clone(), id_or_slug.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            members::require_still(tx, &scope, Permission::Install).await?;
            let app = integrations::require(tx, &id_or_slug).await?;
            if let Some(project) = &consent.current_project {
                projects::require_all(tx, &scope, std::slice::from_ref(project)).await?;
            }
            require_connectable(&app)?;
            let configuration = match existing(tx, &scope, &app, Kind::External).await? {
                Some(other) => go_on(other, &app, &consent)?,
                None => begin(tx, &core, &scope, &app, &consent).await?,
            };
            let code = new_code(tx, &core, &app, &configuration).await?;
            let redirect_url = redirect_url(&app, &configuration, &code, &consent)?;
            Ok(Installed { configuration, code, redirect_url })
        })
        .await
}

/// # Errors
/// 409 `not_connectable` for an integration that is native only.
fn require_connectable(app: &Integration) -> Result<()> {
    if app.kind == Kind::External || app.redirect_url.is_some() {
        return Ok(());
    }
    let text = format!(
        "{} has no redirect URL, so it can be installed natively only: POST /v2/integrations/integration/{}/marketplace/install",
        app.name, app.slug
    );
    Err(Error::conflict("not_connectable", text))
}

async fn begin(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    app: &Integration,
    consent: &Consent,
) -> Result<Configuration> {
    let (source, projects) = (consent.source(), consent.projects.clone());
    let fresh = new_configuration(core, scope, app, Kind::External, source, projects)?;
    insert(tx, scope, &fresh).await?;
    let text = format!("installed {}", app.name);
    let event = Event::new("integration-installation-completed", text, fresh.audit(&app.name));
    events::record(tx, core, scope, fresh.created_at, event).await?;
    Ok(fresh)
}

async fn new_code(
    tx: &Conn,
    core: &Core,
    app: &Integration,
    configuration: &Configuration,
) -> Result<String> {
    let code = core.entropy.base62(24);
    let redirect = app.redirect_url.as_deref().unwrap_or_default();
    let expires_at = core.clock.now() + CODE_LIFETIME;
    tx.execute(
        "INSERT INTO codes (id, configuration_id, redirect_uri, expires_at) VALUES ($1, $2, $3, $4)",
        &params![credential::hash(&code), &configuration.id, redirect, expires_at],
    )
    .await?;
    Ok(code)
}

/// The installation that exists already, where the consent is to go on with it.
fn go_on(other: Configuration, app: &Integration, consent: &Consent) -> Result<Configuration> {
    if !consent.again && consent.source != Some(Source::DeployButton) {
        return Err(already_installed(app, &other));
    }
    other.require_enabled()?;
    Ok(other)
}

pub(crate) fn already_installed(app: &Integration, other: &Configuration) -> Error {
    let text = format!("{} is already installed as {}", app.name, other.id);
    Error::conflict("integration_already_installed", text).with("configurationId", other.id.as_str())
}

/// A record that is not stored yet.
pub(crate) fn new_configuration(
    core: &Core,
    scope: &Scope,
    app: &Integration,
    kind: Kind,
    source: Source,
    projects: Projects,
) -> Result<Configuration> {
    let now = core.clock.now();
    let projects = projects.selection();
    Ok(Configuration {
        id: ConfigurationId::new(&core.entropy),
        integration_id: app.id.clone(),
        slug: app.slug.clone(),
        owner_id: scope.owner().clone(),
        team_id: scope.team_id(),
        user_id: scope
            .user()
            .cloned()
            .ok_or_else(|| Error::forbidden("Only a user can install an integration"))?,
        scopes: app.scopes.clone(),
        project_selection: if projects.is_some() { Selection::Selected } else { Selection::All },
        projects,
        source,
        installation_type: kind,
        kind: ConfigurationType::IntegrationConfiguration,
        created_at: now,
        updated_at: now,
        // Without a redirect URL nobody comes back to complete it.
        completed_at: app.redirect_url.is_none().then_some(now),
        disabled_at: None,
        disabled_reason: None,
        scopes_queue: Vec::new(),
        status: None,
        notification: None,
        billing_plan: None,
        external_id: None,
    })
}

/// The installation of this integration that the scope's owner has.
pub async fn existing(
    conn: &Conn,
    scope: &Scope,
    app: &Integration,
    kind: Kind,
) -> Result<Option<Configuration>> {
    let sql = "SELECT doc FROM configurations WHERE owner_id = $1 AND integration_id = $2 AND installation_type = $3";
    let row: Option<(String,)> = conn.opt(sql, &params![scope.owner(), &app.id, kind.as_str()]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

pub(crate) async fn insert(tx: &Conn, scope: &Scope, configuration: &Configuration) -> Result<()> {
    tx.execute(
        "INSERT INTO configurations
           (id, owner_id, integration_id, user_id, installation_type, scopes, selected, created_at, doc)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &params![
            &configuration.id,
            scope.owner(),
            &configuration.integration_id,
            &configuration.user_id,
            configuration.installation_type.as_str(),
            configuration.scopes.join(" "),
            configuration.project_selection == Selection::Selected,
            configuration.created_at,
            serde_json::to_string(configuration)?
        ],
    )
    .await
    // Somebody installed it since it was looked for: start again, and find that one.
    .on_unique("configurations_owner_id_integration_id_installation_type_key", || StoreError::Retry.into())
    .on_missing_parent(|| Error::not_found("Integration"))?;
    let selected = configuration.projects.as_deref();
    projects::require_all(tx, scope, selected.unwrap_or_default()).await?;
    grant(tx, &configuration.id, selected).await
}

/// The redirect's parameters (semantics.md 2.1), which differ by source.
fn redirect_url(
    app: &Integration,
    configuration: &Configuration,
    code: &str,
    consent: &Consent,
) -> Result<Option<String>> {
    let Some(redirect) = &app.redirect_url else { return Ok(None) };
    let mut url = Url::parse(redirect).map_err(|error| Error::internal(format!("{redirect}: {error}")))?;
    let source = consent.source();
    let next =
        format!("{}/integrations/{}/complete?configurationId={}", consent.origin, app.slug, configuration.id);
    let mut query = url.query_pairs_mut();
    query.append_pair("code", code).append_pair("configurationId", configuration.id.as_str());
    if let Some(team) = &configuration.team_id {
        query.append_pair("teamId", team.as_str());
    }
    query.append_pair("next", &next).append_pair("source", source.as_str());
    match source {
        Source::External => {
            if let Some(state) = &consent.state {
                query.append_pair("state", state);
            }
        }
        Source::DeployButton => {
            if let Some(project) = &consent.current_project {
                query.append_pair("currentProjectId", project.as_str());
            }
            if let Some(id) = &consent.external_id {
                query.append_pair("external-id", id);
            }
        }
        _ => {}
    }
    drop(query);
    Ok(Some(url.into()))
}
