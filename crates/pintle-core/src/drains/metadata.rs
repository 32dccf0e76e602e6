//! What lists tell beside a drain when they are asked to: its projects' names, and its integration's icon and pages.

use super::Drain;
use crate::ids::ProjectId;
use crate::{Core, Result, Scope, integrations};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};

/// A drain with its metadata.
#[derive(Debug, Serialize)]
pub struct WithMetadata<T> {
    #[serde(flatten)]
    pub drain: T,
    #[serde(flatten)]
    pub metadata: Metadata,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_icon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_configuration_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_website: Option<String>,
    /// Absent where the drain is for all projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    projects_metadata: Option<Vec<ProjectMetadata>>,
}

#[derive(Debug, Serialize)]
struct ProjectMetadata {
    id: ProjectId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    framework: Option<String>,
}

/// What is read of a project's document.
#[derive(Deserialize)]
struct Framework {
    framework: Option<String>,
}

impl Metadata {
    pub(super) async fn of(conn: &Conn, drain: &Drain) -> Result<Self> {
        let mut metadata = Self::default();
        if let Some(client) = &drain.client_id
            && let Some(app) = integrations::find(conn, client.as_str()).await?
        {
            metadata.integration_icon = Some(app.icon).filter(|icon| !icon.is_empty());
            metadata.integration_configuration_uri = app.configuration_url;
            metadata.integration_website = app.website;
        }
        if let Some(ids) = &drain.project_ids {
            let mut projects = Vec::with_capacity(ids.len());
            for id in ids {
                let sql = "SELECT name, doc FROM projects WHERE id = $1 AND owner_id = $2";
                let row: Option<(String, String)> = conn.opt(sql, &params![id, &drain.owner_id]).await?;
                if let Some((name, doc)) = row {
                    let Framework { framework } = serde_json::from_str(&doc)?;
                    projects.push(ProjectMetadata { id: id.clone(), name, framework });
                }
            }
            metadata.projects_metadata = Some(projects);
        }
        Ok(metadata)
    }
}

/// getDrains with `includeMetadata`.
pub async fn list_with_metadata(
    core: &Core,
    scope: &Scope,
    project: Option<&str>,
) -> Result<Vec<WithMetadata<Drain>>> {
    let drains = super::list(core, scope, project).await?;
    let conn = core.db.read().await?;
    let mut list = Vec::with_capacity(drains.len());
    for drain in drains {
        let metadata = Metadata::of(&conn, &drain).await?;
        list.push(WithMetadata { drain, metadata });
    }
    Ok(list)
}
