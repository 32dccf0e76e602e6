//! Installing: the headless way for tests and CI, and the code exchange (semantics.md 2).

use crate::body;
use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use pintle_core::configurations::install::{self, Consent};
use pintle_core::configurations::{Projects, Source, exchange};
use pintle_core::ids::ProjectId;
use pintle_core::{Result, Scope};
use serde::Deserialize;
use serde_json::Value;

routes! {
    "installIntegration": Post "/pintle/v1/integrations/{idOrSlug}/install", Install => headless;
    "exchangeCode": Post "/v2/oauth/access_token", Public => exchange;
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InstallBody {
    /// Absent: all projects.
    projects: Option<Vec<ProjectId>>,
    source: Option<Source>,
    state: Option<String>,
    current_project_id: Option<ProjectId>,
    external_id: Option<String>,
}

/// Consents as the calling user, for the team in the query, and answers with what the browser would have been sent to.
async fn headless(call: Call, scope: Scope) -> Result<Reply> {
    let input: InstallBody = call.json()?;
    let consent = Consent {
        projects: input.projects.map_or(Projects::All, Projects::Selected),
        source: input.source,
        state: input.state,
        current_project: input.current_project_id,
        external_id: input.external_id,
        again: false,
        origin: call.origin.clone(),
    };
    Reply::created(&install::install(&call.core, &scope, call.param("idOrSlug"), consent).await?)
}

/// The integration's server sends a form; JSON is taken too. Its id and secret may come by HTTP Basic.
async fn exchange(call: Call) -> Result<Reply> {
    let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|text| text.contains("json")) || call.body.starts_with(b"{");
    let mut form: Value = if is_json { body::json(&call.body) } else { body::form(&call.body) }?;
    if let (Some((id, secret)), Some(form)) = (basic(&call.headers), form.as_object_mut()) {
        form.entry("client_id").or_insert(id.into());
        form.entry("client_secret").or_insert(secret.into());
    }
    let token = exchange::exchange(&call.core, body::json(form.to_string().as_bytes())?).await?;
    Ok(Reply::json(&token)?.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// `Authorization: Basic`, each half form-encoded as OAuth 2.0 has it.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, encoded) = text.split_once(' ')?;
    let decoded = BASE64.decode(encoded.trim()).ok().filter(|_| kind.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    Some((decode(id)?, decode(secret)?))
}
