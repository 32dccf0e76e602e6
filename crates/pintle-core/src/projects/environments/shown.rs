//! Custom environments as the wire shows them.

use super::Environment;
use crate::Result;
use crate::select::marks;
use pintle_store::{Conn, Value};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

#[derive(Debug, Serialize)]
pub struct Shown {
    #[serde(flatten)]
    pub(super) environment: Environment,
    /// The project's domains that lead to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    domains: Vec<Box<RawValue>>,
}

/// Those of some projects, by the project's id, in the order in which they were made.
pub(in crate::projects) async fn shown(
    conn: &Conn,
    projects: &[&str],
) -> Result<HashMap<String, Vec<Shown>>> {
    let columns = "project_id, doc FROM custom_environments WHERE project_id";
    let mut found = Vec::new();
    for (project, doc) in among(conn, columns, "created_at, id", projects).await? {
        found.push((project, serde_json::from_str::<Environment>(&doc)?));
    }
    let ids: Vec<&str> = found.iter().map(|(_, environment)| environment.id.as_str()).collect();
    let mut domains = domains(conn, &ids).await?;
    let mut shown: HashMap<String, Vec<Shown>> = HashMap::new();
    for (project, environment) in found {
        let domains = domains.remove(environment.id.as_str()).unwrap_or_default();
        shown.entry(project).or_default().push(Shown { environment, domains });
    }
    Ok(shown)
}

/// Of one project, one environment.
pub(super) async fn one(conn: &Conn, environment: Environment) -> Result<Shown> {
    let id = environment.id.as_str();
    let domains = domains(conn, &[id]).await?.remove(id).unwrap_or_default();
    Ok(Shown { environment, domains })
}

/// The domains that lead to some environments, by the environment's id.
async fn domains(conn: &Conn, environments: &[&str]) -> Result<HashMap<String, Vec<Box<RawValue>>>> {
    let columns = "custom_environment_id, doc FROM project_domains WHERE custom_environment_id";
    let mut domains: HashMap<String, Vec<_>> = HashMap::new();
    for (id, doc) in among(conn, columns, "name", environments).await? {
        domains.entry(id).or_default().push(RawValue::from_string(doc)?);
    }
    Ok(domains)
}

async fn among(conn: &Conn, columns: &str, order: &str, ids: &[&str]) -> Result<Vec<(String, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT {columns} IN ({}) ORDER BY {order}", marks(1, ids.len()));
    let params: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
    Ok(conn.all(&sql, &params).await?)
}
