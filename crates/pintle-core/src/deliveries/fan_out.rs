//! Who is told of an event: its owner's webhooks, and the integrations that are installed there (semantics.md 5.1).

use super::listeners::Listener;
use super::{Delivery, Kind};
use crate::clock::Millis;
use crate::ids::{ConfigurationId, DeliveryId, EventId, IntegrationId, OwnerId, ProjectId, WebhookId};
use crate::webhooks;
use crate::{Core, Result, planted};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

/// A webhook event of an owner.
pub struct FanOut<'a> {
    pub owner: &'a OwnerId,
    pub event: &'a EventId,
    /// The name that it has today; who subscribed to an older one is sent that.
    pub name: &'a str,
    pub payload: &'a Json,
    /// The project that it happened to.
    pub project: Option<&'a ProjectId>,
    pub at: Millis,
    /// It did not happen: it was ordered, with a payload of the owner's choice. Only the owner's own endpoints are told, or its
    /// signature would vouch to somebody else's integration for what is not true.
    pub made_up: bool,
}

/// Writes a delivery for each subscriber, in the transaction of the event: so whom a removal takes away is still told of it. Answers how
/// many there are.
pub async fn fan_out(tx: &Conn, core: &Core, event: &FanOut<'_>) -> Result<usize> {
    let mut told = 0;
    for subscriber in subscribers(tx, core, event).await? {
        let Some(name) = subscriber.hears(event) else { continue };
        let Some(url) = subscriber.endpoint.url() else { continue };
        let delivery = Delivery {
            id: DeliveryId::at(event.at, &core.entropy),
            // What a shell is told is its own owner's to see.
            owner_id: subscriber
                .endpoint
                .listener()
                .map_or(event.owner, |listener| &listener.owner_id)
                .clone(),
            kind: subscriber.endpoint.kind(),
            url,
            event_id: Some(event.event.clone()),
            event_type: Some(name.to_owned()),
            webhook_id: subscriber.endpoint.webhook().cloned(),
            integration_id: subscriber.endpoint.integration().cloned(),
            drain_id: None,
            listener_id: subscriber.endpoint.listener().map(|listener| listener.id.clone()),
            configuration_id: subscriber.configuration,
            created_at: event.at,
            rest: Map::new(),
        };
        let body = serde_json::to_string(&event.envelope(name))?;
        delivery.insert(tx, subscriber.secret, Some(&body)).await?;
        told += 1;
    }
    Ok(told)
}

impl FanOut<'_> {
    /// What is sent (semantics.md 5.3). Older names had the team and the user beside the payload.
    fn envelope(&self, name: &str) -> Json {
        let mut envelope = json!({
            "id": self.event, "type": name, "createdAt": self.at, "payload": self.payload, "region": null,
        });
        if name != self.name {
            envelope["teamId"] = self.payload["team"]["id"].clone();
            envelope["userId"] = self.payload["user"]["id"].clone();
        }
        envelope
    }

    /// The installation that it is about, which is nobody else's business.
    fn installation(&self) -> Option<&str> {
        self.payload["configuration"]["id"].as_str()
    }

    /// It reaches an installation that was disabled too.
    fn essential(&self) -> bool {
        self.name.starts_with("integration-configuration.")
    }
}

/// Where a subscriber is told, as far as its document says.
enum Endpoint {
    Webhook(Webhook),
    Integration(Integration),
    Listener(Listener),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    id: WebhookId,
    url: String,
    events: Vec<String>,
    project_ids: Option<Vec<ProjectId>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Integration {
    id: IntegrationId,
    webhook_url: Option<String>,
    events: Vec<String>,
}

impl Endpoint {
    fn kind(&self) -> Kind {
        match self {
            Endpoint::Listener(_) => Kind::Listener,
            _ => Kind::Webhook,
        }
    }

