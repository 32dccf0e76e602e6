//! Calls that change something at a partner, which must not be forgotten (semantics.md 4.5).
//!
//! A call is an intent first: written as a delivery in the transaction that makes the change pending, and put off for as long as a
//! request may take. Then the request runs it and waits. Should the process die meanwhile, or the partner not answer, the relay runs
//! the same call again, with the same key and body, for a day. Each try is recorded in the transaction that draws the consequences: so
//! there is no answer that was heard and forgotten.

mod bugs;
mod due;
mod order;
mod redact;
mod run;
mod settle;
mod waiting;

pub use due::{Claimed, claim, run_claimed};
use order::answered_after;
pub(crate) use order::{newest_of_installation, require_open};
pub(crate) use run::give_up;
pub use run::run;
pub(crate) use waiting::joined;

use super::actor::Actor;
use super::claims::Speaker;
use super::partner;
use crate::clock::{Millis, SECOND};
use crate::deliveries::{self, Delivery};
use crate::ids::{ConfigurationId, DeliveryId, IntegrationId, ResourceId};
use crate::{Core, Result, planted};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// For how long whoever runs a call has it: longer than its tries may take.
const LEASE: Millis = 40 * SECOND;

/// What a call is for. Its consequences are drawn by the module that it belongs to: see `settle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Install,
    ChangePlan,
    DeleteInstallation,
    Provision,
    UpdateResource,
    DeleteResource,
    RotateSecrets,
    /// Another team may have resources of this one.
    OfferResources,
    /// This team takes resources of another.
    AcceptResources,
    /// Credits were paid for.
    ProvisionCredits,
    /// The partner has said that something changed: what is it now?
    ReadInstallation,
    ReadResource,
}

/// A call as its consequences need it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Also its idempotency key.
    pub id: DeliveryId,
    pub operation: Operation,
    pub integration: IntegrationId,
    pub configuration: ConfigurationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceId>,
    pub actor: Actor,
    /// What else the module needs to know that it belongs to. Never a secret.
    pub data: Json,
}

/// What it takes to make one.
#[derive(Debug, Clone)]
pub struct NewCall {
    pub operation: Operation,
    pub integration: IntegrationId,
    pub configuration: ConfigurationId,
    pub resource: Option<ResourceId>,
    /// A user's token goes along where it is a user, else the system's.
    pub actor: Actor,
    pub method: http::Method,
    /// Under the integration's base URL, with its query; [`partner::path`] makes one.
    pub path: String,
    pub body: Option<Json>,
    /// The body is sealed, and not shown.
    pub secret: bool,
    pub data: Json,
}

impl NewCall {
    /// A call without a body, to what is `below` the installation at its partner.
    pub fn new(
        operation: Operation,
        integration: &IntegrationId,
        configuration: &ConfigurationId,
        actor: Actor,
        method: http::Method,
        below: &[&str],
    ) -> Self {
        let installation = ["v1", "installations", configuration.as_str()];
        Self {
            operation,
            integration: integration.clone(),
            configuration: configuration.clone(),
            resource: None,
            actor,
            method,
            path: partner::path(&[&installation, below].concat()),
            body: None,
            secret: false,
            data: Json::Null,
        }
    }
}

/// What is stored of a call, beside its delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(flatten)]
    call: Call,
    method: String,
    path: String,
    /// The body is the delivery's sealed secret.
    sealed: bool,
}

/// Writes a call down, in the transaction that makes its change pending; then [`run`] it.
///
/// # Errors
/// 409 `not_native` or `base_url_missing` where the integration has no partner to ask.
pub async fn intend(tx: &Conn, core: &Core, new: NewCall) -> Result<DeliveryId> {
    let now = core.clock.now();
    let id = DeliveryId::at(now, &core.entropy);
    let url = partner::address(tx, &new.integration, &new.path).await?;
    let mut rest = serde_json::Map::new();
    rest.insert("operation".into(), json!(new.operation));
    rest.insert("method".into(), json!(new.method.as_str()));
    if let Some(resource) = &new.resource {
        rest.insert("resourceId".into(), json!(resource));
    }
    let delivery = Delivery {
        id: id.clone(),
        owner_id: new.actor.owner.clone(),
        kind: deliveries::Kind::Partner,
        url: url.into(),
        event_id: None,
        event_type: None,
        webhook_id: None,
        integration_id: Some(new.integration.clone()),
        drain_id: None,
        listener_id: None,
        configuration_id: Some(new.configuration.clone()),
        created_at: now,
        rest,
    };
    let body = new.body.as_ref().map(Json::to_string);
    let sealed = body.as_ref().filter(|_| new.secret);
    let source = new.configuration.as_str();
    let secret = sealed.map(|body| core.vault.seal(source, body.as_bytes(), &core.entropy)).transpose()?;
    let shown = if new.secret { new.body.as_ref().map(redact::body) } else { body };
    delivery.insert_due(tx, bugs::due(now + LEASE), secret, shown.as_deref()).await?;
    let operation = new.operation;
    Stored::new(id.clone(), new).insert(tx).await?;
    operation.comes_to("intending");
    Ok(id)
}

