//! The partner's side: it lists, imports, changes and ends the resources of its own installation (semantics.md 4.4).

use super::record::{self, Resource, Stage, free_name};
use super::secrets::{self, Secret};
use super::told::Told;
use super::{asking, life};
use crate::configurations::Status;
use crate::ids::{ConfigurationId, ProductId};
use crate::{Core, Error, Result, Scope, planted, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// get-integration-resources, oldest first: all that the partner knows of.
pub async fn list(core: &Core, scope: &Scope) -> Result<Vec<Json>> {
    let sql = "SELECT doc FROM resources WHERE configuration_id = $1 AND partner_id IS NOT NULL
      ORDER BY created_at, id";
    let rows: Vec<(String,)> = core.db.read().await?.all(sql, &params![scope.partner()?]).await?;
    rows.iter().map(|(doc,)| Ok(view("partnerId", &serde_json::from_str(doc)?))).collect()
}

/// get-integration-resource, by the partner's id.
///
/// # Errors
/// 404.
pub async fn get(core: &Core, scope: &Scope, partner_id: &str) -> Result<Json> {
    Ok(view("id", &own(&core.db.read().await?, scope, partner_id).await?))
}

async fn own(conn: &Conn, scope: &Scope, partner_id: &str) -> Result<Resource> {
    record::of_partner(conn, scope.partner()?, partner_id).await
}

/// The partner's form; its id has one name in the list and another alone.
fn view(id: &str, resource: &Resource) -> Json {
    let mut view = json!({
        id: resource.partner_id, "internalId": resource.id, "name": resource.name,
        "productId": resource.product_id, "metadata": resource.metadata, "ownership": resource.ownership,
    });
    let optional = [
        ("status", resource.status.map(|status| json!(status))),
        ("protocolSettings", resource.protocol_settings.clone()),
        ("notification", resource.notification.as_ref().map(|notification| json!(notification))),
        ("billingPlanId", resource.billing_plan.as_ref().map(|plan| plan["id"].clone())),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            view[name] = value;
        }
    }
    view
}

/// import-resource: makes a resource, or changes the one of this id. Answers the name that it has here: a taken one gets a number.
///
/// # Errors
/// 400 for a body that breaks the contract, 404 for a product that the integration does not offer, 409 while the team deletes the
/// resource or where a connected project has a variable of a secret's name.
pub async fn import(core: &Core, scope: &Scope, partner_id: &str, told: Told) -> Result<String> {
    let missing = |name| Error::invalid(format_args!("missing required property `{name}`."));
    told.product_id.as_ref().ok_or_else(|| missing("productId"))?;
    told.name.as_ref().ok_or_else(|| missing("name"))?;
    told.status.ok_or_else(|| missing("status"))?;
    validate::length("resourceId", partner_id, 256)?;
    change(core, scope, partner_id, told, true).await
}

/// update-resource: what is absent stays. Answers as import-resource.
///
/// # Errors
/// As import-resource; 404 for an unknown resource.
pub async fn update(core: &Core, scope: &Scope, partner_id: &str, told: Told) -> Result<String> {
    change(core, scope, partner_id, told, false).await
}

/// `upsert`: what is not there yet is made of what is told, which has all that it takes.
async fn change(core: &Core, scope: &Scope, partner_id: &str, told: Told, upsert: bool) -> Result<String> {
    let told = told.checked()?;
    let (core, scope, partner_id) = (core.clone(), scope.clone(), partner_id.to_owned());
    let named = core
        .clone()
        .db
        .write(async move |tx| {
            let now = core.clock.now();
            let configuration = scope.partner()?;
            let found = record::find_partners(tx, configuration, &partner_id).await?;
            let product = match &told.product_id {
                Some(product) => Some(find_product(tx, configuration, product).await?),
                None => None,
            };
            let (mut resource, kind, verb) = match (found, &product) {
                (Some(resource), _) => {
                    asking::require_quiet(&resource)?;
                    (resource, "storage-update", "updated")
                }
                (None, Some(product)) if upsert => {
                    let wanted = told.name.as_deref().unwrap_or_default();
                    let name = free_name(tx, scope.owner(), wanted, None).await?;
                    let new =
                        Resource::new(&core, &scope, configuration, product.clone(), name, Stage::Present);
                    let (partner_id, status) = (Some(partner_id.clone()), Some(Status::Ready));
                    let resource = Resource { partner_id, status, ..new };
                    resource.insert(tx, &core, &[]).await?;
                    (resource, "storage-create", "imported")
                }
                _ => return Err(record::not_found()),
            };
            if let Some(name) = &told.name {
                resource.name = free_name(tx, scope.owner(), name, Some(&resource.id)).await?;
            }
            resource.product_id = product.unwrap_or(resource.product_id);
            resource.stage = Stage::Present;
            told.apply(&mut resource, now);
            match &told.secrets {
                Some(given) => {
                    resource.has_new_secrets();
                    life::keep(tx, &core, &scope, &mut resource, given.clone(), now).await?;
                }
                None => resource.save(tx).await?,
            }
            life::announce(tx, &core, &scope, &resource, now, kind, verb).await?;
            planted::point("import.writing");
            Ok(resource.name)
        })
        .await;
    planted::point("import.written");
    named
}

