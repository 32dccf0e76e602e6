//! On to the partner, signed in there (semantics.md 4.7).
//!
//! The address that the platform has for this is outside of the consent pages, and so without the cookie of whoever is signed in on
//! them: it leads on to one that is among them.

use super::consent::{as_page, find};
use super::page;
use super::session::Session;
use super::start::Start;
use super::{answer_without_store, client_form};
use crate::body;
use crate::call::Call;
use crate::query::Query;
use crate::reply::Reply;
use axum::http::StatusCode;
use form_urlencoded::Serializer;
use pintle_core::ids::ConfigurationId;
use pintle_core::marketplace::sso::{self, Destination};
use pintle_core::permissions::Permission;
use pintle_core::scope::{self, TeamHint};
use pintle_core::{Kind, Result, Scope};
use serde_json::{Value, json};

/// `GET /sso/integrations/{slug}/{configurationId}`
pub(super) async fn enter(call: Call) -> Result<Reply> {
    Reply::see_other(&path(&call))
}

/// `GET /integrations/{slug}/sso/{configurationId}`
pub(super) async fn jump(call: Call) -> Result<Reply> {
    as_page(async {
        let app = find(&call).await?;
        let Some(session) = Session::of(&call).await? else {
            let start = Start { jump: Some(path(&call)), ..Start::default() };
            return Ok(page::sign_in(StatusCode::OK, &app, &start, None));
        };
        let id = id(&call);
        let owner = sso::owner(&call.core, &app.id, &id).await?;
        let team = TeamHint::Id(owner.as_str());
        let scope = scope::authenticate(&call.core, Some(&session.bearer), team, Permission::SignOn).await;
        // Who is not of the team learns nothing of what it has.
        let scope = scope.map_err(|error| match error.kind {
            Kind::Forbidden => sso::not_found(),
            _ => error,
        })?;
        Reply::see_other(&sso::jump(&call.core, &scope, &id, destination(&call.query)?).await?)
    })
    .await
}

/// Answers with where a browser would have been sent to, for tests and CI.
pub(super) async fn headless(call: Call, scope: Scope) -> Result<Reply> {
    let url = sso::jump(&call.core, &scope, &id(&call), call.json()?).await?;
    Reply::created(&json!({ "url": url }))
}

/// exchange-sso-token.
pub(super) async fn exchange(call: Call) -> Result<Reply> {
    let form = client_form(&call)?;
    let identity = sso::exchange(&call.core, body::json(form.to_string().as_bytes())?).await?;
    answer_without_store(&identity)
}

fn id(call: &Call) -> ConfigurationId {
    ConfigurationId::from(call.param("configurationId"))
}

/// The parameters of a destination that the query has.
fn parameters(query: &Query) -> impl Iterator<Item = (&'static str, &str)> {
    Destination::PARAMETERS.into_iter().filter_map(|name| Some((name, query.get(name)?)))
}

fn destination(query: &Query) -> Result<Destination> {
    let object: Value =
        parameters(query).map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    body::json(object.to_string().as_bytes())
}

/// The page among the consent pages that leads on.
fn path(call: &Call) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (slug, id) = (encode(call.param("slug")), encode(call.param("configurationId")));
    match Serializer::new(String::new()).extend_pairs(parameters(&call.query)).finish() {
        query if query.is_empty() => format!("/integrations/{slug}/sso/{id}"),
        query => format!("/integrations/{slug}/sso/{id}?{query}"),
    }
}
