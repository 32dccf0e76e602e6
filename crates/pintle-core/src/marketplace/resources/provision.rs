//! createIntegrationStoreDirect: the partner makes a resource for the team (semantics.md 4.3).
//!
//! The row is there first, with the call that asks for it. Whatever happens then, the two sides come to agree: the partner's answer fills
//! the row, a refusal takes it away, silence leaves it `initializing` for a day and then `error`. A row that its team took away
//! meanwhile is deleted at the partner as soon as its id is known.

use super::leave;
use super::record::{self, Resource, Stage, free_name};
use super::secrets::Secret;
use super::told::Told;
use super::{asking, life, stores};
use crate::clock::Millis;
use crate::configurations::{self, Status};
use crate::ids::{ConfigurationId, DeliveryId, ResourceId};
use crate::integrations::{self, Integration};
use crate::marketplace::billing::{Amount, limits, purchase};
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::plans::{self, BillingPlan, PlanKind, no_plan};
use crate::marketplace::products::{self, Metadata, Product, When, check_metadata};
use crate::marketplace::questions::Questions;
use crate::marketplace::{Actor, Level, Notification, Outcome};
use crate::{Core, Error, Result, Scope, planted, validate};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewStore {
    pub name: String,
    pub integration_configuration_id: ConfigurationId,
    pub integration_product_id_or_slug: String,
    #[serde(default)]
    pub metadata: Metadata,
    pub external_id: Option<String>,
    pub protocol_settings: Option<Map<String, Json>>,
    /// Absent: a plan that costs nothing.
    pub billing_plan_id: Option<String>,
    /// What to pay beforehand, for a plan that is paid so.
    pub prepayment_amount_cents: Option<f64>,
}

/// Answers the store: `available`, or `initializing` where the partner has not answered.
///
/// # Errors
/// 400 for a body or metadata that breaks its schema and where no plan can be had; 404 for an unknown configuration or product; 409 for a
/// name that is taken and an installation that the partner has not taken yet; and what the partner refuses it with.
pub async fn create(core: &Core, scope: &Scope, new: NewStore) -> Result<Json> {
    new.check()?;
    let place = Place::find(core, scope, &new).await?;
    let metadata = check_metadata(&place.product.metadata_schema, &new.metadata, When::Create)?;
    let price = place.price(core, scope, &new, &metadata).await?;
    let (id, call) = begin(core, scope, new, place, metadata, price).await?;
    match calls::run(core, &call).await? {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        _ => stores::get(core, scope, id.as_str()).await,
    }
}

impl NewStore {
    fn check(&self) -> Result<()> {
        validate::length("name", &self.name, 128)?;
        validate::at_most("externalId", self.external_id.as_deref().unwrap_or_default(), 256)?;
        match self.prepayment_amount_cents {
            Some(cents) => validate::within("prepaymentAmountCents", cents, 50.0, 1e11),
            None => Ok(()),
        }
    }

    fn credits(&self) -> Option<Amount> {
        self.prepayment_amount_cents.and_then(|cents| Amount::parse(&format!("{:.2}", cents / 100.0)))
    }
}

/// What a resource is made of.
struct Place {
    app: Integration,
    product: Product,
    /// The plan of the whole installation.
    installation_plan: Option<Json>,
}

impl Place {
    async fn find(core: &Core, scope: &Scope, new: &NewStore) -> Result<Self> {
        let conn = core.db.read().await?;
        let configuration = configurations::load(&conn, scope, &new.integration_configuration_id).await?;
        let app = integrations::require(&conn, configuration.integration_id.as_str()).await?;
        let product = products::require(&conn, &app.id, &new.integration_product_id_or_slug).await?;
        Ok(Self { app, product, installation_plan: configuration.billing_plan })
    }

