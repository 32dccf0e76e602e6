//! To a partner's import page and back (semantics.md 4.8).

use super::consent::{as_page, find};
use super::message;
use super::onward::{installation, lead, path};
use crate::call::Call;
use crate::reply::Reply;
use pintle_core::marketplace::imports::{self, Return};
use pintle_core::permissions::Permission;
use pintle_core::{Error, Result, Scope};
use serde::Deserialize;
use serde_json::json;

/// `GET /integrations/{slug}/import/{configurationId}`: the browser goes on to the partner.
pub(super) async fn go(call: Call) -> Result<Reply> {
    let product = call.query.get("product_id");
    let page = path(&call, "import", product.map(|product| ("product_id", product)).into_iter());
    lead(&call, Permission::ConfigurationUpdate, page, async |scope| {
        let product = product.map(str::to_owned);
        imports::begin(&call.core, &scope, &installation(&call), product, call.origin()).await
    })
    .await
}

/// `GET /integrations/{slug}/imported`: the browser is back.
pub(super) async fn back(call: Call) -> Result<Reply> {
    as_page(async {
        let app = find(&call).await?;
        let get = |name: &str| {
            let missing = || Error::bad_request(format!("`{name}` is missing"));
            call.query.get(name).ok_or_else(missing)
        };
        let back = Return {
            installation_id: get("installation_id")?,
            resource_id: get("resource_id")?,
            state: get("state")?,
        };
        let name = imports::finish(&call.core, &app.id, back).await?;
        Ok(message::imported(&app, &name))
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    product_id: Option<String>,
}

/// Answers with where a browser would have been sent to, for tests and CI.
pub(super) async fn headless(call: Call, scope: Scope) -> Result<Reply> {
    let Wanted { product_id } = call.json()?;
    let id = installation(&call);
    let url = imports::begin(&call.core, &scope, &id, product_id, call.origin()).await?;
    Reply::created(&json!({ "url": url }))
}
