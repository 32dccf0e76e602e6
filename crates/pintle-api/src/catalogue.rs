//! What the command line reads of integrations before they are installed (semantics.md 3.6).

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::integrations::Kind;
use pintle_core::marketplace::catalogue::{self, Filter};
use pintle_core::{Result, Scope};

routes! {
    "getCatalogueIntegration": Get "/v2/integrations/integration/{idOrSlug}", ConfigurationRead => get;
    "listCatalogue": Get "/v2/integrations/integrations", ConfigurationRead => list;
    "listCategories": Get "/v2/integrations/categories", ConfigurationRead => categories;
}

async fn get(call: Call, _scope: Scope) -> Result<Reply> {
    Reply::json(&catalogue::get(&call.core, call.param("idOrSlug")).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let kind = call.query.one_of("integrationType", &["marketplace", "external"])?;
    let filter = Filter {
        kind: kind.map(|kind| if kind == "external" { Kind::External } else { Kind::Marketplace }),
        categories: call.query.list("category"),
    };
    Reply::json(&catalogue::list(&call.core, &scope, filter).await?)
}

async fn categories(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&catalogue::categories(&call.core, &scope).await?)
}
