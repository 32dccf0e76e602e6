//! A team brings over what it has at a partner already (semantics.md 4.8): its browser goes to the partner's import page, the partner
//! imports the resource, and sends the browser back.

use super::resources;
use crate::clock::{HOUR, Millis};
use crate::configurations::{self, exchange};
use crate::ids::{ConfigurationId, IntegrationId};
use crate::{Core, Error, Result, Scope, credential, integrations};
use pintle_store::{Conn, params};
use url::Url;

/// How long a browser may be away.
const LIFETIME: Millis = 12 * HOUR;

/// What a browser comes back with.
#[derive(Debug)]
pub struct Return<'a> {
    pub installation_id: &'a str,
    /// The partner's.
    pub resource_id: &'a str,
    pub state: &'a str,
}

/// The address of the partner's import page for an installation, perhaps for one product, by id or slug. The browser comes back to a
/// page of Pintle's at `origin`, with a state that is good once, for twelve hours.
///
/// # Errors
/// 404 where the scope's owner has no such installation, or its integration no such product; 400 `import_not_supported` where that has no
/// import page; 403 while it is disabled.
pub async fn begin(
    core: &Core,
    scope: &Scope,
    id: &ConfigurationId,
    product: Option<String>,
    origin: String,
) -> Result<String> {
    let state = core.entropy.base62(32);
    let (core, scope, id) = (core.clone(), scope.clone(), id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = configurations::load(tx, &scope, &id).await?;
            configuration.require_enabled()?;
            let (mut url, slug) = page(tx, &configuration.integration_id).await?;
            let return_to = format!("{origin}/integrations/{slug}/imported");
            let product = match &product {
                Some(product) => Some(resources::product_slug(tx, &id, product).await?),
                None => None,
            };
            keep(tx, &id, &state, core.clock.now()).await?;
            let mut query = url.query_pairs_mut();
            query.append_pair("installation_id", id.as_str());
            query.extend_pairs(product.iter().map(|slug| ("product_id", slug)));
            query.append_pair("state", &state).append_pair("return", &return_to);
            drop(query);
            Ok(url.into())
        })
        .await
}

/// The import page of an integration, and its slug.
async fn page(conn: &Conn, integration: &IntegrationId) -> Result<(Url, String)> {
    let app = integrations::require(conn, integration.as_str()).await?;
    let page = app.import_resource_url.ok_or_else(|| {
        let text = "The integration has no page to import from: it has no `importResourceUrl`";
        Error::bad_request(text).coded("import_not_supported")
    })?;
    let url = Url::parse(&page).map_err(|error| Error::internal(format!("{page}: {error}")))?;
    Ok((url, app.slug))
}

/// Keeps the state, and forgets those that have expired.
async fn keep(tx: &Conn, id: &ConfigurationId, state: &str, now: Millis) -> Result<()> {
    tx.execute("DELETE FROM resource_imports WHERE expires_at <= $1", &params![now]).await?;
    let sql = "INSERT INTO resource_imports (id, configuration_id, expires_at) VALUES ($1, $2, $3)";
    tx.execute(sql, &params![credential::hash(state), id, now + LIFETIME]).await?;
    Ok(())
}

/// Spends the state of a browser that comes back to an integration; answers the name that the resource has here.
///
/// # Errors
/// 400 `invalid_grant` for a state that is unknown, spent, expired, or another installation's; 404 for a resource that the partner has not
/// imported, which spends nothing: the browser may come once more.
pub async fn finish(core: &Core, integration: &IntegrationId, back: Return<'_>) -> Result<String> {
    let now = core.clock.now();
    let state = credential::hash(back.state);
    let (integration, installation) = (integration.clone(), back.installation_id.to_owned());
    let resource = back.resource_id.to_owned();
    core.db
        .write(async move |tx| {
            let sql =
                "DELETE FROM resource_imports WHERE id = $1 AND expires_at > $2 AND configuration_id = $3
              RETURNING configuration_id";
            let row: Option<(String,)> = tx.opt(sql, &params![&state, now, &installation]).await?;
            let (id,) = row.ok_or_else(|| exchange::bad_code("The state is unknown, spent or expired"))?;
            let configuration = exchange::of_client(tx, &id, integration.as_str()).await?;
            Ok(resources::of_partner(tx, &configuration.id, &resource).await?.name)
        })
        .await
}
