//! Resources are made, shown and changed.

use super::cases;
use super::plans::well_formed;
use crate::ask::{Answer, Ask};
use crate::expect::{Miss, REFUSALS, Verdict, failed, fine, skipped};
use crate::world::{Resource, World};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pintle_core::marketplace::rehearsal::Installation;
use serde_json::{Map, Value as Json, json};

cases! { pub(super) CASES:
    "provision", "provisions a resource with secrets",
        "the secrets become variables of the projects that the resource is connected to" => provision;
    "provision-again", "makes one resource for the same Idempotency-Key",
        "Pintle asks again, with the same key and body, where it did not hear the answer: a second resource would be paid for and unknown" => again;
    "provision-other", "makes another resource for another key",
        "a key means one request, not one installation" => other;
    "provision-invalid", "refuses a resource without a name",
        "the error is shown to the user" => without_name;
    "unknown-product", "refuses a product that there is not",
        "the error is shown to the user" => unknown_product;
    "unknown-plan", "refuses a plan that there is not",
        "the error is shown to the user" => unknown_plan;
    "not-json", "refuses a body that is no JSON",
        "an answer of 5xx means that it may have happened: Pintle would try again for a day" => not_json;
    "show-resource", "shows the resource without its secrets",
        "whoever may look at a resource need not be allowed to see its secrets" => show;
    "unknown-resource", "knows no resource that was never made",
        "Pintle takes 404 for a resource that is gone" => unknown;
    "foreign-resource", "keeps a resource from another installation",
        "one team's installation must not reach another team's resource" => foreign;
    "update", "changes the name of the resource",
        "Pintle shows what the answer says" => update;
    "resource-plans", "lists the plans of the resource",
        "a user can change to another one" => resource_plans;
}

pub(super) fn path(installation: &str, resource: &str) -> String {
    format!("/v1/installations/{installation}/resources/{resource}")
}

/// Provisions at the partner. Where it made something, the checker's Pintle knows it too: the partner may speak of it.
pub(super) async fn post(
    world: &mut World,
    installation: &Installation,
    body: &Map<String, Json>,
    key: Option<&str>,
) -> Result<Answer, Miss> {
    let path = format!("/v1/installations/{}/resources", installation.id);
    let ask = Ask::post(path, &Json::Object(body.clone())).by_user(&installation.id);
    let answer = world.send(key.map_or(ask.clone(), |key| ask.keyed(key))).await?;
    if answer.is_good() {
        introduce(world, installation, body, &answer.json).await?;
    }
    Ok(answer)
}

/// Lets Pintle know what the partner made, as partners do themselves for what was made without Pintle.
async fn introduce(
    world: &World,
    installation: &Installation,
    body: &Map<String, Json>,
    made: &Json,
) -> Result<(), Miss> {
    let mut told = Map::new();
    for key in ["productId", "name", "metadata"] {
        told.extend(body.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    for key in ["status", "billingPlan", "notification", "secrets"] {
        told.extend(
            made.get(key).filter(|value| !value.is_null()).map(|value| (key.to_owned(), value.clone())),
        );
    }
    let id = utf8_percent_encode(made["id"].as_str().unwrap_or_default(), NON_ALPHANUMERIC);
    let taken = world
        .stage
        .as_partner(installation, Method::PUT, &format!("/resources/{id}"), &Json::Object(told))
        .await;
    taken.or_else(|error| failed(format!("a resource that Pintle takes; it says {error}")))
}

/// What was provisioned, where the answer says so as it must.
pub(super) fn provisioned<'a>(answer: &'a Answer, body: &Map<String, Json>) -> Result<&'a str, Miss> {
    let made = &answer.must_be_object(&[200, 201])?.json;
    let expected = "200 or 201 with `id`, the `productId` and `name` that were asked for, a `status`, and `secrets` [{name, value}]";
    let named = body.get("name").is_some_and(|name| made["name"] == *name);
    let of = body.get("productId").is_some_and(|product| made["productId"] == *product);
    match made["id"].as_str().filter(|id| !id.is_empty()) {
        Some(id) if named && of && is_status(&made["status"]) && are_secrets(&made["secrets"]) => Ok(id),
        _ => failed(expected),
    }
}

fn is_status(value: &Json) -> bool {
    const KNOWN: [&str; 7] =
        ["ready", "pending", "onboarding", "suspended", "resumed", "uninstalled", "error"];
    KNOWN.iter().any(|known| value == known)
}

pub(super) fn are_secrets(value: &Json) -> bool {
    let good = |secret: &Json| {
        secret["name"].as_str().is_some_and(|name| !name.is_empty()) && secret["value"].is_string()
    };
    value.as_array().is_some_and(|secrets| secrets.iter().all(good))
}

