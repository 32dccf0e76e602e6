//! auto-provision: what a command line does in one step (clients.md, `integration add`). Where a person must decide something first, the
//! answer is 422 with what that is and where.

use super::provision::{self, NewStore};
use crate::configurations::{self, Filter};
use crate::ids::ConfigurationId;
use crate::integrations::{self, Integration, Kind};
use crate::marketplace::products::{self, Metadata, Product};
use crate::{Core, Error, Kind as Failure, Result, Scope};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    pub name: String,
    #[serde(default)]
    pub metadata: Metadata,
    pub billing_plan_id: Option<String>,
    pub installation_id: Option<ConfigurationId>,
}

/// Provisions a resource in the team's installation of an integration. `origin` is where the caller reached Pintle.
///
/// # Errors
/// 404 for an unknown integration or product; 422 `additional_setup_required` with `kind`, `reason` and `url` where it is not installed yet,
/// metadata is missing, or a plan must be chosen; otherwise as createIntegrationStoreDirect.
pub async fn provision(
    core: &Core,
    scope: &Scope,
    app: &str,
    product: &str,
    wanted: Wanted,
    origin: &str,
) -> Result<Json> {
    let conn = core.db.read().await?;
    let app = integrations::find(&conn, app).await?.ok_or_else(|| Error::not_found("Integration"))?;
    let product = products::require(&conn, &app.id, product).await?;
    drop(conn);
    let needs = |error: Error| needs(error, &app, &product, origin);
    let installation = match wanted.installation_id.clone() {
        Some(id) => id,
        None => installed(core, scope, &app).await.map_err(needs)?,
    };
    let new = NewStore {
        name: wanted.name,
        integration_configuration_id: installation.clone(),
        integration_product_id_or_slug: product.slug.clone(),
        metadata: wanted.metadata,
        external_id: None,
        protocol_settings: None,
        billing_plan_id: wanted.billing_plan_id,
        prepayment_amount_cents: None,
    };
    let store = provision::create(core, scope, new).await.map_err(needs)?;
    let secrets = store["secrets"].as_array().into_iter().flatten().map(|secret| secret["name"].clone());
    Ok(json!({
        "kind": "provisioned", "integration": about(&app), "product": of(&app, &product),
        "installation": { "id": installation },
        "resource": {
            "id": store["id"], "externalResourceId": store["externalResourceId"], "name": store["name"],
            "status": store["status"], "ownership": store["ownership"], "secretKeys": secrets.collect::<Json>(),
        },
        "billingPlan": store["billingPlan"],
    }))
}

/// The team's installation of it.
///
/// # Errors
/// 409 `integration_not_installed` where there is none: its terms are for a person to accept.
async fn installed(core: &Core, scope: &Scope, app: &Integration) -> Result<ConfigurationId> {
    let filter = Filter {
        installation_type: Some(Kind::Marketplace),
        integration_id_or_slug: Some(app.id.to_string()),
    };
    let found = configurations::list(core, scope, filter).await?.into_iter().next();
    found.map(|(configuration, _)| configuration.id).ok_or_else(|| {
        let text = format!("{} is not installed yet: install it first", app.name);
        Error::conflict("integration_not_installed", text)
    })
}

/// The answer where a person has to decide: clients look for its keys inside `error` and beside it.
fn needs(error: Error, app: &Integration, product: &Product, origin: &str) -> Error {
    let (kind, reason) = match error.code.as_ref() {
        "integration_not_installed" | "billing_plan_required" | "prepayment_amount_required" => {
            ("unknown", error.code.to_string())
        }
        "bad_request" if error.message.contains("metadata") => ("metadata", "metadata_invalid".to_owned()),
        _ => return error,
    };
    let further: [(&str, Json); 6] = [
        ("kind", json!(kind)),
        ("reason", json!(reason)),
        ("error_message", json!(error.message)),
        ("url", json!(format!("{origin}/integrations/{}/new", app.slug))),
        ("integration", about(app)),
        ("product", of(app, product)),
    ];
    let new = Error::new(Failure::Unprocessable, "additional_setup_required", error.message);
    further.into_iter().fold(new, |new, (key, value)| new.with(key, value.clone()).beside(key, value))
}

fn about(app: &Integration) -> Json {
    let policies: serde_json::Map<String, Json> =
        app.policies().into_iter().map(|policy| (policy.id, json!(policy.url))).collect();
    json!({ "id": app.id, "slug": app.slug, "name": app.name, "icon": app.icon, "policies": policies })
}

fn of(app: &Integration, product: &Product) -> Json {
    json!({
        "id": product.id, "slug": product.slug, "name": product.name,
        "icon": product.logo.as_ref().unwrap_or(&app.icon), "metadataSchema": product.metadata_schema,
    })
}
