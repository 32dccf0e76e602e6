//! Who is told of an event: its owner's webhooks, and the integrations that are installed there (semantics.md 5.1).

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
}

/// Writes a delivery for each subscriber, in the transaction of the event: so whom a removal takes away is still told of it. Answers how
/// many there are.
pub async fn fan_out(tx: &Conn, core: &Core, event: &FanOut<'_>) -> Result<usize> {
    let mut told = 0;
    for subscriber in subscribers(tx, event).await? {
        let Some(name) = subscriber.hears(event) else { continue };
        let Some(url) = subscriber.endpoint.url() else { continue };
        let delivery = Delivery {
            id: DeliveryId::at(event.at, &core.entropy),
            owner_id: event.owner.clone(),
            kind: Kind::Webhook,
            url,
            event_id: Some(event.event.clone()),
            event_type: Some(name.to_owned()),
            webhook_id: subscriber.endpoint.webhook().cloned(),
            integration_id: subscriber.endpoint.integration().cloned(),
            drain_id: None,
            configuration_id: subscriber.configuration,
            created_at: event.at,
            rest: Map::new(),
        };
        let body = serde_json::to_string(&event.envelope(name))?;
        delivery.insert(tx, Some(subscriber.secret), Some(&body)).await?;
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
    fn url(&self) -> Option<String> {
        match self {
            Endpoint::Webhook(webhook) => Some(webhook.url.clone()),
            Endpoint::Integration(app) => app.webhook_url.clone(),
        }
    }

    fn webhook(&self) -> Option<&WebhookId> {
        match self {
            Endpoint::Webhook(webhook) => Some(&webhook.id),
            Endpoint::Integration(_) => None,
        }
    }

    fn integration(&self) -> Option<&IntegrationId> {
        match self {
            Endpoint::Webhook(_) => None,
            Endpoint::Integration(app) => Some(&app.id),
        }
    }

    fn events(&self) -> &[String] {
        match self {
            Endpoint::Webhook(webhook) => &webhook.events,
            Endpoint::Integration(app) => &app.events,
        }
    }

    /// A webhook may name the projects that it is for.
    fn is_for(&self, project: &ProjectId) -> bool {
        match self {
            Endpoint::Webhook(webhook) => {
                webhook.project_ids.as_ref().is_none_or(|ids| ids.contains(project))
            }
            Endpoint::Integration(_) => true,
        }
    }
}

struct Subscriber {
    endpoint: Endpoint,
    /// Sealed for the webhook or the integration.
    secret: Vec<u8>,
    configuration: Option<ConfigurationId>,
    disabled: bool,
    /// Its installation was given some projects only.
    selected: bool,
    /// The event's project is one of them.
    given: bool,
}

impl Subscriber {
    /// The name under which it is told, if it is.
    fn hears<'a>(&self, event: &FanOut<'a>) -> Option<&'a str> {
        if let (Some(own), Some(about)) = (&self.configuration, event.installation())
            && own.as_str() != about
            && !planted::on("removal-told-to-others")
        {
            return None;
        }
        if self.disabled && !event.essential() {
            return None;
        }
        if event.project.is_some_and(|project| !self.sees(project, event.name)) {
            return None;
        }
        let events = self.endpoint.events();
        // An integration is told of its removal whatever it chose.
        let ends = event.name == "integration-configuration.removed";
        if events.iter().any(|wanted| wanted == event.name) || (ends && self.endpoint.integration().is_some())
        {
            return Some(event.name);
        }
        webhooks::older_name(event.name).filter(|older| events.iter().any(|wanted| wanted == older))
    }

    /// That projects come and go is told only to who may see all of them.
    fn sees(&self, project: &ProjectId, name: &str) -> bool {
        let of_all = matches!(name, "project.created" | "project.removed");
        let reaches = !self.selected || (self.given && !of_all);
        reaches && self.endpoint.is_for(project)
    }
}

const WEBHOOKS: &str = "SELECT w.doc, w.secret, c.id, c.disabled_at, c.selected,
    (SELECT COUNT(*) FROM configuration_projects p WHERE p.configuration_id = c.id AND p.project_id = $2)
  FROM webhooks w LEFT JOIN configurations c ON c.id = w.configuration_id WHERE w.owner_id = $1";

const INTEGRATIONS: &str = "SELECT i.doc, i.client_secret, c.id, c.disabled_at, c.selected,
    (SELECT COUNT(*) FROM configuration_projects p WHERE p.configuration_id = c.id AND p.project_id = $2)
  FROM configurations c JOIN integrations i ON i.id = c.integration_id WHERE c.owner_id = $1";

type Row = (String, Vec<u8>, Option<String>, Option<Millis>, Option<i64>, i64);

async fn subscribers(tx: &Conn, event: &FanOut<'_>) -> Result<Vec<Subscriber>> {
    let params = params![event.owner, event.project];
    let webhooks: Vec<Row> = tx.all(WEBHOOKS, &params).await?;
    let integrations: Vec<Row> = tx.all(INTEGRATIONS, &params).await?;
    let webhooks = webhooks.into_iter().map(|row| subscriber(row, Endpoint::Webhook));
    let integrations = integrations.into_iter().map(|row| subscriber(row, Endpoint::Integration));
    webhooks.chain(integrations).collect()
}

fn subscriber<T: for<'de> Deserialize<'de>>(row: Row, endpoint: fn(T) -> Endpoint) -> Result<Subscriber> {
    let (doc, secret, configuration, disabled_at, selected, given) = row;
    Ok(Subscriber {
        endpoint: endpoint(serde_json::from_str(&doc)?),
        secret,
        configuration: configuration.map(ConfigurationId::from),
        disabled: disabled_at.is_some(),
        selected: selected == Some(1),
        given: given > 0,
    })
}