async fn provision(world: &mut World) -> Verdict {
    world.product()?;
    let installation = world.first()?;
    let name = world.name();
    let (body, key) = (world.wanted(&name)?, world.stage.core.entropy.base62(24));
    let answer = post(world, &installation, &body, Some(&key)).await?;
    let id = provisioned(&answer, &body)?.to_owned();
    let secrets = answer.json["secrets"].clone();
    let count = secrets.as_array().map_or(0, Vec::len);
    world.there.resource = Some(Resource { id, name, secrets, key, body: Json::Object(body).to_string() });
    Ok(format!("{count} secrets"))
}

async fn again(world: &mut World) -> Verdict {
    let (installation, resource) = (world.first()?, world.resource()?);
    let ask = Ask::post(format!("/v1/installations/{}/resources", installation.id), &Json::Null);
    let ask = ask.with(resource.body).by_user(&installation.id).keyed(&resource.key);
    let answer = world.send(ask).await?;
    match answer.is_good() && answer.json["id"] == resource.id {
        true => fine(),
        false => failed(format!("200 or 201 with the resource that the first request made: {}", resource.id)),
    }
}

async fn other(world: &mut World) -> Verdict {
    let (installation, resource) = (world.first()?, world.resource()?);
    let body = world.wanted(&world.name())?;
    let answer = post(world, &installation, &body, None).await?;
    match provisioned(&answer, &body)? == resource.id {
        true => failed("a resource of its own, with another `id`"),
        false => fine(),
    }
}

/// A provision with something changed must be refused.
async fn refused(world: &mut World, change: impl FnOnce(&mut Map<String, Json>)) -> Verdict {
    let installation = world.first()?;
    let mut body = world.wanted(&world.name())?;
    change(&mut body);
    post(world, &installation, &body, None).await?.must_refuse(&REFUSALS)?;
    fine()
}

async fn without_name(world: &mut World) -> Verdict {
    refused(world, |body| drop(body.remove("name"))).await
}

async fn unknown_product(world: &mut World) -> Verdict {
    refused(world, |body| drop(body.insert("productId".into(), json!("there-is-no-such-product")))).await
}

async fn unknown_plan(world: &mut World) -> Verdict {
    if !world.wanted("any")?.contains_key("billingPlanId") {
        return skipped("the product has no plans");
    }
    refused(world, |body| drop(body.insert("billingPlanId".into(), json!("there-is-no-such-plan")))).await
}

async fn not_json(world: &mut World) -> Verdict {
    world.product()?;
    let id = world.first()?.id;
    let ask = Ask::post(format!("/v1/installations/{id}/resources"), &Json::Null);
    world.send(ask.with("{\"productId\":".into()).by_user(&id)).await?.must_refuse(&REFUSALS)?;
    fine()
}

async fn show(world: &mut World) -> Verdict {
    let (installation, resource) = (world.first()?, world.resource()?);
    let ask = Ask::get(path(&installation.id, &resource.id)).by_system(Some(&installation.id));
    let answer = world.send(ask).await?;
    let shown = &answer.must_be_object(&[200])?.json;
    if shown["id"] != resource.id || shown["name"] != resource.name {
        return failed(format!("200 with `id` {} and `name` {}", resource.id, resource.name));
    }
    let values =
        resource.secrets.as_array().into_iter().flatten().filter_map(|secret| secret["value"].as_str());
    let leaks = values.filter(|value| value.len() > 3).any(|value| answer.text.contains(value));
    if leaks { failed("200 without the values of its secrets") } else { fine() }
}

async fn unknown(world: &mut World) -> Verdict {
    world.product()?;
    let id = world.first()?.id;
    let ask = Ask::get(path(&id, "there-is-no-such-resource")).by_system(Some(&id));
    world.send(ask).await?.must_be(&[404])?;
    fine()
}

async fn foreign(world: &mut World) -> Verdict {
    let (resource, second) = (world.resource()?, world.second()?);
    let ask = Ask::get(path(&second.id, &resource.id)).by_system(Some(&second.id));
    world.send(ask).await?.must_be(&[403, 404])?;
    fine()
}

async fn update(world: &mut World) -> Verdict {
    let (installation, resource) = (world.first()?, world.resource()?);
    let (name, path) = (world.name(), path(&installation.id, &resource.id));
    let ask = Ask::patch(&path, &json!({ "name": name })).by_user(&installation.id);
    let answer = world.send(ask).await?;
    if answer.must_be_object(&[200])?.json["name"] != *name {
        return failed(format!("200 with `name` {name}"));
    }
    let shown = world.send(Ask::get(path).by_system(Some(&installation.id))).await?;
    if shown.json["name"] != *name {
        return failed(format!("200 with `name` {name}, as the change was answered"));
    }
    world.there.resource = Some(Resource { name, ..resource });
    fine()
}

async fn resource_plans(world: &mut World) -> Verdict {
    let (installation, resource) = (world.first()?, world.resource()?);
    let path = format!("{}/plans", path(&installation.id, &resource.id));
    let answer = world.send(Ask::get(path).by_system(Some(&installation.id))).await?;
    if answer.status == 404 {
        return skipped("this partner has no plans for one resource (404)");
    }
    well_formed(&answer)?;
    fine()
}
