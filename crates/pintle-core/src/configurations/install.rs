//! The beginning: consent, the code, and its exchange for an access token (semantics.md 2).

use super::{Configuration, ConfigurationType, Projects, Selection, Source, grant, not_found};
use crate::clock::{MINUTE, Millis};
use crate::credential::{self, Prefix};
use crate::events::{self, Event};
use crate::ids::ConfigurationId;
use crate::integrations::{self, Integration};
use crate::{Core, Error, OnConstraint, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

/// How long a code can be exchanged.
pub const CODE_LIFETIME: Millis = 30 * MINUTE;

/// What consent decides.
#[derive(Debug, Clone)]
pub struct Consent {
    pub projects: Projects,
    pub source: Source,
    /// Opaque to Pintle: echoed to the redirect URL of an external start.
    pub state: Option<String>,
    /// For a deploy button: echoed to the redirect URL.
    pub current_project: Option<String>,
    pub external_id: Option<String>,
    /// Where Pintle is reached, for the URL that completes the installation.
    pub origin: String,
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

/// Installs an integration for the scope's owner, and makes the code that its server exchanges.
///
/// # Errors
/// 404 for an unknown integration or project; 409 `integration_already_installed`, naming the configuration, except from a
/// deploy button, which continues with the existing installation.
pub async fn install(
    core: &Core,
    scope: &Scope,
    integration: &Integration,
    consent: Consent,
) -> Result<Installed> {
    let now = core.clock.now();
    let code = core.entropy.base62(24);
    let hash = credential::hash(&code);
    let fresh = new_configuration(core, scope, integration, &consent, now)?;
    let (core, scope, app) = (core.clone(), scope.clone(), integration.clone());
    let (origin, source) = (consent.origin.clone(), consent.source);
    let configuration = core
        .clone()
        .db
        .write(async move |tx| {
            let existing = existing(tx, &scope, &app).await?;
            let configuration = match existing {
                Some(configuration) if source == Source::DeployButton => configuration,
                Some(other) => {
                    let text = format!("{} is already installed as {}", app.name, other.id);
                    let error = Error::conflict("integration_already_installed", text);
                    return Err(error.with("configurationId", other.id.as_str()));
                }
                None => {
                    insert(tx, &scope, &fresh).await?;
                    let text = format!("installed {}", app.name);
                    let event =
                        Event::new("integration-installation-completed", text, fresh.audit(&app.name));
                    events::record(tx, &core, &scope, now, event).await?;
                    fresh.clone()
                }
            };
            let redirect = app.redirect_url.as_deref().unwrap_or_default();
            tx.execute(
                "INSERT INTO codes (id, configuration_id, redirect_uri, expires_at) VALUES ($1, $2, $3, $4)",
                &params![&hash, &configuration.id, redirect, now + CODE_LIFETIME],
            )
            .await?;
            Ok(configuration)
        })
        .await?;
    let redirect_url = redirect_url(integration, &configuration, &code, &origin, &consent)?;
    Ok(Installed { configuration, code, redirect_url })
}

fn new_configuration(
    core: &Core,
    scope: &Scope,
    app: &Integration,
    consent: &Consent,
    now: Millis,
) -> Result<Configuration> {
    let projects = match &consent.projects {
        Projects::All => None,
        Projects::Selected(projects) => Some(projects.clone()),
    };
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
        source: consent.source,
        installation_type: app.kind,
        kind: ConfigurationType::IntegrationConfiguration,
        created_at: now,
        updated_at: now,
        completed_at: None,
        disabled_at: None,
        disabled_reason: None,
        scopes_queue: Vec::new(),
    })
}

