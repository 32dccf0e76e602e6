//! Secrets are rotated: at once, or in the partner's own time.

use super::cases;
use super::resources::{are_secrets, path};
use crate::ask::Ask;
use crate::expect::{Verdict, failed, skipped};
use crate::world::{Resource, World};
use serde_json::{Value as Json, json};

cases! { pub(super) CASES:
    "rotate", "rotates the secrets",
        "a secret that leaked must be replaced" => |world| rotate(world, json!({ "reason": "pintle check-partner" }));
    "rotate-with-delay", "rotates the secrets and keeps the old ones for a day",
        "deployments that run have the old secrets until they are replaced" =>
            |world| rotate(world, json!({ "reason": "pintle check-partner", "delayOldSecretsExpirationHours": 24 }));
}

async fn rotate(world: &mut World, body: Json) -> Verdict {
    let (installation, resource) = (world.first()?, world.resource()?);
    let path = path(&installation.id, &resource.id);
    let ask = Ask::post(format!("{path}/secrets/rotate"), &body).by_user(&installation.id);
    let answer = world.send(ask).await?;
    if matches!(answer.status, 404 | 405 | 501) {
        return skipped(format!("this partner does not rotate secrets ({})", answer.status));
    }
    let (secrets, note) = match (answer.status, &answer.json["sync"]) {
        (200, Json::Bool(true)) => (answer.json["secrets"].clone(), "at once"),
        (202, Json::Bool(false)) => (later(world, &path).await?, "later, by PUT"),
        _ => {
            return failed(
                "200 with `sync` true and `secrets`, or 202 with `sync` false and the secrets by PUT later",
            );
        }
    };
    if !are_secrets(&secrets) {
        return failed("`secrets` [{name, value}]");
    }
    if !is_new(&resource.secrets, &secrets) {
        return failed("other values than before");
    }
    world.there.resource = Some(Resource { secrets, ..resource });
    Ok(note.into())
}

/// What the partner puts to Pintle, with the installation's access token.
async fn later(world: &World, path: &str) -> Result<Json, crate::expect::Miss> {
    let (since, patience) = (world.began(), world.settings.patience);
    let wanted = format!("{path}/secrets");
    let asked = world
        .stage
        .inbox
        .wait(since, patience, |asked| asked.is("PUT", &wanted) && asked.status == 201)
        .await;
    match asked {
        Some(asked) => Ok(asked.json()["secrets"].clone()),
        None => failed(format!(
            "a PUT to {}{wanted} with the new secrets, which is answered 201, within {} s",
            world.settings.issuer,
            patience.as_secs()
        )),
    }
}

/// Some secret has another value than before: not all need be secret.
fn is_new(before: &Json, after: &Json) -> bool {
    after.as_array().is_some_and(|after| !after.is_empty()) && before != after
}