    /// What the resource costs: by the chosen plan where the partner offers it, else by one that costs nothing. Where plans are for whole
    /// installations, by that of the installation.
    async fn price(&self, core: &Core, scope: &Scope, new: &NewStore, metadata: &Metadata) -> Result<Price> {
        if self.app.installation_level_billing_plans && new.billing_plan_id.is_none() {
            let plan = self.installation_plan.as_ref().and_then(|plan| plan["id"].as_str());
            return Ok(Price { plan: plan.map(str::to_owned), credits: None });
        }
        let installation = Some(&new.integration_configuration_id);
        let (actor, integration) = (&Actor::of(scope), &self.app.id);
        let questions = Questions { core, actor, integration, installation };
        let offered = questions.product_plans(&self.product.slug, metadata).await?;
        let free = |plan: &&BillingPlan| plan.disabled != Some(true) && !plan.payment_method_required;
        let plan = match &new.billing_plan_id {
            Some(id) => plans::offered(id, &offered)?,
            None => offered.iter().find(free).ok_or_else(|| no_plan(None, &offered))?,
        };
        if plan.kind == PlanKind::Prepayment
            && plan.minimum_amount.is_some()
            && new.prepayment_amount_cents.is_none()
        {
            let text = format!("The plan `{}` is paid beforehand: name `prepaymentAmountCents`", plan.name);
            return Err(Error::bad_request(text).coded("prepayment_amount_required"));
        }
        let credits = new.credits().filter(|_| plan.kind == PlanKind::Prepayment);
        credits.map_or(Ok(()), |credits| limits::check(plan, "prepaymentAmountCents", credits))?;
        Ok(Price { plan: Some(plan.id.clone()), credits })
    }
}

/// What a resource costs. It stands with the call, for when the partner has made the resource.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Price {
    plan: Option<String>,
    /// Bought with it.
    credits: Option<Amount>,
}

impl Price {
    /// Buys the credits: the invoice is to be paid like any other.
    async fn buy(&self, tx: &Conn, core: &Core, scope: &Scope, resource: &Resource) -> Result<()> {
        let (Some(plan), Some(credits)) = (&self.plan, self.credits) else { return Ok(()) };
        let id = &resource.configuration_id;
        purchase::first(tx, core, scope, id, resource.known_as(), plan.clone(), credits).await
    }
}

/// Writes the row and what the partner is asked for.
async fn begin(
    core: &Core,
    scope: &Scope,
    new: NewStore,
    place: Place,
    metadata: Metadata,
    price: Price,
) -> Result<(ResourceId, DeliveryId)> {
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration =
                configurations::require_native(tx, &scope, &new.integration_configuration_id).await?;
            if free_name(tx, scope.owner(), &new.name, None).await? != new.name {
                return Err(record::name_taken(&new.name));
            }
            let (id, product, name) = (&configuration.id, place.product.id.clone(), new.name.clone());
            let mut resource = Resource {
                metadata: metadata.clone(),
                protocol_settings: new.protocol_settings.clone().map(Json::Object),
                external_id: new.external_id.clone(),
                ..Resource::new(&core, &scope, id, product, name, Stage::Initializing)
            };
            resource.insert(tx, &core, &[]).await?;
            let body = body(&resource, &place.product, price.plan.as_deref());
            let call = asking::call(&scope, &resource, &place.app.id, Operation::Provision);
            let data = serde_json::to_value(&price)?;
            let call = NewCall { body: Some(body), data, ..call };
            let call = asking::intend(tx, &core, &mut resource, call).await?;
            Ok((resource.id, call))
        })
        .await
}