async fn existing(tx: &Conn, scope: &Scope, app: &Integration) -> Result<Option<Configuration>> {
    let sql = "SELECT doc FROM configurations WHERE owner_id = $1 AND integration_id = $2 AND installation_type = $3";
    let row: Option<(String,)> = tx.opt(sql, &params![scope.owner(), &app.id, app.kind.as_str()]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

async fn insert(tx: &Conn, scope: &Scope, configuration: &Configuration) -> Result<()> {
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
    .on_missing_parent(|| Error::not_found("Integration"))?;
    grant(tx, scope, &configuration.id, configuration.projects.as_deref()).await
}

/// The redirect's parameters (semantics.md 2.1), which differ by source.
fn redirect_url(
    app: &Integration,
    configuration: &Configuration,
    code: &str,
    origin: &str,
    consent: &Consent,
) -> Result<Option<String>> {
    let Some(redirect) = &app.redirect_url else { return Ok(None) };
    let mut url = Url::parse(redirect).map_err(|error| Error::internal(format!("{redirect}: {error}")))?;
    let source = serde_json::to_value(consent.source)?;
    let next = format!("{origin}/integrations/{}/complete?configurationId={}", app.slug, configuration.id);
    let mut query = url.query_pairs_mut();
    query.append_pair("code", code).append_pair("configurationId", configuration.id.as_str());
    if let Some(team) = &configuration.team_id {
        query.append_pair("teamId", team.as_str());
    }
    query.append_pair("next", &next).append_pair("source", source.as_str().unwrap_or_default());
    match consent.source {
        Source::External => {
            if let Some(state) = &consent.state {
                query.append_pair("state", state);
            }
        }
        Source::DeployButton => {
            if let Some(project) = &consent.current_project {
                query.append_pair("currentProjectId", project);
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

/// Notes that an installation is complete, the first time the browser comes back or the code is exchanged.
pub async fn complete(core: &Core, slug: &str, id: ConfigurationId) -> Result<Configuration> {
    let now = core.clock.now();
    let slug = slug.to_owned();
    core.db.write(async move |tx| mark_complete(tx, &id, now).await).await.and_then(|configuration| {
        if configuration.slug == slug { Ok(configuration) } else { Err(not_found()) }
    })
}

async fn mark_complete(tx: &Conn, id: &ConfigurationId, now: Millis) -> Result<Configuration> {
    let row: Option<(String,)> = tx.opt("SELECT doc FROM configurations WHERE id = $1", &params![id]).await?;
    let (doc,) = row.ok_or_else(not_found)?;
    let mut configuration: Configuration = serde_json::from_str(&doc)?;
    if configuration.completed_at.is_none() {
        configuration.completed_at = Some(now);
        configuration.save(tx).await?;
    }
    Ok(configuration)
}

/// The form of `POST /v2/oauth/access_token`.
#[derive(Debug, Clone, Deserialize)]
pub struct Exchange {
    pub client_id: String,
    pub client_secret: String,
    pub code: String,
    #[serde(default)]
    pub redirect_uri: String,
}

/// The exact five keys that clients validate; `team_id` is `null` for a personal account.
#[derive(Debug, Serialize)]
pub struct AccessToken {
    pub token_type: &'static str,
    pub access_token: String,
    pub installation_id: ConfigurationId,
    pub user_id: String,
    pub team_id: Option<String>,
}

/// Exchanges a code for the installation's access token. A code works once; a failed exchange does not spend it.
///
/// # Errors
/// 400 `invalid_client` for a wrong client id or secret; 400 `invalid_grant` for a code that is unknown, spent, expired, another
/// client's, or a redirect URI that is not the one the code was made for.
pub async fn exchange(core: &Core, form: Exchange) -> Result<AccessToken> {
    let now = core.clock.now();
    let token = credential::token(Prefix::Installation, &core.entropy);
    let (core, id) = (core.clone(), credential::hash(&token));
    let hash = credential::hash(&form.code);
    let configuration = core
        .clone()
        .db
        .write(async move |tx| {
            check_client(tx, &core, &form).await?;
            let grant = |text: &str| Error::bad_request(text).coded("invalid_grant");
            let sql = "DELETE FROM codes WHERE id = $1 RETURNING configuration_id, redirect_uri, expires_at";
            let row: Option<(String, String, i64)> = tx.opt(sql, &params![&hash]).await?;
            let (configuration, redirect_uri, expires_at) = row
                .filter(|row| row.2 > now)
                .ok_or_else(|| grant("The code is unknown, spent or expired"))?;
            debug_assert!(expires_at > now);
            if redirect_uri != form.redirect_uri {
                return Err(grant("`redirect_uri` is not the URL that the code was sent to"));
            }
            let configuration = mark_complete(tx, &ConfigurationId::from(configuration), now).await?;
            if configuration.integration_id.as_str() != form.client_id {
                return Err(grant("The code was made for another client"));
            }
            tx.execute(
                "INSERT INTO tokens (id, user_id, team_id, configuration_id, created_at, active_at, doc)
                 VALUES ($1, $2, $3, $4, $5, $5, $6)",
                &params![
                    &id,
                    &configuration.user_id,
                    configuration.team_id.as_ref(),
                    &configuration.id,
                    now,
                    json!({ "id": id, "name": configuration.slug, "type": "oauth2-token" }).to_string()
                ],
            )
            .await?;
            Ok(configuration)
        })
        .await?;
    Ok(AccessToken {
        token_type: "Bearer",
        access_token: token,
        installation_id: configuration.id,
        user_id: configuration.user_id.to_string(),
        team_id: configuration.team_id.map(|id| id.to_string()),
    })
}

async fn check_client(tx: &Conn, core: &Core, form: &Exchange) -> Result<()> {
    let wrong = || Error::bad_request("The client id or client secret is wrong").coded("invalid_client");
    let app = integrations::find(tx, &form.client_id).await?.filter(|app| app.id.as_str() == form.client_id);
    let app = app.ok_or_else(wrong)?;
    let secret = integrations::client_secret(tx, core, &app.id).await?;
    // Compared as hashes, so that the time taken tells nothing of the secret.
    if credential::hash(&secret) == credential::hash(&form.client_secret) { Ok(()) } else { Err(wrong()) }
}
