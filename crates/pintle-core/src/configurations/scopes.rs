//! When an integration changes its scopes (semantics.md 1.3): what it gives up leaves every installation at once, what it asks
//! for anew waits until the installation's team confirms it.

use super::{Configuration, load};
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
    pub scopes: Vec<String>,
    pub note: String,
    pub requested_at: i64,
}

fn stem(scope: &str) -> &str {
    scope.split_once(':').map_or(scope, |(_, stem)| stem)
}

/// Brings all installations in line with the integration's scopes, which were `before`.
pub(crate) async fn follow(
    tx: &Conn,
    app: &Integration,
    before: &[String],
    note: Option<&str>,
) -> Result<()> {
    let wanted = Scopes::join(&app.scopes);
    let added: Vec<String> = app.scopes.iter().filter(|scope| !before.contains(scope)).cloned().collect();
    if added.is_empty() && before.iter().all(|scope| app.scopes.contains(scope)) {
        return Ok(());
    }
    let docs: Vec<(String,)> =
        tx.all("SELECT doc FROM configurations WHERE integration_id = $1", &params![&app.id]).await?;
    for (doc,) in docs {
        let mut configuration: Configuration = serde_json::from_str(&doc)?;
        let held = Scopes::join(&configuration.scopes);
        configuration.scopes = keep(&configuration.scopes, &wanted);
        let asked: Vec<String> = added.iter().filter(|scope| !covers(&held, scope)).cloned().collect();
        configuration.scopes_queue.retain_mut(|request| {
            request.scopes.retain(|scope| app.scopes.contains(scope));
            !request.scopes.is_empty()
        });
        if !asked.is_empty() {
            let note = note.unwrap_or_default().to_owned();
            configuration.scopes_queue.push(Request { scopes: asked, note, requested_at: app.updated_at });
        }
        configuration.updated_at = app.updated_at;
        configuration.save(tx).await?;
    }
    Ok(())
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
            configuration.scopes = app.map(|app| app.scopes).unwrap_or_default();
            configuration.scopes_queue.clear();
            configuration.updated_at = now;
            configuration.save(tx).await?;
            let text = format!("confirmed new scopes of {}", configuration.slug);
            let mut audit = configuration.audit("");
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
