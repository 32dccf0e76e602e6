//! auto-provision: what a command line does in one step (clients.md, `integration add`). Where a person must decide something first, the
//! answer is 422 with what that is and where.

use super::provision::{self, NewStore};
use crate::configurations::install::existing;
use crate::configurations::{Projects, Source};
use crate::ids::ConfigurationId;
use crate::integrations::{self, Integration, Kind};
use crate::marketplace::installations::install::{Purchase, install};
use crate::marketplace::products::{self, Metadata, Product, When, check_metadata};
use crate::{Core, Error, Kind as Failure, Result, Scope};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    pub name: String,
    #[serde(default)]
    pub metadata: Metadata,
    /// By the policy's name, when it was accepted: for an integration that is not installed yet.
    #[serde(default)]
    pub accepted_policies: BTreeMap<String, String>,
    pub billing_plan_id: Option<String>,
    pub installation_id: Option<ConfigurationId>,
}

/// Installs an integration where it is not, and provisions a resource. `origin` is where the caller reached Pintle.
///
/// # Errors
/// 404 for an unknown integration or product; 422 `additional_setup_required` with `kind`, `reason` and `url` where policies are
/// not accepted, metadata is missing, or a plan must be chosen; otherwise as createIntegrationStoreDirect.
pub async fn provision(
    core: &Core,
    scope: &Scope,
    app: &str,
    product: &str,
    wanted: Wanted,
    origin: &str,
) -> Result<Json> {
    let conn = core.db.read().await?;
    let app = integrations::require(&conn, app).await?;
    let product = products::require(&conn, &app.id, product).await?;
    drop(conn);
    let needs = |kind, error| needs(kind, error, &app, &product, origin);
    // Before anything is installed for it.
    check_metadata(&product.metadata_schema, &wanted.metadata, When::Create)
        .map_err(|error| needs("metadata", error.coded("metadata_invalid")))?;
    let needs = |error: Error| match error.code.as_ref() {
        "policies_not_accepted" | "billing_plan_required" | "prepayment_amount_required" => {
            needs("unknown", error)
        }
        _ => error,
    };
    let installation = match wanted.installation_id.clone() {
        Some(id) => id,
        None => installed(core, scope, &app, &wanted).await.map_err(needs)?,
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

/// The team's installation of it, which is made where there is none.
async fn installed(
    core: &Core,
    scope: &Scope,
    app: &Integration,
    wanted: &Wanted,
) -> Result<ConfigurationId> {
    if let Some(found) = existing(&core.db.read().await?, scope, app, Kind::Marketplace).await? {
        return Ok(found.id);
    }
    let purchase = Purchase {
        accepted_policies: wanted.accepted_policies.clone(),
        source: Some(Source::Marketplace),
        projects: Projects::All,
        billing_plan_id: None,
    };
    Ok(install(core, scope, app.id.as_str(), purchase).await?.id)
}

/// The answer where a person has to decide: clients look for its keys inside `error` and beside it.
fn needs(kind: &str, error: Error, app: &Integration, product: &Product, origin: &str) -> Error {
    let further: [(&str, Json); 6] = [
        ("kind", json!(kind)),
        ("reason", json!(error.code)),
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