    fn url(&self) -> Option<String> {
        match self {
            Endpoint::Webhook(webhook) => Some(webhook.url.clone()),
            Endpoint::Integration(app) => app.webhook_url.clone(),
            Endpoint::Listener(listener) => Some(listener.forward_to.clone()),
        }
    }

    fn webhook(&self) -> Option<&WebhookId> {
        match self {
            Endpoint::Webhook(webhook) => Some(&webhook.id),
            _ => None,
        }
    }

    fn listener(&self) -> Option<&Listener> {
        match self {
            Endpoint::Listener(listener) => Some(listener),
            _ => None,
        }
    }

    fn integration(&self) -> Option<&IntegrationId> {
        match self {
            Endpoint::Webhook(_) => None,
            Endpoint::Integration(app) => Some(&app.id),
            Endpoint::Listener(listener) => listener.integration_id.as_ref(),
        }
    }

    fn wants(&self, name: &str) -> bool {
        let events = match self {
            Endpoint::Webhook(webhook) => &webhook.events,
            Endpoint::Integration(app) => &app.events,
            Endpoint::Listener(Listener { events: Some(events), .. }) => events,
            Endpoint::Listener(Listener { events: None, .. }) => return true,
        };
        events.iter().any(|wanted| wanted == name)
    }

    /// A webhook may name the projects that it is for.
    fn is_for(&self, project: &ProjectId) -> bool {
        match self {
            Endpoint::Webhook(webhook) => {
                webhook.project_ids.as_ref().is_none_or(|ids| ids.contains(project))
            }
            Endpoint::Integration(_) | Endpoint::Listener(_) => true,
        }
    }
}

struct Subscriber {
    endpoint: Endpoint,
    /// Sealed for the webhook or the integration. What a shell is told is signed when it takes it.
    secret: Option<Vec<u8>>,
    /// Whose endpoint it is: the owner's, or the integration's developer's.
    holder: OwnerId,
    configuration: Option<ConfigurationId>,
    disabled: bool,
    /// Its installation was given some projects only.
    selected: bool,
    /// The event's project is one of them.
    given: bool,
}

impl Subscriber {
    fn new(
        endpoint: Endpoint,
        holder: OwnerId,
        configuration: Option<String>,
        disabled_at: Option<Millis>,
        selected: Option<i64>,
        given: i64,
    ) -> Self {
        Self {
            endpoint,
            secret: None,
            holder,
            configuration: configuration.map(ConfigurationId::from),
            disabled: disabled_at.is_some(),
            selected: selected == Some(1),
            given: given > 0,
        }
    }

    /// The name under which it is told, if it is.
    fn hears<'a>(&self, event: &FanOut<'a>) -> Option<&'a str> {
        if let (Some(own), Some(about)) = (&self.configuration, event.installation())
            && own.as_str() != about
            && !planted::on("removal-told-to-others")
        {
            return None;
        }
        if event.made_up && self.holder != *event.owner {
            return None;
        }
        if self.disabled && !event.essential() {
            return None;
        }
        if event.project.is_some_and(|project| !self.sees(project, event.name)) {
            return None;
        }
        // An integration is told of its removal whatever it chose.
        let ends = event.name == "integration-configuration.removed";
        if self.endpoint.wants(event.name) || (ends && matches!(self.endpoint, Endpoint::Integration(_))) {
            return Some(event.name);
        }
        webhooks::older_name(event.name).filter(|older| self.endpoint.wants(older))
    }

    /// That projects come and go is told only to who may see all of them.
    fn sees(&self, project: &ProjectId, name: &str) -> bool {
        let of_all = matches!(name, "project.created" | "project.removed");
        let reaches = !self.selected || (self.given && !of_all);
        reaches && self.endpoint.is_for(project)
    }
}

const WEBHOOKS: &str =
    "SELECT w.doc, w.secret, COALESCE(i.owner_id, w.owner_id), c.id, c.disabled_at, c.selected,
    (SELECT COUNT(*) FROM configuration_projects p WHERE p.configuration_id = c.id AND p.project_id = $2)
  FROM webhooks w LEFT JOIN configurations c ON c.id = w.configuration_id
  LEFT JOIN integrations i ON i.id = c.integration_id WHERE w.owner_id = $1";

