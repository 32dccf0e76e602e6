//! Products: what a native integration offers (semantics.md 1.4). Resources are made of them.

mod input;
mod metadata;
mod offer;
mod plain;
mod plans;
mod property;
mod protocols;
mod schema;

pub use input::ProductBody;
pub use metadata::{Metadata, When, check_metadata};
pub use offer::{Offer, offer};
pub use plans::billing_plans;
pub use protocols::{Drain, LogFormat, Protocol, Protocols, Repl, Status, TraceFormat};
pub use schema::MetadataSchema;

use crate::clock::Millis;
use crate::ids::{IntegrationId, ProductId};
use crate::integrations::{self, Integration, Kind};
use crate::{Core, Error, OnConstraint, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};

/// What is stored, and what `/pintle/v1/integrations/{idOrSlug}/products` shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    pub id: ProductId,
    pub integration_id: IntegrationId,
    pub slug: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<String>,
    /// A word on what its plans cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plans_description: Option<String>,
    pub protocols: Protocols,
    /// What it is for before anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_protocol: Option<Protocol>,
    pub metadata_schema: MetadataSchema,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub guides: Vec<Guide>,
    #[serde(default)]
    pub resource_links: Vec<Link>,
    #[serde(default)]
    pub snippets: Vec<Snippet>,
    #[serde(default)]
    pub deployment_actions: Vec<DeploymentAction>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// How to begin with it in one framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    pub framework: String,
    pub title: String,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub title: String,
    /// Markdown.
    pub content: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub title: String,
    pub href: String,
}

/// Code that uses a resource. `{{SECRET}}` and `{{process.env.X}}` in it stand for the resource's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snippet {
    pub name: String,
    pub language: String,
    pub content: String,
}

/// What the partner can do when a project that is connected to a resource is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeploymentAction {
    pub slug: String,
    pub name: String,
}

/// Registers a product of one of the integrations that the scope's owner develops.
///
/// # Errors
/// 400 for a field beyond its limits, 404, 409 `not_native` or `slug_taken`.
pub async fn create(core: &Core, scope: &Scope, app: &str, input: ProductBody) -> Result<Product> {
    let (core, scope, app) = (core.clone(), scope.clone(), app.to_owned());
    let now = core.clock.now();
    core.clone()
        .db
        .write(async move |tx| {
            let app = integrations::own(tx, &scope, &app).await?;
            let id = ProductId::new(&core.entropy);
            let product = input.clone().into_product(id, app.id.clone(), now)?;
            insert(tx, &app, &product).await?;
            Ok(product)
        })
        .await
}

pub(crate) async fn insert(tx: &Conn, app: &Integration, product: &Product) -> Result<()> {
    if app.kind != Kind::Marketplace {
        let text = format!("{} is a connectable account: only a native integration has products", app.name);
        return Err(Error::conflict("not_native", text));
    }
    tx.execute(
        "INSERT INTO products (id, integration_id, slug, created_at, doc) VALUES ($1, $2, $3, $4, $5)",
        &params![&product.id, &app.id, &product.slug, product.created_at, serde_json::to_string(product)?],
    )
    .await
    .on_unique("products_integration_id_slug_key", || slug_taken(&product.slug))
    .map(drop)
}

fn slug_taken(slug: &str) -> Error {
    Error::conflict("slug_taken", format!("A product with the slug `{slug}` exists: choose another"))
}

/// The products of one of the scope's own integrations, oldest first.
///
/// # Errors
/// 404 also for another's integration.
pub async fn list(core: &Core, scope: &Scope, app: &str) -> Result<Vec<Product>> {
    let conn = core.db.read().await?;
    let app = integrations::own(&conn, scope, app).await?;
    of_integration(&conn, &app.id).await
}

/// One of them, by id or slug.
///
/// # Errors
/// 404 also for another's.
pub async fn get(core: &Core, scope: &Scope, app: &str, id_or_slug: &str) -> Result<Product> {
    let conn = core.db.read().await?;
    let app = integrations::own(&conn, scope, app).await?;
    require(&conn, &app.id, id_or_slug).await
}

/// All products of an integration, oldest first: whoever may install it need not develop it.
pub async fn of_integration(conn: &Conn, app: &IntegrationId) -> Result<Vec<Product>> {
    let sql = "SELECT doc FROM products WHERE integration_id = $1 ORDER BY created_at, slug";
    let docs: Vec<(String,)> = conn.all(sql, &params![app]).await?;
    Ok(docs.iter().map(|(doc,)| serde_json::from_str(doc)).collect::<Result<_, _>>()?)
}

/// A product of an integration, by id or slug.
pub async fn find(conn: &Conn, app: &IntegrationId, id_or_slug: &str) -> Result<Option<Product>> {
    let sql = "SELECT doc FROM products WHERE integration_id = $1 AND (id = $2 OR slug = $2)";
    let row: Option<(String,)> = conn.opt(sql, &params![app, id_or_slug]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

/// # Errors
/// 404 where there is none.
pub async fn require(conn: &Conn, app: &IntegrationId, id_or_slug: &str) -> Result<Product> {
    find(conn, app, id_or_slug).await?.ok_or_else(|| Error::not_found("Product"))
}

/// Changes a product. Resources that exist keep their metadata.
///
/// # Errors
/// 400 for a field beyond its limits, 404, 409 `slug_taken`.
pub async fn update(
    core: &Core,
    scope: &Scope,
    app: &str,
    id_or_slug: &str,
    patch: ProductBody,
) -> Result<Product> {
    let (scope, app, id_or_slug) = (scope.clone(), app.to_owned(), id_or_slug.to_owned());
    let now = core.clock.now();
    core.db
        .write(async move |tx| {
            let app = integrations::own(tx, &scope, &app).await?;
            let mut product = require(tx, &app.id, &id_or_slug).await?;
            patch.clone().apply(&mut product)?;
            product.updated_at = now;
            save(tx, &product).await?;
            Ok(product)
        })
        .await
}

pub(crate) async fn save(tx: &Conn, product: &Product) -> Result<()> {
    let sql = "UPDATE products SET slug = $2, doc = $3 WHERE id = $1";
    tx.execute(sql, &params![&product.id, &product.slug, serde_json::to_string(product)?])
        .await
        .on_unique("products_integration_id_slug_key", || slug_taken(&product.slug))
        .map(drop)
}

/// Removes a product that no resource is made of.
///
/// # Errors
/// 404; 409 `product_in_use` while resources exist: they are other teams'.
pub async fn delete(core: &Core, scope: &Scope, app: &str, id_or_slug: &str) -> Result<()> {
    let (scope, app, id_or_slug) = (scope.clone(), app.to_owned(), id_or_slug.to_owned());
    core.db
        .write(async move |tx| {
            let app = integrations::own(tx, &scope, &app).await?;
            let product = require(tx, &app.id, &id_or_slug).await?;
            let sql = "SELECT COUNT(*) FROM resources WHERE product_id = $1";
            let (count,): (i64,) = tx.one(sql, &params![&product.id]).await?;
            if count > 0 {
                let text = format!("{count} resources are of this product: they must be removed first");
                return Err(Error::conflict("product_in_use", text).with("resources", count));
            }
            tx.execute("DELETE FROM products WHERE id = $1", &params![&product.id]).await?;
            Ok(())
        })
        .await
}