/// What the partner is sent; what is not set is left out.
fn body(resource: &Resource, product: &Product, plan: Option<&str>) -> Json {
    let mut body = json!({ "productId": product.slug, "name": resource.name, "metadata": resource.metadata });
    let optional = [
        ("billingPlanId", plan.map(|plan| json!(plan))),
        ("externalId", resource.external_id.as_ref().map(|id| json!(id))),
        ("protocolSettings", resource.protocol_settings.clone()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    body
}

/// Fills the row, or takes it away.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let found = record::of_call(tx, call).await?;
    let scope = call.actor.scope();
    match (outcome, found) {
        (_, None) if planted::on("orphan-forgotten") => Ok(()),
        (Outcome::Answered { body, .. }, None) => leave::orphan(tx, core, call, &partner_id(body)?).await,
        (Outcome::Answered { body, .. }, Some(resource)) if resource.partner_id.is_none() => {
            let resource = fill(tx, core, &scope, resource, body).await?;
            Price::deserialize(&call.data).unwrap_or_default().buy(tx, core, &scope, &resource).await
        }
        (Outcome::Refused { .. }, Some(resource)) if resource.partner_id.is_none() => {
            resource.delete(tx, core.clock.now()).await
        }
        (Outcome::Unknown { given_up: true, .. }, Some(mut resource)) if resource.partner_id.is_none() => {
            resource.stage = Stage::Failed;
            resource.save(tx).await
        }
        _ => Ok(()),
    }
}

fn partner_id(body: &Json) -> Result<String> {
    let id = body["id"].as_str().filter(|id| !id.is_empty() && id.len() <= 256);
    id.map(str::to_owned).ok_or_else(|| Error::bad_request("its answer has no `id` of a resource"))
}

async fn fill(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    mut resource: Resource,
    body: &Json,
) -> Result<Resource> {
    let now = core.clock.now();
    let partner_id = partner_id(body)?;
    resource.stage = Stage::Present;
    resource.status = Some(Status::Ready);
    let known = adopt(tx, core, &mut resource, partner_id, now).await?;
    let given = match Told::read(body) {
        Ok(told) => {
            told.apply(&mut resource, now);
            told.secrets
        }
        // It exists all the same, so that the team can see it and take it away.
        Err(error) => {
            broken(&mut resource, &error, now);
            None
        }
    };
    // The partner repeats its answer, and imported the resource after it had made it.
    let secrets = if known.is_empty() { given.unwrap_or_default() } else { known };
    life::keep(tx, core, scope, &mut resource, secrets, now).await?;
    life::announce(tx, core, scope, &resource, now, "storage-create", "created").await?;
    Ok(resource)
}

fn broken(resource: &mut Resource, error: &Error, now: Millis) {
    resource.status = Some(Status::Error);
    resource.updated_at = now;
    resource.notification = Some(Notification {
        level: Level::Error,
        title: "The integration's answer was not as it must be".into(),
        message: Some(error.message.chars().take(1_000).collect()),
        href: None,
    });
}

/// Gives the resource its partner's id. The partner may have imported it before it answered: that row was the same resource, so what it
/// says and its connections stay. Answers the secrets that it had.
///
/// # Errors
/// 409 for the id of a resource that was asked for by itself, or that is leaving.
async fn adopt(
    tx: &Conn,
    core: &Core,
    resource: &mut Resource,
    partner_id: String,
    now: Millis,
) -> Result<Vec<Secret>> {
    let Some(imported) = record::find_partners(tx, &resource.configuration_id, &partner_id).await? else {
        resource.partner_id = Some(partner_id);
        return Ok(Vec::new());
    };
    if imported.stage != Stage::Present || imported.calls.contains_key(&Operation::Provision) {
        let text = format!("its `id` is that of the resource `{}`", imported.name);
        return Err(Error::conflict("conflict", text));
    }
    let secrets = imported.secrets(tx, core).await?;
    for table in ["resource_connections", "deployment_actions", "experimentation_items", "edge_configs"] {
        record::move_rows(tx, table, &imported.id, &resource.id).await?;
    }
    imported.delete(tx, now).await?;
    let own = resource.clone();
    let metadata = if imported.metadata.is_empty() { own.metadata } else { imported.metadata };
    *resource = Resource {
        id: own.id,
        name: own.name,
        external_id: own.external_id,
        metadata,
        protocol_settings: imported.protocol_settings.or(own.protocol_settings),
        production_only: own.production_only || imported.production_only,
        calls: own.calls,
        created_at: own.created_at,
        ..imported
    };
    Ok(secrets)
}
