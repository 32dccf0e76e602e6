//! Calls to partners, over the wire: the tokens, what a partner's answers lead to, and what the relay does about calls that nobody
//! waits for any more.

mod background;
mod shown;
mod tokens;
mod tries;

use http::Method;
use pintle_core::ids::{ConfigurationId, DeliveryId, IntegrationId, OwnerId, UserId};
use pintle_core::marketplace::calls::{self, NewCall, Operation};
use pintle_core::marketplace::{Actor, Outcome, partner};
use pintle_core::scope::{self, TeamHint};
use pintle_core::{Error, permissions::Permission};
use pintle_testing::{Caller, Installed, Partner, Pintle};
use serde_json::{Value, json};

/// A team that has installed what a partner offers.
struct World<'a> {
    pintle: &'a Pintle,
    team: Caller,
    installed: Installed,
    partner: Partner,
}

impl<'a> World<'a> {
    async fn new(pintle: &'a Pintle) -> Self {
        let team = pintle.team("acme").await;
        let installed = team.install_native("kv").await;
        let partner = pintle.partner().await;
        partner.serve(pintle, &installed.integration).await;
        Self { pintle, team, installed, partner }
    }

    fn integration(&self) -> IntegrationId {
        IntegrationId::from(self.installed.integration.as_str())
    }

    fn configuration(&self) -> ConfigurationId {
        ConfigurationId::from(self.installed.id.as_str())
    }

    /// The actor behind a caller's token.
    async fn actor(&self, caller: &Caller) -> Actor {
        let team = caller.team.as_ref().map_or(TeamHint::None, |team| TeamHint::Id(team.as_str()));
        let scope =
            scope::authenticate(&self.pintle.core, Some(&caller.token), team, Permission::TeamRead).await;
        Actor::of(&scope.expect("a good token"))
    }

    /// A change of plan by the team's owner: for calls of which nothing else follows here.
    async fn change(&self) -> NewCall {
        self.call(Method::PATCH, &[], json!({ "billingPlanId": "pro" })).await
    }

    async fn call(&self, method: Method, rest: &[&str], body: Value) -> NewCall {
        let path = [&["v1", "installations", self.installed.id.as_str()], rest].concat();
        NewCall {
            operation: Operation::ChangePlan,
            integration: self.integration(),
            configuration: self.configuration(),
            resource: None,
            actor: self.actor(&self.team).await,
            method,
            path: partner::path(&path),
            body: Some(body),
            secret: false,
            data: json!({ "billingPlanId": "pro" }),
        }
    }

    async fn intend(&self, call: NewCall) -> DeliveryId {
        let core = self.pintle.core.clone();
        let write = self.pintle.core.db.write(async move |tx| calls::intend(tx, &core, call.clone()).await);
        write.await.expect("an intent")
    }

    async fn run(&self, id: &DeliveryId) -> Outcome {
        calls::run(&self.pintle.core, id).await.expect("an outcome")
    }

    /// Intends and runs, as a request does.
    async fn ask(&self, call: NewCall) -> Outcome {
        let id = self.intend(call).await;
        self.run(&id).await
    }

    /// The partner knows the installation.
    async fn known(&self) {
        let call = self.call(Method::PUT, &[], json!({})).await;
        let call = NewCall { operation: Operation::Install, ..call };
        assert!(self.ask(call).await.is_known());
    }

    async fn shown(&self, id: &DeliveryId) -> Value {
        self.team.get(&format!("/pintle/v1/deliveries/{id}")).await.ok(200)
    }
}

fn refusal(outcome: &Outcome) -> Error {
    match outcome {
        Outcome::Refused { error, .. } => error.into_error(),
        other => panic!("not refused: {other:?}"),
    }
}

fn owner(caller: &Caller) -> OwnerId {
    caller.team.clone().unwrap_or_else(|| UserId::as_owner(&caller.user))
}
