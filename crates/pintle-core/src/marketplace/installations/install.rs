//! Installing a native integration: the team accepts the partner's policies, and the partner makes an account (semantics.md 4.6).

use super::{Installation, State, find, plan};
use crate::clock::Millis;
use crate::configurations::install::{insert, new_configuration};
use crate::configurations::{self, Configuration, Projects, Source, Status, exchange, removal};
use crate::credential::{self, Prefix};
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, DeliveryId};
use crate::integrations::{self, Integration, Kind};
use crate::marketplace::calls::{self, Call, NewCall, Operation};
use crate::marketplace::plans::{BillingPlan, PlanScope};
use crate::marketplace::{Actor, Notification, Outcome, account};
use crate::permissions::Permission;
use crate::teams::members;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// What the team decides.
#[derive(Debug, Clone, Default)]
pub struct Purchase {
    /// By the policy's name, when it was accepted.
    pub accepted_policies: BTreeMap<String, String>,
    pub source: Option<Source>,
    pub projects: Projects,
    /// The plan of the whole installation, where the integration has such plans.
    pub billing_plan_id: Option<String>,
}

/// Installs a native integration, named by id or slug, for the scope's owner: Pintle's side first, so that the access token that the
/// partner is given is good before it answers; then the partner's.
///
/// Where the partner cannot be reached the installation stays pending, and the partner is told again in the background for a day.
///
/// # Errors
/// 404 for an unknown integration; 409 for one that is no native one; 400 `policies_not_accepted`; 409
/// `integration_already_installed`, naming the configuration; and what the partner refuses it with.
pub async fn install(
    core: &Core,
    scope: &Scope,
    id_or_slug: &str,
    purchase: Purchase,
) -> Result<Configuration> {
    let (id, call) = begin(core, scope, id_or_slug, purchase).await?;
    let mut outcome = calls::run(core, &call).await?;
    if matches!(outcome, Outcome::Answered { .. }) {
        // The plan, where one was chosen: the partner can give it now.
        let follows = calls::pending(&core.db.read().await?, &id).await?;
        for call in follows {
            outcome = calls::run(core, &call).await?;
        }
    }
    match outcome {
        Outcome::Refused { error, .. } => Err(error.into_error()),
        _ => configurations::load(&core.db.read().await?, scope, &id).await,
    }
}

/// Writes Pintle's side and what the partner is to be told.
async fn begin(
    core: &Core,
    scope: &Scope,
    id_or_slug: &str,
    purchase: Purchase,
) -> Result<(ConfigurationId, DeliveryId)> {
    let (core, scope, id_or_slug) = (core.clone(), scope.clone(), id_or_slug.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            members::require_still(tx, &scope, Permission::Install).await?;
            let app = integrations::require(tx, &id_or_slug).await?;
            app.partner_url()?;
            require_accepted(&app, &purchase)?;
            if let Some(again) = unfinished(tx, &core, &scope, &app, &purchase).await? {
                return Ok(again);
            }
            let configuration = new(&core, &scope, &app, &purchase)?;
            insert(tx, &scope, &configuration).await?;
            let call = intend(tx, &core, &scope, &configuration, &purchase).await?;
            partners_side(&configuration, &call, &purchase).insert(tx).await?;
            Ok((configuration.id, call))
        })
        .await
}

/// An installation that the partner has not taken yet is tried again.
///
/// # Errors
/// 409 for one that it has.
async fn unfinished(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    app: &Integration,
    purchase: &Purchase,
) -> Result<Option<(ConfigurationId, DeliveryId)>> {
    let Some(other) = configurations::install::existing(tx, scope, app, Kind::Marketplace).await? else {
        return Ok(None);
    };
    let installation = find(tx, &other.id).await?;
    match installation.filter(|found| matches!(found.state, State::Installing | State::Error)) {
        Some(found) if calls::renew(tx, core, &found.call).await? => Ok(Some((found.id, found.call))),
        Some(mut found) => {
            found.call = intend(tx, core, scope, &other, purchase).await?;
            found.save(tx).await?;
            Ok(Some((found.id, found.call)))
        }
        None => Err(configurations::install::already_installed(app, &other)),
    }
}

