//! Connecting a project to a Git repository, and its production branch: operations that the contract lacks and clients call.

use super::Project;
use super::link::{GitRepository, Link};
use super::state::switch;
use crate::{Core, Error, Result, Scope, validate};
use serde::Deserialize;

/// Connects a project to a repository, in the place of another one: the project, as the wire shows it. Pintle asks no provider whether there
/// is such a repository.
///
/// # Errors
/// As [`super::locate`]; 400 for what names no repository.
pub async fn connect(core: &Core, scope: &Scope, project: &str, to: GitRepository) -> Result<String> {
    let link = Link::new("repo", &to, core.clock.now())?;
    let change = move |project: &mut Project| {
        let same = |there: &Link| there.provider == link.provider && there.repo() == link.repo();
        if !project.link.as_ref().is_some_and(same) {
            project.link = Some(link.clone());
        }
        Ok(())
    };
    let did = "connected a Git repository to";
    switch(core, scope, project, change, "project-git-repository-connected", did).await
}

/// Disconnects a project from its repository: the project, as the wire shows it. Where there is none, nothing happens.
///
/// # Errors
/// As [`super::locate`].
pub async fn disconnect(core: &Core, scope: &Scope, project: &str) -> Result<String> {
    let change = |project: &mut Project| {
        project.link = None;
        Ok(())
    };
    let did = "disconnected the Git repository from";
    switch(core, scope, project, change, "project-git-repository-disconnected", did).await
}

/// The body of a change of the production branch.
#[derive(Debug, Clone, Deserialize)]
pub struct ProductionBranch {
    pub branch: String,
}

/// Says which branch of its repository a project's production is made from: the project, as the wire shows it.
///
/// # Errors
/// As [`super::locate`]; 400 for a name that is empty or longer than 250 characters, and without a repository.
pub async fn set_branch(core: &Core, scope: &Scope, project: &str, to: ProductionBranch) -> Result<String> {
    validate::length("branch", &to.branch, 250)?;
    let change = move |project: &mut Project| {
        let missing = || Error::bad_request("The project is not connected to a Git repository");
        project.link.as_mut().ok_or_else(missing)?.production_branch.clone_from(&to.branch);
        Ok(())
    };
    let did = "changed the production branch of";
    switch(core, scope, project, change, "production-branch-updated", did).await
}
