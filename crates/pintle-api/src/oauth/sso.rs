//! On to the partner, signed in there (semantics.md 4.7).
//!
//! The address that the platform has for this is outside of the consent pages, and so without the cookie of whoever is signed in on
//! them: it leads on to one that is among them.

use super::onward::{installation, lead, path};
use super::{answer_without_store, client_form};
use crate::body;
use crate::call::Call;
use crate::query::Query;
use crate::reply::Reply;
use pintle_core::marketplace::sso::{self, Destination};
use pintle_core::permissions::Permission;
use pintle_core::{Result, Scope};
use serde_json::{Value, json};

/// `GET /sso/integrations/{slug}/{configurationId}`
pub(super) async fn enter(call: Call) -> Result<Reply> {
    Reply::see_other(&page(&call))
}

/// `GET /integrations/{slug}/sso/{configurationId}`
pub(super) async fn jump(call: Call) -> Result<Reply> {
    lead(&call, Permission::SignOn, page(&call), async |scope| {
        sso::jump(&call.core, &scope, &installation(&call), destination(&call.query)?).await
    })
    .await
}

/// Answers with where a browser would have been sent to, for tests and CI.
pub(super) async fn headless(call: Call, scope: Scope) -> Result<Reply> {
    let url = sso::jump(&call.core, &scope, &installation(&call), call.json()?).await?;
    Reply::created(&json!({ "url": url }))
}

/// exchange-sso-token.
pub(super) async fn exchange(call: Call) -> Result<Reply> {
    let form = client_form(&call)?;
    let identity = sso::exchange(&call.core, body::json(form.to_string().as_bytes())?).await?;
    answer_without_store(&identity)
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
fn page(call: &Call) -> String {
    path(call, "sso", parameters(&call.query))
}
