//! The plan of a whole installation.

use super::install::Word;
use super::{State, load};
use crate::configurations::{self, Configuration};
use crate::ids::{ConfigurationId, DeliveryId};
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::plans::{self, BillingPlan};
use crate::marketplace::questions::Questions;
use crate::marketplace::update::{self, InstallationPatch};
use crate::marketplace::{Actor, Outcome, notice};
use crate::{Core, Error, Kind, Result, Scope, validate};
use pintle_store::Conn;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// Asks the partner for another plan.
///
/// # Errors
/// 404 for an unknown configuration, 400 for one without a partner and for a plan that is not among those that the partner lists, 409
/// `installation_pending` before the partner has taken it and `call_pending` while it has not answered for another plan, and what the
/// partner refuses it with. Where it cannot be reached, it is asked again in the background.
pub async fn change_plan(
    core: &Core,
    scope: &Scope,
    id: &ConfigurationId,
    plan: String,
) -> Result<Configuration> {
    validate::length("billingPlanId", &plan, 256)?;
    let configuration = require_active(&core.db.read().await?, scope, id).await?;
    let chosen =
        Chosen { billing_plan: offered(core, scope, &configuration, &plan).await?, billing_plan_id: plan };
    let call = intend(core, scope, id, chosen).await?;
    match calls::run(core, &call).await? {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        _ => configurations::load(&core.db.read().await?, scope, id).await,
    }
}

/// What stands with the call, for when the partner has agreed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chosen {
    billing_plan_id: String,
    /// As it was offered, where the partner says what it offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_plan: Option<BillingPlan>,
}

async fn require_active(conn: &Conn, scope: &Scope, id: &ConfigurationId) -> Result<Configuration> {
    let configuration = configurations::load(conn, scope, id).await?;
    let no_plans = || Error::bad_request("Only an installation of a native integration has a plan");
    let installation = load(conn, id).await.map_err(|_| no_plans())?;
    if installation.state != State::Active {
        let text = "The integration's partner has not taken the installation yet";
        return Err(Error::conflict("installation_pending", text));
    }
    Ok(configuration)
}

/// The plan as the partner offers it; `None` where that lists no plans for installations, or cannot be reached now.
async fn offered(
    core: &Core,
    scope: &Scope,
    configuration: &Configuration,
    plan: &str,
) -> Result<Option<BillingPlan>> {
    let (actor, integration) = (&Actor::of(scope), &configuration.integration_id);
    let questions = Questions { core, actor, integration, installation: Some(&configuration.id) };
    match questions.installation_plans().await {
        Err(error) if matches!(error.kind, Kind::NotFound | Kind::BadGateway) => Ok(None),
        plans => plans::offered(plan, &plans?).cloned().map(Some),
    }
}

async fn intend(core: &Core, scope: &Scope, id: &ConfigurationId, chosen: Chosen) -> Result<DeliveryId> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = require_active(tx, &scope, &id).await?;
            let new = call(&configuration, Actor::of(&scope), &chosen)?;
            let earlier = calls::newest_of_installation(tx, &id, Operation::ChangePlan).await?;
            match calls::joined(tx, earlier.as_ref(), new.body.as_ref(), &configuration.slug).await? {
                Some(joined) => Ok(joined),
                None => calls::intend(tx, &core, new).await,
            }
        })
        .await
}

fn call(configuration: &Configuration, actor: Actor, chosen: &Chosen) -> Result<NewCall> {
    let Configuration { id, integration_id: app, .. } = configuration;
    Ok(NewCall {
        body: Some(json!({ "billingPlanId": chosen.billing_plan_id })),
        data: serde_json::to_value(chosen)?,
        ..NewCall::new(Operation::ChangePlan, app, id, actor, http::Method::PATCH, &[])
    })
}

/// Asks for the plan that was chosen with the installation, once the partner has taken that.
pub(super) async fn follow(
    tx: &Conn,
    core: &Core,
    installed_by: &Call,
    configuration: &Configuration,
    plan: &str,
) -> Result<()> {
    let chosen = Chosen { billing_plan_id: plan.to_owned(), billing_plan: None };
    calls::intend(tx, core, call(configuration, installed_by.actor.clone(), &chosen)?).await.map(drop)
}

/// Notes the plan that the partner gave: as it says, else as it was offered. Where neither is known, its id is, and the partner is asked for
/// the rest.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Outcome::Answered { body, .. } = outcome else { return Ok(()) };
    let scope = call.actor.scope();
    // Removed meanwhile: no plan is left to change.
    let Ok(configuration) = configurations::load(tx, &scope, &call.configuration).await else {
        return Ok(());
    };
    let word = Word::of(body);
    let Chosen { billing_plan_id, billing_plan } = Chosen::deserialize(&call.data)?;
    let offered: Option<Json> = billing_plan.map(serde_json::to_value).transpose()?;
    let known = word.billing_plan.or(offered);
    if known.is_none() {
        notice::ask(tx, core, &configuration).await?;
    }
    let plan = known.unwrap_or_else(|| json!({ "id": billing_plan_id, "name": billing_plan_id }));
    let patch = InstallationPatch::of(plan, word.notification);
    update::apply(tx, core, &scope, configuration, patch).await
}