impl Stored {
    fn new(id: DeliveryId, new: NewCall) -> Self {
        let NewCall { operation, integration, configuration, resource, actor, data, .. } = new;
        Self {
            call: Call { id, operation, integration, configuration, resource, actor, data },
            method: new.method.to_string(),
            path: new.path,
            sealed: new.secret,
        }
    }

    async fn load(conn: &Conn, id: &DeliveryId) -> Result<Option<Self>> {
        let sql = "SELECT doc FROM partner_calls WHERE id = $1";
        let row: Option<(String,)> = conn.opt(sql, &params![id]).await?;
        Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
    }

    async fn insert(&self, tx: &Conn) -> Result<()> {
        let sql = "INSERT INTO partner_calls (id, doc) VALUES ($1, $2)";
        tx.execute(sql, &params![&self.call.id, serde_json::to_string(self)?]).await?;
        Ok(())
    }
}

impl Operation {
    pub const ALL: [Operation; 12] = [
        Operation::Install,
        Operation::ChangePlan,
        Operation::DeleteInstallation,
        Operation::Provision,
        Operation::UpdateResource,
        Operation::DeleteResource,
        Operation::RotateSecrets,
        Operation::OfferResources,
        Operation::AcceptResources,
        Operation::ProvisionCredits,
        Operation::ReadInstallation,
        Operation::ReadResource,
    ];

    /// Whose token goes along, where the actor is a user.
    fn speaker(self) -> Speaker {
        match self {
            Operation::ProvisionCredits
            | Operation::ReadInstallation
            | Operation::ReadResource
            | Operation::OfferResources => Speaker::System,
            _ => Speaker::User,
        }
    }

    /// A step of a call's life, at which a proof may end the process (pintle_store::planted).
    fn comes_to(self, step: &str) {
        if cfg!(feature = "planted") {
            planted::point(&format!("{}.{step}", json!(self).as_str().unwrap_or_default()));
        }
    }

    /// Whether its answer takes the place of what an earlier one of the kind said.
    fn replaces(self) -> bool {
        matches!(self, Operation::ChangePlan | Operation::UpdateResource | Operation::RotateSecrets)
    }

    /// Whether it is still to be heard of when its installation is removed: what was paid for is handed out, or the money comes back.
    fn outlives_its_installation(self) -> bool {
        matches!(self, Operation::DeleteInstallation | Operation::ProvisionCredits)
    }

    /// Whether a secret may stand in its answer.
    fn answers_secrets(self) -> bool {
        matches!(self, Operation::Provision | Operation::UpdateResource | Operation::RotateSecrets)
    }
}

/// A call that was given up is pending again for a day; then [`run`] it. `false` where it was forgotten meanwhile, as every delivery is
/// that ended a week ago.
///
/// # Errors
/// 409 `call_answered`, `installation_transferred` or `call_superseded`.
pub async fn renew(tx: &Conn, core: &Core, id: &DeliveryId) -> Result<bool> {
    require_open(tx, core, id).await?;
    let now = core.clock.now();
    deliveries::renew(tx, id, now, now + LEASE).await
}

/// The calls that are pending for an installation, oldest first.
pub async fn pending(conn: &Conn, configuration: &ConfigurationId) -> Result<Vec<DeliveryId>> {
    let sql = "SELECT id FROM deliveries WHERE kind = 'partner' AND source_id = $1 AND state = 'pending' ORDER BY created_at, id";
    let rows: Vec<(String,)> = conn.all(sql, &params![configuration]).await?;
    Ok(rows.into_iter().map(|(id,)| DeliveryId::from(id)).collect())
}

/// Ends the calls that are pending for an installation that is removed, but for those that outlive it. Nothing follows from it here:
/// whoever ends them knows what is left to do.
pub async fn cancel(tx: &Conn, configuration: &ConfigurationId) -> Result<()> {
    for id in pending(tx, configuration).await? {
        let stored = Stored::load(tx, &id).await?;
        if !stored.is_some_and(|stored| stored.call.operation.outlives_its_installation()) {
            deliveries::cancel_one(tx, &id).await?;
        }
    }
    Ok(())
}
