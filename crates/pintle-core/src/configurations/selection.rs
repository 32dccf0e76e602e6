//! Which projects an installation may reach.

use super::{Configuration, Selection, load};
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, ProjectId};
use crate::{Core, Error, OnConstraint, Result, Scope, integrations, projects};
use pintle_store::{Conn, Error as StoreError, params};
use serde_json::json;
use std::collections::HashSet;

/// Which projects an installation may reach: all, or these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Projects {
    #[default]
    All,
    Selected(Vec<ProjectId>),
}

impl Projects {
    /// As it is stored: `None` for all, else each once, in order.
    pub(super) fn selection(self) -> Option<Vec<ProjectId>> {
        match self {
            Projects::All => None,
            Projects::Selected(mut projects) => {
                projects.sort();
                projects.dedup();
                Some(projects)
            }
        }
    }
}

/// Changes which projects an installation may reach; what it attached to others stays until it is removed.
///
/// # Errors
/// 404 for an unknown configuration or project.
pub async fn select_projects(
    core: &Core,
    scope: &Scope,
    id: ConfigurationId,
    projects: Projects,
) -> Result<Configuration> {
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = load(tx, &scope, &id).await?;
            reselect(tx, &core, &scope, configuration, projects.clone().selection()).await
        })
        .await
}

/// That an installation may reach a project of its owner.
///
/// # Errors
/// 404 for an unknown configuration, 403 where it was not given the project.
pub(crate) async fn require_selected(
    conn: &Conn,
    scope: &Scope,
    id: &ConfigurationId,
    project: &ProjectId,
) -> Result<()> {
    let selection = load(conn, scope, id).await?.projects;
    if selection.is_some_and(|projects| !projects.contains(project)) {
        let text = "Not authorized: the integration was not given access to this project";
        return Err(Error::forbidden(text));
    }
    Ok(())
}

/// Whether an installation may reach a project: `false` also for one that is gone, since clients ask after its deletion.
///
/// # Errors
/// 404 for an unknown configuration.
pub async fn project_access(
    core: &Core,
    scope: &Scope,
    id: &ConfigurationId,
    project: &ProjectId,
) -> Result<bool> {
    let configuration = load(&core.db.read().await?, scope, id).await?;
    match &configuration.projects {
        Some(projects) => Ok(projects.contains(project)),
        None => projects::exists(core, scope, project).await,
    }
}

/// Gives an installation access to one project, or takes it. Taken from one that may reach all, it may reach all others that
/// there are now.
///
/// # Errors
/// 404 for an unknown configuration or project.
pub async fn set_project_access(
    core: &Core,
    scope: &Scope,
    id: ConfigurationId,
    project: ProjectId,
    allowed: bool,
) -> Result<()> {
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = load(tx, &scope, &id).await?;
            projects::require_all(tx, &scope, std::slice::from_ref(&project)).await?;
            let mut selection = configuration.projects.clone();
            match &mut selection {
                None if allowed => {}
                None => {
                    let others = projects::ids(tx, &scope).await?.into_iter().filter(|id| *id != project);
                    selection = Some(others.collect());
                }
                Some(projects) => {
                    projects.retain(|id| *id != project);
                    projects.extend(allowed.then(|| project.clone()));
                    projects.sort();
                }
            }
            reselect(tx, &core, &scope, configuration, selection).await.map(drop)
        })
        .await
}

/// Writes a new selection with its event, where it is one.
async fn reselect(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    mut configuration: Configuration,
    after: Option<Vec<ProjectId>>,
) -> Result<Configuration> {
    let before = configuration.projects.clone();
    if before == after {
        return Ok(configuration);
    }
    let now = core.clock.now();
    let everything = projects::ids(tx, scope).await?;
    let reach = |selection: &Option<Vec<ProjectId>>| selection.clone().unwrap_or_else(|| everything.clone());
    let (added, removed) = difference(&reach(&before), &reach(&after));
    if after.is_some() {
        projects::require_all(tx, scope, &added).await?;
    }
    grant(tx, &configuration.id, after.as_deref()).await?;
    configuration.project_selection = if after.is_some() { Selection::Selected } else { Selection::All };
    configuration.projects = after;
    configuration.updated_at = now;
    configuration.save(tx).await?;
    let changes = json!({ "added": added, "removed": removed });
    let payload = json!({ "configuration": configuration.summary(), "projects": changes });
    let text = format!("changed the project access of {}", configuration.slug);
    let name = integrations::name(tx, &configuration.integration_id).await?;
    let event = Event::new("integration-installation-permission-updated", text, configuration.audit(&name))
        .hook(scope, "integration-configuration.permission-upgraded", payload);
    events::record(tx, core, scope, now, event).await?;
    Ok(configuration)
}

/// Writes the project access of a configuration: rows for a selection, none for all.
pub(super) async fn grant(tx: &Conn, id: &ConfigurationId, selected: Option<&[ProjectId]>) -> Result<()> {
    tx.execute("DELETE FROM configuration_projects WHERE configuration_id = $1", &params![id]).await?;
    for project in selected.unwrap_or_default() {
        let sql = "INSERT INTO configuration_projects (configuration_id, project_id) VALUES ($1, $2)";
        tx.execute(sql, &params![id, project])
            .await
            // Each project stands in a selection once: somebody else is changing it at the same time.
            .on_unique("configuration_projects_configuration_id_project_id_key", || StoreError::Retry.into())
            .on_missing_parent(|| Error::not_found("Project"))?;
    }
    Ok(())
}

/// What it may reach from now on, and what no longer.
fn difference(before: &[ProjectId], after: &[ProjectId]) -> (Vec<ProjectId>, Vec<ProjectId>) {
    let missing = |from: &[ProjectId], of: &[ProjectId]| {
        let from: HashSet<&ProjectId> = from.iter().collect();
        of.iter().filter(|id| !from.contains(id)).cloned().collect()
    };
    (missing(before, after), missing(after, before))
}

/// Takes a project that is being deleted out of every selection; a selection never widens by it.
pub(crate) async fn forget_project(tx: &Conn, project: &ProjectId) -> Result<()> {
    let sql = "SELECT c.doc FROM configurations c JOIN configuration_projects p ON p.configuration_id = c.id
      WHERE p.project_id = $1";
    for (doc,) in tx.all::<(String,)>(sql, &params![project]).await? {
        let mut configuration: Configuration = serde_json::from_str(&doc)?;
        if let Some(projects) = &mut configuration.projects {
            projects.retain(|id| id != project);
        }
        configuration.save(tx).await?;
    }
    Ok(())
}
