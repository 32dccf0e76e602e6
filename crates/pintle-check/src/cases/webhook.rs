//! Events: signed with the integration's secret, and worth nothing without that.

use super::cases;
use crate::ask::Answer;
use crate::expect::{Miss, Verdict, failed, fine, skipped};
use crate::world::World;
use pintle_core::signature;
use serde_json::json;
use url::Url;

cases! { pub(super) CASES:
    "webhook", "takes an event that is signed",
        "Pintle sends an event again, for a day, until it is taken" => good;
    "webhook-wrong-signature", "refuses an event with a signature that does not fit",
        "anybody can send events, such as that an invoice was paid" => wrong;
    "webhook-unsigned", "refuses an event without a signature",
        "anybody can send events, such as that an invoice was paid" => unsigned;
}

fn address(world: &World) -> Result<Url, Miss> {
    world.settings.webhook_url.clone().map_or_else(|| skipped("give --webhook-url"), Ok)
}

fn event(world: &World) -> String {
    let core = &world.stage.core;
    json!({
        "id": format!("uev_{}", core.entropy.base62(24)), "type": "test-webhook", "createdAt": core.clock.now(),
        "payload": {}, "region": null,
    })
    .to_string()
}

async fn good(world: &mut World) -> Verdict {
    let (url, body) = (address(world)?, event(world));
    let signature = signature::sign(&world.settings.client_secret, body.as_bytes())?;
    match world.tell(url, body, Some(&signature)).await?.is_good() {
        true => fine(),
        false => failed("2xx"),
    }
}

async fn wrong(world: &mut World) -> Verdict {
    let (url, body) = (address(world)?, event(world));
    let signature = signature::sign("somebody else's secret", body.as_bytes())?;
    refused(&world.tell(url, body, Some(&signature)).await?)
}

async fn unsigned(world: &mut World) -> Verdict {
    let (url, body) = (address(world)?, event(world));
    refused(&world.tell(url, body, None).await?)
}

/// Some partners say it in the body only.
fn refused(answer: &Answer) -> Verdict {
    let said = answer.text.contains("invalid_signature");
    match said || matches!(answer.status, 400..=499) {
        true => fine(),
        false => failed("4xx, or a body with the code invalid_signature"),
    }
}
