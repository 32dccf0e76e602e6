//! Who offers a project can have a URL told that it was taken: like an event, with an envelope, retries and a place among the
//! deliveries, but signed with HMAC-SHA256 and the request's own secret.

use crate::clock::Millis;
use crate::deliveries::{Delivery, Kind};
use crate::ids::{DeliveryId, EventId, OwnerId};
use crate::projects::Project;
use crate::signature::Algorithm;
use crate::{Core, Result, Scope};
use pintle_store::Conn;
use serde_json::json;

const EVENT: &str = "project.transfer.accepted";

/// A callback that was asked for.
pub(super) struct Callback {
    /// The transfer's id, for which the secret is sealed.
    pub transfer: String,
    pub url: String,
    pub secret: Vec<u8>,
}

impl Callback {
    /// Writes it, to be delivered.
    pub async fn order(
        self,
        tx: &Conn,
        core: &Core,
        from: OwnerId,
        to: &Scope,
        project: &Project,
        now: Millis,
    ) -> Result<()> {
        let event = EventId::new(&core.entropy);
        let body = json!({
            "id": event, "type": EVENT, "createdAt": now, "region": null,
            "payload": {
                "project": { "id": project.id, "name": project.name }, "from": { "id": from }, "to": { "id": to.owner() },
                "user": { "id": to.user().map_or("", |id| id.as_str()) },
            },
        });
        let about = [("projectTransfer", json!(self.transfer)), ("signature", json!(Algorithm::Sha256))];
        let delivery = Delivery {
            id: DeliveryId::at(now, &core.entropy),
            owner_id: from,
            kind: Kind::Webhook,
            url: self.url,
            event_id: Some(event),
            event_type: Some(EVENT.to_owned()),
            webhook_id: None,
            integration_id: None,
            drain_id: None,
            listener_id: None,
            configuration_id: None,
            created_at: now,
            rest: about.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
        };
        delivery.insert(tx, Some(self.secret), Some(&body.to_string())).await
    }
}