/// # Errors
/// 400 `policies_not_accepted`, naming them.
fn require_accepted(app: &Integration, purchase: &Purchase) -> Result<()> {
    let policies = app.policies().into_iter().map(|policy| policy.id);
    let missing: Vec<String> = policies.filter(|id| !purchase.accepted_policies.contains_key(id)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let text =
        format!("Accept the policies of {} first: `acceptedPolicies` lacks {}", app.name, missing.join(", "));
    Err(Error::bad_request(text).coded("policies_not_accepted").with("policies", missing))
}

fn new(core: &Core, scope: &Scope, app: &Integration, purchase: &Purchase) -> Result<Configuration> {
    let source = purchase.source.unwrap_or(Source::Marketplace);
    let mut configuration =
        new_configuration(core, scope, app, Kind::Marketplace, source, purchase.projects.clone())?;
    configuration.completed_at = None;
    configuration.status = Some(Status::Pending);
    Ok(configuration)
}

/// An access token, and the call that tells the partner of it.
async fn intend(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    configuration: &Configuration,
    purchase: &Purchase,
) -> Result<DeliveryId> {
    let id = &configuration.id;
    let token = credential::token(Prefix::Installation, &core.entropy);
    exchange::keep_token(tx, configuration, &credential::hash(&token), core.clock.now()).await?;
    let body = json!({
        "scopes": configuration.scopes, "acceptedPolicies": purchase.accepted_policies,
        "credentials": { "access_token": token, "token_type": "Bearer" },
        "account": account::of(tx, core, scope, id).await?,
    });
    let (app, actor) = (&configuration.integration_id, Actor::of(scope));
    let call = NewCall {
        body: Some(body),
        secret: true,
        data: json!({ "billingPlanId": purchase.billing_plan_id }),
        ..NewCall::new(Operation::Install, app, id, actor, http::Method::PUT, &[])
    };
    calls::intend(tx, core, call).await
}

fn partners_side(configuration: &Configuration, call: &DeliveryId, purchase: &Purchase) -> Installation {
    Installation {
        id: configuration.id.clone(),
        owner_id: configuration.owner_id.clone(),
        integration_id: configuration.integration_id.clone(),
        personal: configuration.team_id.is_none(),
        state: State::Installing,
        call: call.clone(),
        leaving: None,
        accepted_policies: purchase.accepted_policies.clone(),
        created_at: configuration.created_at,
        closing: None,
    }
}

/// What a partner may say of an installation when it takes it or its plan.
#[derive(Debug)]
pub(super) struct Word {
    pub billing_plan: Option<Json>,
    pub notification: Option<Notification>,
}

impl Word {
    /// What is not as it should be counts for nothing: the partner took it all the same.
    pub fn of(body: &Json) -> Self {
        let plan = BillingPlan::told("billingPlan", &body["billingPlan"], PlanScope::Installation);
        let plan = plan.ok().and_then(|plan| serde_json::to_value(plan).ok());
        let notification = serde_json::from_value::<Notification>(body["notification"].clone()).ok();
        Self { billing_plan: plan, notification: notification.filter(|it| it.check().is_ok()) }
    }
}

/// Notes what the partner said to the installation.
pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let Some(mut installation) = find(tx, &call.configuration).await? else { return Ok(()) };
    match (installation.state, outcome) {
        (State::Installing | State::Error, _) => {}
        // Taken already, or refused when it was gone anyway.
        (State::Active, _) | (_, Outcome::Refused { .. }) => return Ok(()),
        // Removed meanwhile: the partner has been told of that, perhaps before it was told of this.
        (State::Closing | State::Closed, _) => return super::leave::tell(tx, core, &installation).await,
    }
    let scope = call.actor.scope();
    let configuration = configurations::load(tx, &scope, &call.configuration).await?;
    match outcome {
        Outcome::Answered { body, .. } => {
            installation.state = State::Active;
            installation.save(tx).await?;
            let installed = taken(tx, core, &scope, configuration, Word::of(body)).await?;
            match call.data["billingPlanId"].as_str() {
                Some(plan) => plan::follow(tx, core, call, &installed, plan).await,
                None => Ok(()),
            }
        }
        Outcome::Refused { .. } => {
            removal::undo(tx, core, &scope, &call.configuration).await?;
            tx.execute("DELETE FROM installations WHERE id = $1", &params![&call.configuration]).await?;
            Ok(())
        }
        Outcome::Unknown { given_up: true, .. } => {
            installation.state = State::Error;
            installation.save(tx).await?;
            Configuration { status: Some(Status::Error), ..configuration }.save(tx).await
        }
        Outcome::Unknown { .. } => Ok(()),
    }
}

/// The partner has made an account: the installation is complete.
async fn taken(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    configuration: Configuration,
    word: Word,
) -> Result<Configuration> {
    let now: Millis = core.clock.now();
    let name = integrations::name(tx, &configuration.integration_id).await?;
    // It may have said something already: its token was good before it answered.
    let said = configuration.status.filter(|status| !matches!(status, Status::Pending | Status::Error));
    let installed = Configuration {
        status: said,
        completed_at: Some(now),
        updated_at: now,
        billing_plan: word.billing_plan.or(configuration.billing_plan),
        notification: word.notification.or(configuration.notification),
        ..configuration
    };
    installed.save(tx).await?;
    let event =
        Event::new("integration-installation-completed", format!("installed {name}"), installed.audit(&name));
    events::record(tx, core, scope, now, event).await?;
    Ok(installed)
}
