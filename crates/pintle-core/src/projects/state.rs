//! pauseProject, unpauseProject, updateProjectDataCache: switches that are operations of their own.

use super::{Project, locate, shown, stamp};
use crate::events::{self, Event};
use crate::{Core, Error, Kind, Result, Scope};
use serde::Deserialize;
use serde_json::json;

/// pauseProject and unpauseProject. What already is as wanted stays as it is.
///
/// # Errors
/// As [`locate`], but 400 for a project that is not there: the contract has no 404 here.
pub async fn pause(core: &Core, scope: &Scope, project: &str, paused: bool) -> Result<()> {
    let (kind, did) = match paused {
        true => ("project-paused", "paused"),
        false => ("project-unpaused", "unpaused"),
    };
    let change = move |project: &mut Project| {
        project.settings.insert("paused".into(), json!(paused));
        Ok(())
    };
    let switched = switch(core, scope, project, change, kind, did).await;
    switched.map(drop).map_err(|error| match error.kind {
        Kind::NotFound => Error::bad_request(error.message),
        _ => error,
    })
}

/// The body of updateProjectDataCache.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct DataCache {
    #[serde(default)]
    pub disabled: bool,
}

/// updateProjectDataCache: the project, as the wire shows it. Pintle has no data cache; it keeps the setting.
///
/// # Errors
/// As [`locate`].
pub async fn set_data_cache(core: &Core, scope: &Scope, project: &str, wanted: DataCache) -> Result<String> {
    let change = move |project: &mut Project| {
        let shown = json!({ "userDisabled": wanted.disabled, "storageSizeBytes": null, "unlimited": false });
        project.settings.insert("dataCache".into(), shown);
        Ok(())
    };
    let did = if wanted.disabled { "disabled the data cache of" } else { "enabled the data cache of" };
    // No type of its own: clients know only the types of a closed list.
    switch(core, scope, project, change, "project-card-widget-preference-updated", did).await
}

/// A change of a project that is one event. What already is as wanted stays as it is.
pub(super) async fn switch(
    core: &Core,
    scope: &Scope,
    project: &str,
    change: impl Fn(&mut Project) -> Result<()> + Send + Sync + 'static,
    kind: &'static str,
    did: &'static str,
) -> Result<String> {
    let now = core.clock.now();
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let located = locate(tx, &scope, &project).await?;
            let before: Project = serde_json::from_str(&located.doc)?;
            let mut after = before.clone();
            change(&mut after)?;
            if after != before {
                after.updated_at = stamp(tx, &scope, now).await?;
                after.save(tx).await?;
                let payload = json!({ "projectId": after.id, "projectName": after.name });
                let text = format!("{did} project {}", after.name);
                let event = Event::new(kind, text, payload).in_project(&after.id);
                events::record(tx, &core, &scope, now, event).await?;
            }
            shown::one(tx, &core, &scope, &located.with(&after)?).await
        })
        .await
}
