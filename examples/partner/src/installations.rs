//! A customer installs the integration, changes its plan, and removes it.

use crate::App;
use crate::broken::Broken;
use crate::plans;
use crate::refusal::{Json, Refusal, Result};
use crate::store::{Installation, Store};
use crate::tokens::{Caller, Role, User};
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Install {
    credentials: Credentials,
}

#[derive(Deserialize)]
struct Credentials {
    /// Good for what this installation may call, from before this request is answered.
    access_token: String,
}

/// `PUT`: there is an installation from now on. Pintle asks again where it did not hear the answer, so once or twice is the same.
pub async fn install(
    State(partner): State<App>,
    User(claims): User,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>> {
    if claims.user_role == Some(Role::User) {
        return Err(Refusal::forbidden("only an administrator can install"));
    }
    let mut store = partner.store.lock();
    let before = store.installations.get(&id);
    if before.is_some_and(|before| before.removed) {
        let for_user = "This installation was removed. Install the integration again.";
        return Err(Refusal::conflict("the installation was removed", for_user));
    }
    if before.is_some() && partner.is(Broken::InstallNotIdempotent) {
        return Err(Refusal::conflict("it is installed", "The integration is installed already."));
    }
    let access_token = match serde_json::from_value::<Install>(body) {
        Ok(Install { credentials: Credentials { access_token } }) => access_token,
        Err(_) if partner.is(Broken::NoValidation) => String::new(),
        Err(error) => {
            return Err(partner.refuse(Refusal::invalid(format!("the body is not as it should be: {error}"))));
        }
    };
    let plan = before.map_or_else(|| "community".to_owned(), |before| before.plan.clone());
    let shown = shown(&plan);
    store.installations.insert(id, Installation { access_token, plan, removed: false });
    Ok(Json(shown))
}

/// `GET`
pub async fn show(State(partner): State<App>, _: Caller, Path(id): Path<String>) -> Result<Json<Value>> {
    let mut store = partner.store.lock();
    Ok(Json(shown(&store.installation(&id)?.plan)))
}

fn shown(plan: &str) -> Value {
    json!({ "billingPlan": plans::find(plans::INSTALLATION, plan) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    billing_plan_id: String,
}

/// `PATCH`: another plan.
pub async fn change_plan(
    State(partner): State<App>,
    _: User,
    Path(id): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Value>> {
    let mut store = partner.store.lock();
    let installation = store.installation(&id)?;
    if plans::find(plans::INSTALLATION, &change.billing_plan_id).is_none()
        && !partner.is(Broken::NoValidation)
    {
        let refusal = Refusal::invalid(format!("there is no plan `{}`", change.billing_plan_id));
        return Err(partner.refuse(refusal));
    }
    installation.plan = change.billing_plan_id;
    Ok(Json(shown(&installation.plan)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    #[serde(default)]
    cascade_resource_deletion: bool,
}

/// `DELETE`: with its resources, or not as long as it has any. `finalized: false` keeps the access token good for a last invoice, which
/// `webhook` sends once the removal is told.
pub async fn remove(
    State(partner): State<App>,
    _: Caller,
    Path(id): Path<String>,
    Json(removal): Json<Removal>,
) -> Result<Json<Value>> {
    let cascade = removal.cascade_resource_deletion && !partner.is(Broken::IgnoresCascade);
    take(&partner, &mut partner.store.lock(), &id, cascade)?;
    Ok(Json(json!({ "finalized": !partner.options.final_invoice })))
}

fn take(partner: &App, store: &mut Store, id: &str, cascade: bool) -> Result<()> {
    let used = store.resources.values().filter(|resource| resource.installation == id).count();
    let installation = store.installations.get_mut(id).ok_or_else(|| Refusal::not_found("Installation"))?;
    if installation.removed && partner.is(Broken::FailsSecondRemoval) {
        return Err(Refusal::failed("it is gone"));
    }
    if used > 0 && !cascade {
        let for_user = "Delete the databases of this installation first.";
        return Err(Refusal::conflict(format!("the installation has {used} resources"), for_user));
    }
    installation.removed = true;
    let gone: Vec<String> = store
        .resources
        .values()
        .filter(|resource| resource.installation == id)
        .map(|resource| resource.id.clone())
        .collect();
    for resource in gone {
        partner.take_resource(store, &resource);
    }
    Ok(())
}
