//! Installing: the headless way for tests and CI, and the code exchange (semantics.md 2).

use crate::body;
use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::header;
use pintle_core::configurations::install::{self, Consent};
use pintle_core::configurations::{Projects, Source};
use pintle_core::ids::ProjectId;
use pintle_core::{Error, Result, Scope, integrations};
use serde::Deserialize;

routes! {
    "installIntegration": Post "/pintle/v1/integrations/{idOrSlug}/install", Install => headless;
    "exchangeCode": Post "/v2/oauth/access_token", Public => exchange;
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InstallBody {
    /// Absent: all projects.
    projects: Option<Vec<ProjectId>>,
    #[serde(default)]
    source: Source,
    state: Option<String>,
    current_project_id: Option<String>,
    external_id: Option<String>,
}

/// Consents as the calling user, for the team in the query, and answers with what the browser would have been sent to.
async fn headless(call: Call, scope: Scope) -> Result<Reply> {
    let input: InstallBody = call.json()?;
    let found = integrations::find(&call.core.db.read().await?, call.param("idOrSlug")).await?;
    let integration = found.ok_or_else(|| Error::not_found("Integration"))?;
    let consent = Consent {
        projects: input.projects.map_or(Projects::All, Projects::Selected),
        source: input.source,
        state: input.state,
        current_project: input.current_project_id,
        external_id: input.external_id,
        origin: call.origin.clone(),
    };
    Reply::created(&install::install(&call.core, &scope, &integration, consent).await?)
}

/// The integration's server sends a form; JSON is taken too.
async fn exchange(call: Call) -> Result<Reply> {
    let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|text| text.contains("json")) || call.body.starts_with(b"{");
    let form = if is_json { body::json(&call.body) } else { body::form(&call.body) }?;
    Reply::json(&install::exchange(&call.core, form).await?)
}
