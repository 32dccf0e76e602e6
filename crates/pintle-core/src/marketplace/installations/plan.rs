//! The plan of a whole installation.

use super::install::Word;
use super::{State, load};
use crate::configurations::{self, Configuration};
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, DeliveryId};
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::{Actor, Outcome};
use crate::{Core, Error, Result, Scope, validate};
use pintle_store::Conn;
use serde_json::json;

/// Asks the partner for another plan.
///
/// # Errors
/// 404 for an unknown configuration, 400 for one without a partner, 409 `installation_pending` before the partner has taken it, and what the
/// partner refuses it with. Where it cannot be reached, it is asked again in the background.
pub async fn change_plan(
    core: &Core,
    scope: &Scope,
    id: &ConfigurationId,
    plan: String,
) -> Result<Configuration> {
    validate::length("billingPlanId", &plan, 256)?;
    let call = intend(core, scope, id, plan).await?;
    match calls::run(core, &call).await? {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        _ => configurations::load(&core.db.read().await?, scope, id).await,
    }
}

async fn intend(core: &Core, scope: &Scope, id: &ConfigurationId, plan: String) -> Result<DeliveryId> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = configurations::load(tx, &scope, &id).await?;
            let installation = load(tx, &id).await.map_err(|_| no_plans())?;
            if installation.state != State::Active {
                let text = "The integration's partner has not taken the installation yet";
                return Err(Error::conflict("installation_pending", text));
            }
            calls::intend(tx, &core, call(&configuration, Actor::of(&scope), &plan)).await
        })
        .await
}

fn call(configuration: &Configuration, actor: Actor, plan: &str) -> NewCall {
    let Configuration { id, integration_id: app, .. } = configuration;
    NewCall {
        body: Some(json!({ "billingPlanId": plan })),
        data: json!({ "billingPlanId": plan }),
        ..NewCall::new(Operation::ChangePlan, app, id, actor, http::Method::PATCH, &[])
    }
}

/// Asks for the plan that was chosen with the installation, once the partner has taken that.
pub(super) async fn follow(
    tx: &Conn,
    core: &Core,
    installed_by: &Call,
    configuration: &Configuration,
    plan: &str,
) -> Result<()> {
    calls::intend(tx, core, call(configuration, installed_by.actor.clone(), plan)).await.map(drop)
}

fn no_plans() -> Error {
    Error::bad_request("Only an installation of a native integration has a plan")
}

/// Notes the plan that the partner gave.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Outcome::Answered { body, .. } = outcome else { return Ok(()) };
    let scope = call.actor.scope();
    // Removed meanwhile: no plan is left to change.
    let Ok(mut configuration) = configurations::load(tx, &scope, &call.configuration).await else {
        return Ok(());
    };
    let now = core.clock.now();
    let word = Word::of(body);
    let chosen = json!({ "id": call.data["billingPlanId"], "name": call.data["billingPlanId"], "type": "subscription" });
    configuration.billing_plan = Some(word.billing_plan.unwrap_or(chosen));
    configuration.notification = word.notification.or(configuration.notification);
    configuration.updated_at = now;
    configuration.save(tx).await?;
    let payload = json!({
        "configurationId": configuration.id, "integrationId": configuration.integration_id,
        "billingPlanId": call.data["billingPlanId"],
    });
    let text = format!("changed the plan of {}", configuration.slug);
    let event = Event::new("integration-installation-billing-plan-updated", text, payload);
    events::record(tx, core, &scope, now, event).await.map(drop)
}
