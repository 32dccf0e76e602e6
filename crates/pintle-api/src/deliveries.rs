//! Beyond the contract: what was sent to webhooks, integrations, drains and partners, and each try of it.

use crate::call::Call;
use crate::reply::Reply;
use crate::router::routes;
use pintle_core::deliveries::{self, Filter, Kind, State};
use pintle_core::events::trigger;
use pintle_core::{Error, Result, Scope};
use serde_json::json;

routes! {
    "listDeliveries": Get "/pintle/v1/deliveries", WebhookRead => list;
    "getDelivery": Get "/pintle/v1/deliveries/{id}", WebhookRead => get;
    "redeliver": Post "/pintle/v1/deliveries/{id}/redeliver", WebhookWrite => redeliver;
    "triggerEvent": Post "/pintle/v1/events/trigger", EventTrigger => trigger;
    "cancelDelivery": Post "/pintle/v1/deliveries/{id}/cancel", WebhookWrite => cancel;
}

async fn list(call: Call, scope: Scope) -> Result<Reply> {
    let query = &call.query;
    let filter = Filter {
        kind: query.one_of("kind", &Kind::ALL)?.map(str::to_owned),
        source: source(&call)?,
        configuration: query.text("configurationId"),
        state: query.one_of("state", &State::ALL)?.map(str::to_owned),
        event_type: query.text("eventType"),
    };
    let (deliveries, pagination) = deliveries::list(&call.core, &scope, filter, call.page()?).await?;
    Reply::json(&json!({ "deliveries": deliveries, "pagination": pagination }))
}

/// What the deliveries are of: that is one thing.
fn source(call: &Call) -> Result<Option<String>> {
    let names = ["webhookId", "integrationId", "drainId", "listenerId"];
    let mut named = names.into_iter().filter_map(|name| call.query.text(name));
    match (named.next(), named.next()) {
        (_, Some(_)) => {
            let names = names.map(|name| format!("`{name}`")).join(", ");
            Err(Error::invalid(format_args!("at most one of {names} is possible.")))
        }
        (source, None) => Ok(source),
    }
}

async fn get(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&deliveries::get(&call.core, &scope, call.param("id")).await?)
}

async fn redeliver(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&deliveries::redeliver(&call.core, &scope, call.param("id")).await?)
}

async fn cancel(call: Call, scope: Scope) -> Result<Reply> {
    Reply::json(&deliveries::cancel(&call.core, &scope, call.param("id")).await?)
}

async fn trigger(call: Call, scope: Scope) -> Result<Reply> {
    Reply::created(&trigger::trigger(&call.core, &scope, call.json()?).await?)
}
