//! moveProjectDomain.

use super::{Change, Domain, load, of_project};
use crate::ids::ProjectId;
use crate::projects::locate;
use crate::{Core, Error, Result, Scope};
use serde::Deserialize;
use serde_json::json;

/// The body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    pub project_id: ProjectId,
}

/// moveProjectDomain: to another project of the same owner, and with it the domains that redirect to it. What a branch or a custom
/// environment of the one project had leads to production in the other.
///
/// # Errors
/// As [`locate`], for both projects; 404 where the project has no such domain; 400 for the project that it is in.
pub async fn move_to(
    core: &Core,
    scope: &Scope,
    project: &str,
    name: &str,
    to: Destination,
) -> Result<Domain> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, name) = (project.to_owned(), name.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let from = locate(tx, &scope, &project).await?;
            let to = locate(tx, &scope, to.project_id.as_str()).await?;
            if from.id == to.id {
                return Err(Error::bad_request("The domain is in this project already"));
            }
            let domain = load(tx, &from.id, &name).await?;
            let change = Change { tx, core: &core, scope: &scope, project: &to, now };
            for redirect in of_project(tx, &from.id, "redirect", &domain.name).await? {
                change.bring(redirect, &from.id).await?;
            }
            change.bring(domain, &from.id).await
        })
        .await
}

impl Change<'_> {
    /// Makes a domain of another project this one's.
    async fn bring(&self, mut domain: Domain, from: &ProjectId) -> Result<Domain> {
        domain.project_id = self.project.id.clone();
        domain.routing.git_branch = None;
        domain.routing.custom_environment_id = None;
        domain.updated_at = self.now;
        domain.save(self.tx, from).await?;
        let told = json!({
            "domain": { "name": domain.name }, "from": { "projectId": from }, "to": { "projectId": self.project.id },
            "isRedirect": domain.routing.redirect.is_some(),
        });
        let hook = "project.domain.moved";
        self.record("project-domain-moved", "moved domain", &domain, hook, told).await?;
        Ok(domain)
    }
}