/// A product of the installation's integration, by id or slug.
async fn find_product(conn: &Conn, configuration: &ConfigurationId, id_or_slug: &str) -> Result<ProductId> {
    let sql = "SELECT p.id FROM products p JOIN configurations c ON c.integration_id = p.integration_id
      WHERE c.id = $1 AND (p.id = $2 OR p.slug = $2)";
    let row: Option<(String,)> = conn.opt(sql, &params![configuration, id_or_slug]).await?;
    row.map(|(id,)| ProductId::from(id)).ok_or_else(|| Error::not_found("Product"))
}

/// The same, as its partner names it.
///
/// # Errors
/// 404.
pub(crate) async fn product_slug(
    conn: &Conn,
    configuration: &ConfigurationId,
    id_or_slug: &str,
) -> Result<String> {
    let id = find_product(conn, configuration, id_or_slug).await?;
    let (slug,) = conn.one("SELECT slug FROM products WHERE id = $1", &params![&id]).await?;
    Ok(slug)
}

/// delete-integration-resource: it is gone at the partner. Its connections and their variables go with it.
///
/// # Errors
/// 404; 409 while the partner is to move it to another installation, which it may have done.
pub async fn remove(core: &Core, scope: &Scope, partner_id: &str) -> Result<()> {
    let (core, scope, partner_id) = (core.clone(), scope.clone(), partner_id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let resource = own(tx, &scope, &partner_id).await?;
            if resource.stage == Stage::Moving {
                asking::require_quiet(&resource)?;
            }
            life::end(tx, &core, &scope, &resource).await
        })
        .await
}

/// The body of update-resource-secrets.
#[derive(Clone, Deserialize)]
pub struct NewSecrets {
    pub secrets: Vec<Secret>,
    #[serde(default)]
    pub partial: bool,
}

/// update-resource-secrets: with `partial` the given ones, else these and no others. The connected projects have them with the answer.
/// `product` is the id or slug that the older path names.
///
/// # Errors
/// 400 for what cannot be variables, 404 for an unknown resource, 409 where a connected project has a variable of one of the names.
pub async fn update_secrets(
    core: &Core,
    scope: &Scope,
    product: Option<&str>,
    partner_id: &str,
    body: NewSecrets,
) -> Result<()> {
    secrets::check(&body.secrets)?;
    let (core, scope, partner_id) = (core.clone(), scope.clone(), partner_id.to_owned());
    let product = product.map(str::to_owned);
    let kept = core
        .clone()
        .db
        .write(async move |tx| {
            let mut resource = own(tx, &scope, &partner_id).await?;
            if let Some(product) = &product {
                let named = find_product(tx, &resource.configuration_id, product).await?;
                if named != resource.product_id {
                    return Err(record::not_found());
                }
            }
            let now = core.clock.now();
            let before = resource.secrets(tx, &core).await?;
            let after = secrets::merge(before, body.secrets.clone(), body.partial)?;
            resource.has_new_secrets();
            life::keep(tx, &core, &scope, &mut resource, after, now).await?;
            let (kind, verb) = ("storage-reset-credentials", "updated the secrets of");
            life::announce(tx, &core, &scope, &resource, now, kind, verb).await?;
            planted::point("update-secrets.writing");
            Ok(())
        })
        .await;
    planted::point("update-secrets.written");
    kept
}