const INTEGRATIONS: &str = "SELECT i.doc, i.client_secret, i.owner_id, c.id, c.disabled_at, c.selected,
    (SELECT COUNT(*) FROM configuration_projects p WHERE p.configuration_id = c.id AND p.project_id = $2)
  FROM configurations c JOIN integrations i ON i.id = c.integration_id WHERE c.owner_id = $1";

/// The integration of an installation that was removed and may not be settled yet: it is told of what happens to its bills.
const REMOVED: &str = "SELECT i.doc, i.client_secret, i.owner_id, s.id, c.disabled_at, c.selected, CAST(0 AS BIGINT)
  FROM installations s JOIN integrations i ON i.id = s.integration_id LEFT JOIN configurations c ON c.id = s.id
  WHERE s.owner_id = $1 AND s.id = $2 AND c.id IS NULL";

type Row = (String, Vec<u8>, String, Option<String>, Option<Millis>, Option<i64>, i64);

/// Shells that are there, with the installation by which an integration's hears of it.
const LISTENERS: &str = "SELECT l.doc, i.doc, c.id, c.disabled_at, c.selected,
    (SELECT COUNT(*) FROM configuration_projects p WHERE p.configuration_id = c.id AND p.project_id = $2)
  FROM listeners l LEFT JOIN integrations i ON i.id = l.integration_id
  LEFT JOIN configurations c ON c.integration_id = l.integration_id AND c.owner_id = $1
  WHERE l.expires_at > $3 AND (c.id IS NOT NULL OR l.owner_id = $1 AND l.integration_id IS NULL)";

async fn subscribers(tx: &Conn, core: &Core, event: &FanOut<'_>) -> Result<Vec<Subscriber>> {
    let mut params = params![event.owner, event.project].to_vec();
    let webhooks: Vec<Row> = tx.all(WEBHOOKS, &params).await?;
    let mut integrations: Vec<Row> = tx.all(INTEGRATIONS, &params).await?;
    if let Some(installation) = event.installation() {
        integrations.extend(tx.all::<Row>(REMOVED, &params![event.owner, installation]).await?);
    }
    params.push(core.clock.unmoved().into());
    let shells: Vec<Shell> = tx.all(LISTENERS, &params).await?;
    let webhooks = webhooks.into_iter().map(|row| subscriber(row, Endpoint::Webhook));
    let integrations = integrations.into_iter().map(|row| subscriber(row, Endpoint::Integration));
    webhooks.chain(integrations).chain(shells.into_iter().map(shell)).collect()
}

fn subscriber<T: for<'de> Deserialize<'de>>(row: Row, endpoint: fn(T) -> Endpoint) -> Result<Subscriber> {
    let (doc, secret, holder, configuration, disabled_at, selected, given) = row;
    let (endpoint, holder) = (endpoint(serde_json::from_str(&doc)?), OwnerId::from(holder));
    let subscriber = Subscriber::new(endpoint, holder, configuration, disabled_at, selected, given);
    Ok(Subscriber { secret: Some(secret), ..subscriber })
}

/// The same with the integration's document in the secret's place.
type Shell = (String, Option<String>, Option<String>, Option<Millis>, Option<i64>, i64);

/// An integration's shell hears what the integration chose, unless it chose itself.
fn shell((doc, app, configuration, disabled_at, selected, given): Shell) -> Result<Subscriber> {
    let mut listener: Listener = serde_json::from_str(&doc)?;
    if let (None, Some(app)) = (&listener.events, app) {
        listener.events = Some(serde_json::from_str::<Integration>(&app)?.events);
    }
    let holder = listener.owner_id.clone();
    Ok(Subscriber::new(Endpoint::Listener(listener), holder, configuration, disabled_at, selected, given))
}
