//! The catalogue: what real clients read of an integration before there is an installation (semantics.md 3.6).

use super::products::{self, Guide, Link, MetadataSchema, Product, Protocol, Snippet};
use crate::ids::{IntegrationId, ProductId};
use crate::integrations::{self, Integration, Kind};
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use serde::Serialize;
use std::collections::BTreeSet;

/// An integration, as the command line knows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    id: IntegrationId,
    slug: String,
    name: String,
    icon: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eula_doc_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_doc_uri: Option<String>,
    is_marketplace: bool,
    /// Whether there is a way to install it.
    can_install: bool,
    installation_level_billing_plans: bool,
    /// Its category.
    tag_ids: Vec<String>,
    products: Vec<Shown>,
}

/// A product without what only its partner needs to know.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    id: ProductId,
    slug: String,
    name: String,
    short_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plans_description: Option<String>,
    protocols: Vec<Protocol>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_protocol: Option<Protocol>,
    metadata_schema: MetadataSchema,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    tags: Vec<String>,
    guides: Vec<Guide>,
    resource_links: Vec<Link>,
    snippets: Vec<Snippet>,
}

#[derive(Debug, Serialize)]
pub struct Category {
    id: String,
    slug: String,
    title: String,
}

/// What the catalogue is filtered by; empty or absent: nothing.
#[derive(Debug, Default)]
pub struct Filter {
    pub kind: Option<Kind>,
    /// Slugs.
    pub categories: Vec<String>,
}

fn tag(category: &str) -> String {
    format!("tag_{category}")
}

impl Entry {
    fn new(app: Integration, products: Vec<Product>) -> Self {
        let can_install = match app.kind {
            Kind::External => true,
            Kind::Marketplace => app.base_url.is_some(),
        };
        Self {
            is_marketplace: app.kind == Kind::Marketplace,
            can_install,
            tag_ids: app.listing.category.iter().map(|category| tag(category)).collect(),
            products: products.into_iter().map(Shown::from).collect(),
            id: app.id,
            slug: app.slug,
            name: app.name,
            icon: app.icon,
            short_description: app.listing.short_description,
            description: app.description,
            website: app.website,
            eula_doc_uri: app.eula_url,
            privacy_doc_uri: app.privacy_url,
            installation_level_billing_plans: app.installation_level_billing_plans,
        }
    }
}

impl From<Product> for Shown {
    fn from(product: Product) -> Self {
        Self {
            protocols: product.protocols.enabled(),
            id: product.id,
            slug: product.slug,
            name: product.name,
            // The command line prints it without looking whether it is there.
            short_description: product.short_description.unwrap_or_default(),
            plans_description: product.plans_description,
            primary_protocol: product.primary_protocol,
            metadata_schema: product.metadata_schema,
            logo: product.logo,
            tags: product.tags,
            guides: product.guides,
            resource_links: product.resource_links,
            snippets: product.snippets,
        }
    }
}

/// One integration by id or slug: whoever knows its name may see it, listed or not.
///
/// # Errors
/// 404.
pub async fn get(core: &Core, id_or_slug: &str) -> Result<Entry> {
    let conn = core.db.read().await?;
    let app = integrations::require(&conn, id_or_slug).await?;
    let products = products::of_integration(&conn, &app.id).await?;
    Ok(Entry::new(app, products))
}

/// What the caller finds: integrations that are listed, and the own ones, by slug.
pub async fn list(core: &Core, scope: &Scope, filter: Filter) -> Result<Vec<Entry>> {
    let conn = core.db.read().await?;
    let mut entries = Vec::new();
    for app in visible(&conn, scope).await? {
        let in_category = |category: &String| filter.categories.contains(category);
        let wanted = filter.kind.is_none_or(|kind| kind == app.kind)
            && (filter.categories.is_empty() || app.listing.category.as_ref().is_some_and(in_category));
        if wanted {
            let products = products::of_integration(&conn, &app.id).await?;
            entries.push(Entry::new(app, products));
        }
    }
    Ok(entries)
}

/// The categories of what the caller finds.
pub async fn categories(core: &Core, scope: &Scope) -> Result<Vec<Category>> {
    let conn = core.db.read().await?;
    let apps = visible(&conn, scope).await?;
    let slugs: BTreeSet<String> = apps.into_iter().filter_map(|app| app.listing.category).collect();
    Ok(slugs.into_iter().map(|slug| Category { id: tag(&slug), title: title(&slug), slug }).collect())
}

/// `ai-tools` is `Ai Tools`.
fn title(slug: &str) -> String {
    let words = slug.split(['-', '_']).map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(" ")
}

async fn visible(conn: &Conn, scope: &Scope) -> Result<Vec<Integration>> {
    // An operator's registry has tens of integrations, so that it is read as it is.
    let docs: Vec<(String,)> = conn.all("SELECT doc FROM integrations ORDER BY slug", &params![]).await?;
    let apps: Vec<Integration> =
        docs.iter().map(|(doc,)| serde_json::from_str(doc)).collect::<Result<_, _>>()?;
    let is_visible = |app: &Integration| app.listing.listed || app.owner_id == *scope.owner();
    Ok(apps.into_iter().filter(is_visible).collect())
}
