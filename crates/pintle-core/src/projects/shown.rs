//! A project as the wire shows it: the stored document, and what stands in other tables.

use super::{Located, bypasses, environments, reach};
use crate::permissions::Permission;
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// One project, with its custom environments, the installations that reach it, and its protection bypasses, where the caller may change it
/// and there are any. An installation sees of these what is its own.
pub(super) async fn one(conn: &Conn, core: &Core, scope: &Scope, project: &Located) -> Result<String> {
    let id = &project.id;
    let environments = environments::shown(conn, &[id.as_str()]).await?.remove(id.as_str());
    let mut more = vec![
        ("customEnvironments", json!(environments.unwrap_or_default())),
        ("integrations", integrations(conn, scope, project).await?),
    ];
    // Who may read a project may not pass its protection for that alone.
    if reach::may(conn, scope, id, Permission::ProjectWrite).await? {
        let bypasses = bypasses::read(conn, core, id, scope.configuration()).await?;
        if !bypasses.is_empty() {
            more.push(("protectionBypass", Json::Object(bypasses)));
        }
    }
    Ok(with(&project.doc, more))
}

/// The projects of a list, each as its id and its document, with their custom environments.
pub(super) async fn many(conn: &Conn, projects: &[(&str, &str)]) -> Result<Vec<String>> {
    let ids: Vec<&str> = projects.iter().map(|(id, _)| *id).collect();
    let mut environments = environments::shown(conn, &ids).await?;
    let shown = projects.iter().map(|(id, doc)| {
        with(doc, vec![("customEnvironments", json!(environments.remove(*id).unwrap_or_default()))])
    });
    Ok(shown.collect())
}

/// A document, which is never empty, with more fields.
fn with(doc: &str, fields: Vec<(&str, Json)>) -> String {
    let mut out = doc.strip_suffix('}').unwrap_or(doc).to_owned();
    for (name, value) in fields {
        out.push_str(&format!(",\"{name}\":{value}"));
    }
    out.push('}');
    out
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Enabled {
    installation_id: String,
    resources: Vec<Json>,
}

/// Installations that were given the project or have resources in it, which the partner knows by these ids. A disabled one reaches nothing.
const ENABLED: &str = "SELECT c.id, r.partner_id FROM configurations c
  LEFT JOIN resource_connections k ON k.configuration_id = c.id AND k.project_id = $2
  LEFT JOIN resources r ON r.id = k.resource_id
  WHERE c.owner_id = $1 AND c.disabled_at IS NULL AND (CAST($3 AS TEXT) IS NULL OR c.id = $3)
    AND (c.selected = 0 OR k.id IS NOT NULL OR EXISTS
      (SELECT 1 FROM configuration_projects p WHERE p.configuration_id = c.id AND p.project_id = $2))
  ORDER BY c.created_at, c.id, r.created_at, r.id";

async fn integrations(conn: &Conn, scope: &Scope, project: &Located) -> Result<Json> {
    let params = params![scope.owner(), &project.id, scope.configuration()];
    let mut enabled: Vec<Enabled> = Vec::new();
    for (id, resource) in conn.all::<(String, Option<String>)>(ENABLED, &params).await? {
        if enabled.last().is_none_or(|last| last.installation_id != id) {
            enabled.push(Enabled { installation_id: id, resources: Vec::new() });
        }
        if let (Some(last), Some(resource)) = (enabled.last_mut(), resource) {
            last.resources.push(json!({ "externalResourceId": resource }));
        }
    }
    Ok(serde_json::to_value(enabled)?)
}
