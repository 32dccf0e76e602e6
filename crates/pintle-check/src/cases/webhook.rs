//! Events: signed with the integration's secret, and worth nothing without that.

use super::cases;
use crate::ask::Answer;
use crate::expect::{Miss, Verdict, failed, fine, skipped};
use crate::world::World;
use pintle_core::signature;
use serde_json::{Value as Json, json};
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

/// An event, and its signature.
pub(super) fn event(world: &World, name: &str, payload: Json) -> Result<(String, String), Miss> {
    let core = &world.stage.core;
    let body = json!({
        "id": format!("uev_{}", core.entropy.base62(24)), "type": name, "createdAt": core.clock.now(),
        "payload": payload, "region": null,
    })
    .to_string();
    let signature = signature::sign(&world.settings.client_secret, body.as_bytes())?;
    Ok((body, signature))
}

fn sample(world: &World) -> Result<(String, String), Miss> {
    event(world, "test-webhook", json!({}))
}

async fn good(world: &mut World) -> Verdict {
    let (url, (body, signature)) = (address(world)?, sample(world)?);
    match world.tell(url, body, Some(&signature)).await?.is_good() {
        true => fine(),
        false => failed("2xx"),
    }
}

/// The body is another than what was signed.
async fn wrong(world: &mut World) -> Verdict {
    let (url, (body, _), (_, signature)) = (address(world)?, sample(world)?, sample(world)?);
    refused(&world.tell(url, body, Some(&signature)).await?)
}

async fn unsigned(world: &mut World) -> Verdict {
    let (url, (body, _)) = (address(world)?, sample(world)?);
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
