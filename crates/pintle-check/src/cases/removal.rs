//! The end: of a resource, and of an installation.

use super::installation::{self, path};
use super::resources::{self, post, provisioned};
use super::{cases, webhook};
use crate::ask::{Answer, Ask};
use crate::expect::{Miss, Verdict, failed, fine, skipped};
use crate::world::World;
use pintle_core::marketplace::installations::Told;
use pintle_core::marketplace::rehearsal::Installation;
use serde_json::{Map, Value as Json, json};

cases! { pub(super) CASES:
    "delete-resource", "deletes a resource",
        "it must be gone, and paid for no more" => delete;
    "delete-resource-again", "says that a deleted resource is gone",
        "Pintle asks again where it did not hear the answer: 2xx or 404 end that, anything else goes on for a day" => delete_again;
    "free-name", "lets a deleted resource's name be used again",
        "a team makes its database anew under the name that its code knows" => free_name;
    "remove-without-cascade", "keeps an installation with resources whole, or removes it whole",
        "a removal that is refused must have changed nothing" => without_cascade;
    "remove-with-cascade", "removes an installation with its resources",
        "a team that leaves leaves nothing behind" => with_cascade;
    "remove-again", "says that a removed installation is gone",
        "Pintle asks again where it did not hear the answer: 2xx or 404 end that, anything else goes on for a day" => again;
    "reinstall", "installs anew, with resources of the same names",
        "a team that comes back has a new installation, and the names that it had" => reinstall;
}

fn delete_ask(installation: &str, resource: &str) -> Ask {
    Ask::delete(resources::path(installation, resource)).by_user(installation)
}

async fn delete(world: &mut World) -> Verdict {
    world.product()?;
    let installation = world.first()?;
    let name = world.name();
    let body = world.wanted(&name)?;
    let made = post(world, &installation, &body, None).await?;
    let Some(id) = made.json["id"].as_str().filter(|_| made.is_good()) else {
        return skipped("there is no resource to try it on");
    };
    let answer = world.send(delete_ask(&installation.id, id)).await?;
    if !answer.is_good() {
        return failed("204");
    }
    let ask = Ask::get(resources::path(&installation.id, id)).by_system(Some(&installation.id));
    world.send(ask).await?.must_be(&[404])?;
    world.there.deleted = Some((id.to_owned(), name));
    fine()
}

async fn delete_again(world: &mut World) -> Verdict {
    let installation = world.first()?;
    let Some((id, _)) = world.there.deleted.clone() else { return skipped("no resource was deleted") };
    let answer = world.send(delete_ask(&installation.id, &id)).await?;
    gone(&answer)
}

fn gone(answer: &Answer) -> Verdict {
    if answer.is_good() || answer.status == 404 { fine() } else { failed("204, or 404") }
}

async fn free_name(world: &mut World) -> Verdict {
    let installation = world.first()?;
    let Some((_, name)) = world.there.deleted.clone() else { return skipped("no resource was deleted") };
    let body = world.wanted(&name)?;
    let answer = post(world, &installation, &body, None).await?;
    provisioned(&answer, &body)?;
    fine()
}

/// Asks for the end of an installation.
async fn remove(
    world: &mut World,
    installation: &Installation,
    body: &Map<String, Json>,
) -> Result<Answer, Miss> {
    let id = &installation.id;
    let ask = Ask::delete(path(id)).by_user(id).with(Json::Object(body.clone()).to_string());
    let answer = world.send(ask).await?;
    if answer.is_good() {
        world.there.ended.insert(installation.id.clone(), world.stage.inbox.count());
        let told = if answer.json["finalized"] == true { Told::Finalized } else { Told::TookNote };
        world.stage.cast.remove(&world.stage.core, installation, told).await?;
        announce(world, &installation.id).await?;
    }
    Ok(answer)
}

/// Tells the partner that the team's part has ended, as Pintle does: a last invoice may come now.
async fn announce(world: &mut World, id: &str) -> Result<(), Miss> {
    match world.settings.webhook_url.clone() {
        Some(url) => {
            let payload = json!({ "configuration": { "id": id } });
            let (body, signature) = webhook::event(world, "integration-configuration.removed", payload)?;
            world.tell(url, body, Some(&signature)).await.map(drop)
        }
        None => Ok(()),
    }
}

async fn without_cascade(world: &mut World) -> Verdict {
    let (installation, resource) = (world.first()?, world.resource()?);
    let body = Map::from_iter([("reason".into(), json!("pintle check-partner"))]);
    let answer = remove(world, &installation, &body).await?;
    if answer.is_good() {
        return removed(world, &installation.id, Some(&resource.id)).await.map(|_| "removes it whole".into());
    }
    answer.must_refuse(&[403, 409])?;
    for path in [path(&installation.id), resources::path(&installation.id, &resource.id)] {
        let ask = Ask::get(path).by_system(Some(&installation.id));
        if world.send(ask).await?.status != 200 {
            return failed("200 as before, since the removal was refused");
        }
    }
    Ok("refuses it".into())
}

/// An installation that was removed shows nothing any more.
async fn removed(world: &mut World, id: &str, resource: Option<&str>) -> Verdict {
    for path in [Some(path(id)), resource.map(|resource| resources::path(id, resource))].into_iter().flatten()
    {
        let answer = world.send(Ask::get(path).by_system(Some(id))).await?;
        if !matches!(answer.status, 403 | 404 | 410) {
            return failed("404, since the installation was removed");
        }
    }
    let resource = world.resource().map(|resource| resource.name).unwrap_or_default();
    world.there.removed = Some(resource);
    fine()
}

/// On the first installation; where that is gone already, on the second, with a resource made for it.
async fn with_cascade(world: &mut World) -> Verdict {
    let first = world.first()?;
    let (installation, resource) = match world.there.removed {
        None => (first, world.there.resource.as_ref().map(|resource| resource.id.clone())),
        Some(_) => {
            let second = world.second()?;
            let body = world.wanted(&world.name())?;
            let made = post(world, &second, &body, None).await?;
            (second, made.json["id"].as_str().map(str::to_owned))
        }
    };
    let body = Map::from_iter([("cascadeResourceDeletion".into(), json!(true))]);
    let answer = remove(world, &installation, &body).await?;
    let said = answer.status == 204 || answer.status == 200 && answer.json["finalized"].is_boolean();
    if !said {
        return failed("200 with `finalized` true or false, or 204");
    }
    removed(world, &installation.id, resource.as_deref()).await?;
    Ok(if answer.json["finalized"] == true {
        "finalized at once".into()
    } else {
        "with time for a last invoice".into()
    })
}

async fn again(world: &mut World) -> Verdict {
    let installation = world.first()?;
    if world.there.removed.is_none() {
        return skipped("no installation was removed");
    }
    let body = json!({ "cascadeResourceDeletion": true }).to_string();
    let answer =
        world.send(Ask::delete(path(&installation.id)).by_system(Some(&installation.id)).with(body)).await?;
    gone(&answer)
}

async fn reinstall(world: &mut World) -> Verdict {
    let Some(name) = world.there.removed.clone() else { return skipped("no installation was removed") };
    let installation = world.stage.cast.install(&world.stage.core, 0).await?;
    let key = world.stage.core.entropy.base62(24);
    installation::put(world, &installation, &key).await?.must_be(&[200, 201, 204])?;
    if name.is_empty() {
        return fine();
    }
    let body = world.wanted(&name)?;
    let answer = post(world, &installation, &body, None).await?;
    provisioned(&answer, &body)?;
    fine()
}
