//! Products: `/pintle/v1/integrations/{idOrSlug}/products` for whoever develops an integration, and what the contract shows of them.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::marketplace::products;
use pintle_core::{Result, Scope};
use serde_json::json;

routes! {
    "createProduct": Post "/pintle/v1/integrations/{idOrSlug}/products", AppWrite => create;
    "listProducts": Get "/pintle/v1/integrations/{idOrSlug}/products", AppRead => list;
    "getProduct": Get "/pintle/v1/integrations/{idOrSlug}/products/{productIdOrSlug}", AppRead => get;
    "updateProduct": Patch "/pintle/v1/integrations/{idOrSlug}/products/{productIdOrSlug}", AppWrite => update;
    "deleteProduct": Delete "/pintle/v1/integrations/{idOrSlug}/products/{productIdOrSlug}", AppWrite => delete;
    "getConfigurationProducts": Get "/v1/integrations/configuration/{id}/products", ConfigurationRead => offered;
    "getBillingPlans":
        Get "/v1/integrations/integration/{integrationIdOrSlug}/products/{productIdOrSlug}/plans", ConfigurationRead => plans;
}

async fn create(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&products::create(&call.core, &scope, call.param("idOrSlug"), call.json()?).await?)
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let products = products::list(&call.core, &scope, call.param("idOrSlug")).await?;
    Reply::json(&json!({ "products": products }))
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    let (app, product) = (call.param("idOrSlug"), call.param("productIdOrSlug"));
    Reply::json(&products::get(&call.core, &scope, app, product).await?)
}

async fn update(call: Call, scope: Scope) -> Result<Reply> {
    let (app, product) = (call.param("idOrSlug"), call.param("productIdOrSlug"));
    Reply::json(&products::update(&call.core, &scope, app, product, call.json()?).await?)
}

async fn delete(call: Call, scope: Scope) -> Result<Reply> {
    products::delete(&call.core, &scope, call.param("idOrSlug"), call.param("productIdOrSlug")).await?;
    Ok(Reply::nothing())
}

async fn offered(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&products::offer(&call.core, &scope, call.param("id")).await?)
}

async fn plans(call: Call, scope: Scope) -> Result<Reply> {
    let (app, product) = (call.param("integrationIdOrSlug"), call.param("productIdOrSlug"));
    let metadata = call.query.get("metadata");
    let plans = products::billing_plans(&call.core, &scope, app, product, metadata).await?;
    Reply::json(&json!({ "plans": plans }))
}
