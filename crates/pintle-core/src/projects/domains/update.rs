//! updateProjectDomain.

use super::name::DomainName;
use super::{Change, Domain, load};
use crate::patch::Patch;
use crate::projects::locate;
use crate::{Core, Result, Scope};
use serde::Deserialize;
use serde_json::json;

/// The body. Setting one target takes the place of the other.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    #[serde(default)]
    pub git_branch: Patch<String>,
    #[serde(default)]
    pub redirect: Patch<String>,
    #[serde(default)]
    pub redirect_status_code: Patch<u16>,
}

/// updateProjectDomain. A change of nothing writes nothing.
///
/// # Errors
/// As [`locate`]; 404 where the project has no such domain; 400 for routing that makes no sense.
pub async fn update(
    core: &Core,
    scope: &Scope,
    project: &str,
    name: &str,
    changes: Changes,
) -> Result<Domain> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, name) = (project.to_owned(), name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            let before = load(tx, &project.id, &name).await?;
            let mut routing = before.routing.clone();
            if let (Patch::Set(_), None) = (&changes.redirect, &routing.redirect) {
                (routing.git_branch, routing.custom_environment_id) = (None, None);
            }
            if let (Patch::Set(_), None) = (&changes.git_branch, &routing.git_branch) {
                (routing.redirect, routing.custom_environment_id) = (None, None);
            }
            changes.git_branch.clone().apply(&mut routing.git_branch);
            changes.redirect.clone().apply(&mut routing.redirect);
            changes.redirect_status_code.clone().apply(&mut routing.redirect_status_code);
            let routing = routing.checked(tx, &project, &DomainName::parse(&before.name)?).await?;
            if routing == before.routing {
                return Ok(before);
            }
            let after = Domain { routing, updated_at: now, ..before.clone() };
            after.save(tx, &project.id).await?;
            let told = json!({
                "project": { "id": project.id }, "previous": before.routing_told(), "next": after.routing_told(),
            });
            let change = Change { tx, core: &core, scope: &scope, project: &project, now };
            let hook = "project.domain.updated";
            change.record("project-domain-updated", "changed domain", &after, hook, told).await?;
            Ok(after)
        })
        .await
}
