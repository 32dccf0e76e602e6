//! What a team's installation can be asked for.

use super::{MetadataSchema, Product, Protocol, Protocols, of_integration};
use crate::configurations::{self, Configuration};
use crate::ids::{ConfigurationId, IntegrationId, ProductId};
use crate::{Core, Result, Scope, integrations};
use serde::Serialize;

/// getConfigurationProducts.
#[derive(Debug, Serialize)]
pub struct Offer {
    products: Vec<Offered>,
    integration: App,
    configuration: Named,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Offered {
    id: ProductId,
    slug: String,
    name: String,
    protocols: Protocols,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_protocol: Option<Protocol>,
    metadata_schema: MetadataSchema,
}

#[derive(Debug, Serialize)]
struct App {
    id: IntegrationId,
    slug: String,
    name: String,
}

#[derive(Debug, Serialize)]
struct Named {
    id: ConfigurationId,
}

impl From<Product> for Offered {
    fn from(product: Product) -> Self {
        let Product { id, slug, name, protocols, primary_protocol, metadata_schema, .. } = product;
        Self { id, slug, name, protocols, primary_protocol, metadata_schema: metadata_schema.plain() }
    }
}

/// The products of a configuration's integration. An installation's own token sees its own.
///
/// # Errors
/// 404 also for another owner's configuration.
pub async fn offer(core: &Core, scope: &Scope, configuration: &str) -> Result<Offer> {
    let configuration: Configuration =
        serde_json::from_str(&configurations::get(core, scope, configuration).await?)?;
    let conn = core.db.read().await?;
    let app = integrations::require(&conn, configuration.integration_id.as_str()).await?;
    let products = of_integration(&conn, &app.id).await?;
    Ok(Offer {
        products: products.into_iter().map(Offered::from).collect(),
        integration: App { id: app.id, slug: app.slug, name: app.name },
        configuration: Named { id: configuration.id },
    })
}
