//! Installing (semantics.md 2): the consent page that a browser sees, the headless way for tests and CI, and the code exchange.

mod consent;
mod credentials;
mod imports;
mod message;
mod native;
mod onward;
mod page;
mod session;
mod sso;
mod start;
mod words;

use crate::body;
use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use axum::http::{HeaderValue, header};
use pintle_core::configurations::install::{self, Consent};
use pintle_core::configurations::{Projects, Source, exchange};
use pintle_core::ids::ProjectId;
use pintle_core::integrations::Kind;
use pintle_core::{Error, Result, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value;

routes! {
    "installIntegration": Post "/pintle/v1/integrations/{idOrSlug}/install", Install => headless;
    "exchangeCode": Post "/v2/oauth/access_token", Public => exchange;
    "showConsent": Get "/integrations/{slug}/new", Public => consent::show;
    "giveConsent": Post "/integrations/{slug}/new", Public => consent::give;
    "signInToConsent": Post "/integrations/{slug}/sign-in", Public => consent::sign_in;
    "signOutOfConsent": Post "/integrations/{slug}/sign-out", Public => consent::sign_out;
    "exchange-sso-token": Post "/v1/integrations/sso/token", Public => sso::exchange;
    "enterPartner": Get "/sso/integrations/{slug}/{configurationId}", Public => sso::enter;
    "goToPartner": Get "/integrations/{slug}/sso/{configurationId}", Public => sso::jump;
    "signOnAtPartner": Post "/pintle/v1/integrations/configurations/{configurationId}/sso", SignOn => sso::headless;
    "importAtPartner":
        Post "/pintle/v1/integrations/configurations/{configurationId}/imports", ConfigurationUpdate => imports::headless;
    "goToImport": Get "/integrations/{slug}/import/{configurationId}", Public => imports::go;
    "returnFromImport": Get "/integrations/{slug}/imported", Public => imports::back;
    "completeInstallation": Get "/integrations/{slug}/complete", Public => consent::complete;
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InstallBody {
    /// Absent: all projects.
    projects: Option<Vec<ProjectId>>,
    installation_type: Option<Kind>,
    source: Option<Source>,
    state: Option<String>,
    current_project_id: Option<ProjectId>,
    external_id: Option<String>,
}

/// Consents as the calling user, for the team in the query, and answers with what the browser would have been sent to.
async fn headless(call: Call, scope: Scope) -> Result<Reply> {
    let input: InstallBody = call.json()?;
    if input.installation_type == Some(Kind::Marketplace) {
        let text =
            "A native installation has no code: POST /v2/integrations/integration/{slug}/marketplace/install";
        return Err(Error::conflict("native_installation", text));
    }
    let consent = Consent {
        projects: input.projects.map_or(Projects::All, Projects::Selected),
        source: input.source,
        state: input.state,
        current_project: input.current_project_id,
        external_id: input.external_id,
        again: false,
        origin: call.origin(),
    };
    Reply::created(&install::install(&call.core, &scope, call.param("idOrSlug"), consent).await?)
}

/// The integration's server sends a form; JSON is taken too. Its id and secret may come by HTTP Basic.
async fn exchange(call: Call) -> Result<Reply> {
    let form = client_form(&call)?;
    answer_without_store(&exchange::exchange(&call.core, body::json(form.to_string().as_bytes())?).await?)
}

/// A token that nobody keeps on the way.
fn answer_without_store(token: &impl Serialize) -> Result<Reply> {
    Ok(Reply::json(token)?.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// The form or JSON with which an integration's server exchanges a code.
fn client_form(call: &Call) -> Result<Value> {
    let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|text| text.contains("json")) || call.body.starts_with(b"{");
    let mut form: Value = if is_json { body::json(&call.body) } else { body::form(&call.body) }?;
    if let (Some((id, secret)), Some(form)) = (credentials::basic(&call.headers), form.as_object_mut()) {
        form.entry("client_id").or_insert(id.into());
        form.entry("client_secret").or_insert(secret.into());
    }
    Ok(form)
}
