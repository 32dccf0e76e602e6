//! What the customer buys: here a database with two secrets.

use crate::broken::Broken;
use crate::refusal::{Json, Refusal, Result};
use crate::store::{Resource, Store, random};
use crate::tokens::{Caller, User};
use crate::{App, Partner, plans};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const REGIONS: [&str; 2] = ["eu", "us"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    product_id: String,
    name: String,
    #[serde(default)]
    metadata: Map<String, Value>,
    billing_plan_id: Option<String>,
}

impl Wanted {
    fn plan(&self) -> &str {
        self.billing_plan_id.as_deref().unwrap_or("free")
    }

    fn check(&self, partner: &Partner) -> Result<()> {
        if self.product_id != partner.options.product {
            return Err(Refusal::invalid(format!("there is no product `{}`", self.product_id)));
        }
        check_name(&self.name)?;
        check_plan(self.plan())?;
        check_metadata(&self.metadata)
    }
}

fn check_name(name: &str) -> Result<()> {
    let good = !name.is_empty() && name.chars().count() <= 128;
    if good { Ok(()) } else { Err(Refusal::invalid("`name` has 1 to 128 characters")) }
}

fn check_plan(plan: &str) -> Result<()> {
    let unknown = || Refusal::invalid(format!("there is no plan `{plan}`"));
    plans::find(plans::RESOURCE, plan).map(drop).ok_or_else(unknown)
}

/// What is wrong with a field of the form is said beside that field.
fn check_metadata(metadata: &Map<String, Value>) -> Result<()> {
    match metadata.get("region") {
        Some(region) if !REGIONS.iter().any(|known| region == known) => {
            Err(Refusal::invalid_field("region", format!("`region` is one of {}", REGIONS.join(", "))))
        }
        _ => Ok(()),
    }
}

/// `POST`: a new resource. The same Idempotency-Key is the same request again: it is answered with what the first one made.
pub async fn provision(
    State(partner): State<App>,
    User(claims): User,
    Path(installation): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Response> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let wanted = partner.read(body)?;
    let resource = {
        let mut store = partner.store.lock();
        store.installation(&installation)?;
        match made_by(&store, &installation, key.as_deref()) {
            Some(made) if !partner.is(Broken::ForgetsIdempotency) => return Ok(created(&made)),
            _ => {
                partner.make(&mut store, Wanting { wanted, installation, account: claims.account_id, key })?
            }
        }
    };
    let created = created(&resource);
    tokio::spawn(partner.bill(resource));
    Ok(created)
}

fn created(resource: &Resource) -> Response {
    let mut shown = resource.shown();
    shown["secrets"] = resource.secrets();
    (StatusCode::CREATED, Json(shown)).into_response()
}

fn made_by(store: &Store, installation: &str, key: Option<&str>) -> Option<Resource> {
    let same =
        |made: &&Resource| made.installation == installation && key.is_some() && made.key.as_deref() == key;
    store.resources.values().find(same).cloned()
}

struct Wanting {
    wanted: Wanted,
    installation: String,
    account: String,
    key: Option<String>,
}

impl Partner {
    fn read(&self, body: Value) -> Result<Wanted> {
        if self.is(Broken::NoValidation) {
            let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
            let metadata = body["metadata"].as_object().cloned().unwrap_or_default();
            return Ok(Wanted {
                product_id: text("productId"),
                name: text("name"),
                metadata,
                billing_plan_id: None,
            });
        }
        let wanted = serde_json::from_value(body);
        let wanted: Wanted = wanted.map_err(|error| self.refuse(Refusal::invalid(error.to_string())))?;
        wanted.check(self).map_err(|refusal| self.refuse(refusal))?;
        Ok(wanted)
    }

    /// For `--broken`.
    pub fn refuse(&self, refusal: Refusal) -> Refusal {
        if self.is(Broken::BareErrors) { refusal.shapeless() } else { refusal }
    }

    fn make(
        &self,
        store: &mut Store,
        Wanting { wanted, installation, account, key }: Wanting,
    ) -> Result<Resource> {
        if store.has_name(&account, &wanted.name) {
            let message = format!("there is a database `{}`", wanted.name);
            return Err(Refusal::conflict(message, "A database of this name exists. Choose another name."));
        }
        let plan = wanted.plan().to_owned();
        let Wanted { product_id: product, name, metadata, .. } = wanted;
        let (id, password) = (format!("db_{}", random()?), random()?);
        let resource = Resource { id, installation, account, product, name, metadata, plan, password, key };
        store.resources.insert(resource.id.clone(), resource.clone());
        Ok(resource)
    }

