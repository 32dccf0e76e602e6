//! An installation begins.

use super::cases;
use crate::ask::{Answer, Ask};
use crate::expect::{Miss, REFUSALS, Verdict, failed, fine};
use crate::world::World;
use http::Method;
use pintle_core::marketplace::rehearsal::{Cast, Installation};
use serde_json::{Value as Json, json};

cases! { pub(super) CASES:
    "unknown-installation", "knows no installation that was never made",
        "Pintle takes 404 for the end of an installation, and anything else for an installation" => unknown;
    "install", "installs",
        "without it nothing else can be" => install;
    "install-again", "installs once more with the same Idempotency-Key",
        "Pintle asks again, with the same key and body, where it did not hear the answer" => again;
    "install-repair", "installs once more with another key",
        "a team that tries again sends a new request; PUT is the same each time" => repair;
    "show-installation", "shows the installation",
        "Pintle reads the plan and the notification from it" => show;
    "install-invalid", "refuses an installation without credentials",
        "what cannot be read must not become an installation, and the error is shown to the user" => invalid;
    "install-other", "installs for another team",
        "each team has an installation of its own" => other;
}

pub(super) fn path(id: &str) -> String {
    format!("/v1/installations/{id}")
}

/// As Pintle sends it.
pub(super) fn body(installation: &Installation) -> Json {
    json!({
        "scopes": [],
        "acceptedPolicies": { "eula": "2026-01-01T00:00:00.000Z", "privacy": "2026-01-01T00:00:00.000Z" },
        "credentials": { "access_token": installation.access_token, "token_type": "Bearer" },
        "account": {
            "name": "Checker", "url": "https://checker.example", "contact": { "email": "checker@example.com", "name": "Checker" },
        },
    })
}

async fn unknown(world: &mut World) -> Verdict {
    let id = Cast::unused_id(&world.stage.core);
    world.send(Ask::get(path(&id)).by_system(Some(&id))).await?.must_be(&[404])?;
    fine()
}

/// Installs for a team at the partner; whether that went well shows in the answer.
pub(super) async fn put(world: &mut World, installation: &Installation, key: &str) -> Result<Answer, Miss> {
    world.there.litter.push(installation.id.clone());
    let ask = Ask::put(path(&installation.id), &body(installation)).by_user(&installation.id).keyed(key);
    world.send(ask).await
}

/// Lets the checker's Pintle know the plan that an answer names: invoices are for plans that were active.
pub(super) async fn note_plan(
    world: &World,
    installation: &Installation,
    answer: &Answer,
) -> Result<(), Miss> {
    let plan = &answer.json["billingPlan"];
    if plan.is_null() {
        return Ok(());
    }
    let told = json!({ "billingPlan": plan });
    let taken = world.stage.as_partner(installation, Method::PATCH, "", &told).await;
    taken.or_else(|error| failed(format!("a `billingPlan` that Pintle takes; it says {error}")))
}

const KEY: &str = "check-install-the-first";

async fn install(world: &mut World) -> Verdict {
    let installation = world.stage.cast.install(&world.stage.core, 0).await?;
    let answer = put(world, &installation, KEY).await?;
    answer.must_be(&[200, 201, 204])?;
    note_plan(world, &installation, &answer).await?;
    world.there.first = Some(installation);
    fine()
}

async fn again(world: &mut World) -> Verdict {
    let installation = world.first()?;
    put(world, &installation, KEY).await?.must_be(&[200, 201, 204])?;
    fine()
}

async fn repair(world: &mut World) -> Verdict {
    let installation = world.first()?;
    put(world, &installation, "check-install-repaired").await?.must_be(&[200, 201, 204])?;
    fine()
}

async fn show(world: &mut World) -> Verdict {
    let id = world.first()?.id;
    world.send(Ask::get(path(&id)).by_system(Some(&id))).await?.must_be_object(&[200])?;
    fine()
}

async fn invalid(world: &mut World) -> Verdict {
    world.first()?;
    let id = Cast::unused_id(&world.stage.core);
    world.there.litter.push(id.clone());
    let ask = Ask::put(path(&id), &json!({ "scopes": "none" })).by_user(&id);
    world.send(ask).await?.must_refuse(&REFUSALS)?;
    fine()
}

async fn other(world: &mut World) -> Verdict {
    world.first()?;
    let installation = world.stage.cast.install(&world.stage.core, 1).await?;
    put(world, &installation, "check-install-the-second").await?.must_be(&[200, 201, 204])?;
    world.there.second = Some(installation);
    fine()
}
