//! When an integration changes its scopes (semantics.md 1.3): what it gives up leaves every installation at once, what it asks
//! for anew waits until the installation's team confirms it.

use super::{Configuration, load, not_found};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::ConfigurationId;
use crate::integrations::{self, Integration};
use crate::permissions::Scopes;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Scopes that wait for confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub scopes: Asked,
    /// What the integration's developer says of it.
    pub note: String,
    pub requested_at: Millis,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Of something that the installation cannot touch yet.
    pub added: Vec<String>,
    /// To write what it can only read.
    pub upgraded: Vec<String>,
}

impl Asked {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.added.iter().chain(&self.upgraded)
    }

    /// Drops what the integration no longer asks for.
    fn retain(&mut self, wanted: &[String]) {
        self.added.retain(|scope| wanted.contains(scope));
        self.upgraded.retain(|scope| wanted.contains(scope));
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.upgraded.is_empty()
    }
}

fn stem(scope: &str) -> &str {
    scope.split_once(':').map_or(scope, |(_, stem)| stem)
}

/// Brings all installations in line with the integration: its slug, and its scopes.
pub(crate) async fn follow(tx: &Conn, app: &Integration, note: Option<&str>) -> Result<()> {
    let sql = "SELECT doc FROM configurations WHERE integration_id = $1 ORDER BY id";
    for (doc,) in tx.all::<(String,)>(sql, &params![&app.id]).await? {
        let mut configuration: Configuration = serde_json::from_str(&doc)?;
        configuration.slug = app.slug.clone();
        adopt(&mut configuration, app, note);
        configuration.updated_at = app.updated_at;
        configuration.save(tx).await?;
    }
    Ok(())
}

/// What is given up goes at once; what is new is asked for.
fn adopt(configuration: &mut Configuration, app: &Integration, note: Option<&str>) {
    configuration.scopes = keep(&configuration.scopes, &Scopes::join(&app.scopes));
    configuration.scopes_queue.retain_mut(|request| {
        request.scopes.retain(&app.scopes);
        !request.scopes.is_empty()
    });
    let held = Scopes::join(&configuration.scopes);
    let waiting =
        |scope| configuration.scopes_queue.iter().any(|request| request.scopes.all().any(|s| s == scope));
    let mut asked = Asked::default();
    for scope in app.scopes.iter().filter(|scope| !covers(&held, scope) && !waiting(*scope)) {
        let list = if held.can_read(stem(scope)) { &mut asked.upgraded } else { &mut asked.added };
        list.push(scope.clone());
    }
    if !asked.is_empty() {
        let note = note.unwrap_or_default().to_owned();
        configuration.scopes_queue.push(Request { scopes: asked, note, requested_at: app.updated_at });
    }
}

fn covers(held: &Scopes, scope: &str) -> bool {
    if scope.starts_with("read-write:") { held.can_write(stem(scope)) } else { held.can_read(stem(scope)) }
}

/// What is left of the held scopes: gone where the integration gave the stem up, read-only where it was downgraded.
fn keep(held: &[String], wanted: &Scopes) -> Vec<String> {
    let left = held.iter().filter_map(|scope| match covers(wanted, scope) {
        true => Some(scope.clone()),
        false if wanted.can_read(stem(scope)) => Some(format!("read:{}", stem(scope))),
        false => None,
    });
    left.collect()
}

/// Accepts everything that waits.
///
/// # Errors
/// 404 for an unknown configuration; 409 `nothing_to_confirm`.
pub async fn confirm(core: &Core, scope: &Scope, id: ConfigurationId) -> Result<Configuration> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let mut configuration = load(tx, &scope, &id).await?;
            if configuration.scopes_queue.is_empty() {
                return Err(Error::conflict("nothing_to_confirm", "No scope change waits for confirmation"));
            }
            let app = integrations::find(tx, configuration.integration_id.as_str()).await?;
            let app = app.ok_or_else(not_found)?;
            configuration.scopes = app.scopes;
            configuration.scopes_queue.clear();
            configuration.updated_at = now;
            configuration.save(tx).await?;
            let text = format!("confirmed new scopes of {}", configuration.slug);
            let mut audit = configuration.audit(&app.name);
            audit["confirmedScopes"] = json!(configuration.scopes);
            let payload =
                json!({ "configuration": { "id": configuration.id, "scopes": configuration.scopes } });
            let event = Event::new("integration-configuration-scope-change-confirmed", text, audit).hook(
                &scope,
                "integration-configuration.scope-change-confirmed",
                payload,
            );
            events::record(tx, &core, &scope, now, event).await?;
            Ok(configuration)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_downgraded_scope_becomes_read_only_and_a_dropped_one_goes() {
        let held = ["read-write:project", "read:team", "read-write:drain"].map(str::to_owned);
        let wanted = Scopes::stored("read:project read-write:drain");
        assert_eq!(keep(&held, &wanted), ["read:project", "read-write:drain"]);
    }
}
