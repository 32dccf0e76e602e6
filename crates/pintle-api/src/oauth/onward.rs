//! Pages that lead a person on to a partner: who is not signed in on the consent pages signs in there first, and comes back.

use super::consent::{as_page, find};
use super::page;
use super::session::Session;
use super::start::Start;
use crate::call::Call;
use crate::reply::Reply;
use axum::http::StatusCode;
use form_urlencoded::Serializer;
use pintle_core::ids::ConfigurationId;
use pintle_core::marketplace::sso;
use pintle_core::permissions::Permission;
use pintle_core::scope::{self, TeamHint};
use pintle_core::{Result, Scope};

/// Leads to where `to` says for whoever is signed in, with the permission in the installation that the path names; `path` is this
/// page's own address.
pub(super) async fn lead(
    call: &Call,
    permission: Permission,
    path: String,
    to: impl AsyncFnOnce(Scope) -> Result<String>,
) -> Result<Reply> {
    as_page(async {
        let app = find(call).await?;
        let Some(session) = Session::of(call).await? else {
            let start = Start { jump: Some(path), ..Start::default() };
            return Ok(page::sign_in(StatusCode::OK, &app, &start, None));
        };
        let owner = sso::owner(&call.core, &app.id, &installation(call)).await?;
        let team = TeamHint::Id(owner.as_str());
        let scope = scope::authenticate(&call.core, Some(&session.bearer), team, permission).await;
        // Who is not of the team learns nothing of what it has.
        let scope = scope.map_err(|error| match error.code.as_ref() {
            "team_unauthorized" => sso::not_found(),
            _ => error,
        })?;
        Reply::see_other(&to(scope).await?)
    })
    .await
}

/// The address of the page `what` for the integration and the installation that this request's path names, with these parameters.
pub(super) fn path<'a>(
    call: &Call,
    what: &str,
    parameters: impl Iterator<Item = (&'static str, &'a str)>,
) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (slug, id) = (encode(call.param("slug")), encode(call.param("configurationId")));
    match Serializer::new(String::new()).extend_pairs(parameters).finish() {
        query if query.is_empty() => format!("/integrations/{slug}/{what}/{id}"),
        query => format!("/integrations/{slug}/{what}/{id}?{query}"),
    }
}

/// The one that the path names.
pub(super) fn installation(call: &Call) -> ConfigurationId {
    ConfigurationId::from(call.param("configurationId"))
}