    /// Its name is free from now on.
    pub fn take_resource(&self, store: &mut Store, id: &str) {
        if let Some(gone) = store.resources.remove(id)
            && self.is(Broken::KeepsNames)
        {
            store.kept_names.insert((gone.account, gone.name));
        }
    }
}

type Ids = Path<(String, String)>;

/// `GET`: never with secrets.
pub async fn show(
    State(partner): State<App>,
    _: Caller,
    Path((installation, id)): Ids,
) -> Result<Json<Value>> {
    let mut store = partner.store.lock();
    let resource = store.resource(&installation, &id)?;
    let mut shown = resource.shown();
    if partner.is(Broken::ShowsSecrets) {
        shown["secrets"] = resource.secrets();
    }
    Ok(Json(shown))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    name: Option<String>,
    metadata: Option<Map<String, Value>>,
    billing_plan_id: Option<String>,
}

/// `PATCH`: what is not named stays.
pub async fn update(
    State(partner): State<App>,
    _: User,
    Path((installation, id)): Ids,
    Json(update): Json<Update>,
) -> Result<Json<Value>> {
    if !partner.is(Broken::NoValidation) {
        let checks = [
            update.name.as_deref().map_or(Ok(()), check_name),
            update.billing_plan_id.as_deref().map_or(Ok(()), check_plan),
            update.metadata.as_ref().map_or(Ok(()), check_metadata),
        ];
        checks.into_iter().collect::<Result<()>>().map_err(|refusal| partner.refuse(refusal))?;
    }
    let mut store = partner.store.lock();
    let resource = store.resource(&installation, &id)?;
    resource.name = update.name.unwrap_or_else(|| resource.name.clone());
    resource.metadata = update.metadata.unwrap_or_else(|| resource.metadata.clone());
    resource.plan = update.billing_plan_id.unwrap_or_else(|| resource.plan.clone());
    Ok(Json(resource.shown()))
}

/// `DELETE`: whoever asks again finds nothing, which is what was wanted.
pub async fn remove(
    State(partner): State<App>,
    _: Caller,
    Path((installation, id)): Ids,
) -> Result<StatusCode> {
    let mut store = partner.store.lock();
    match store.resource(&installation, &id) {
        Err(_) if partner.is(Broken::FailsSecondDelete) => return Err(Refusal::failed("it is gone")),
        found => found?,
    };
    partner.take_resource(&mut store, &id);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// For how long the old secrets stay good, too.
    #[serde(default)]
    delay_old_secrets_expiration_hours: f64,
}

/// `POST …/secrets/rotate`: at once where the old secrets end at once; else in its own time, and Pintle is told when they are there.
pub async fn rotate(
    State(partner): State<App>,
    _: User,
    Path((installation, id)): Ids,
    Json(rotation): Json<Rotation>,
) -> Result<Response> {
    partner.store.lock().resource(&installation, &id)?;
    if rotation.delay_old_secrets_expiration_hours > 0.0 {
        if !partner.is(Broken::RotationNeverComes) {
            tokio::spawn(partner.rotate_later(installation, id));
        }
        return Ok((StatusCode::ACCEPTED, Json(json!({ "sync": false }))).into_response());
    }
    let secrets = partner.renew(&installation, &id)?;
    Ok(Json(json!({ "sync": true, "secrets": secrets })).into_response())
}

impl Partner {
    fn renew(&self, installation: &str, id: &str) -> Result<Value> {
        let mut store = self.store.lock();
        let resource = store.resource(installation, id)?;
        if !self.is(Broken::RotationChangesNothing) {
            resource.password = random()?;
        }
        Ok(resource.secrets())
    }

    async fn rotate_later(self: App, installation: String, id: String) {
        let Ok(secrets) = self.renew(&installation, &id) else { return };
        let path = format!("/v1/installations/{installation}/resources/{id}/secrets");
        self.tell(&installation, "PUT", &path, json!({ "secrets": secrets })).await;
    }
}
