//! The team's side: resources as stores (semantics.md 3.6, and createIntegrationStoreDirect).

use super::connections::Connection;
use super::record::{self, Resource};
use crate::ids::ResourceId;
use crate::marketplace::products::Protocols;
use crate::marketplace::sso;
use crate::projects::reach::narrowed;
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The owner's stores, newest first; of one installation where it is named. An installation sees only its own.
pub async fn list(core: &Core, scope: &Scope, configuration: Option<&str>) -> Result<Vec<Json>> {
    let mut stores = read(&core.db.read().await?, scope, configuration, None).await?;
    stores.iter_mut().for_each(|store| follow(core, store));
    Ok(stores)
}

/// One store.
///
/// # Errors
/// 404.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<Json> {
    let stores = read(&core.db.read().await?, scope, None, Some(id)).await?;
    let mut store = stores.into_iter().next().ok_or_else(record::not_found)?;
    follow(core, &mut store);
    Ok(store)
}

/// What its partner wants to be read leads to where it can be.
fn follow(core: &Core, store: &mut Json) {
    let of_product = |name: &str| store["product"][name].as_str().unwrap_or_default().to_owned();
    let (integration, configuration) =
        (of_product("integrationId"), of_product("integrationConfigurationId"));
    sso::follow_notification(core, &integration, &configuration, store);
}

/// A resource, its product, and its integration: their documents.
type Row = (String, String, String);

async fn read(
    conn: &Conn,
    scope: &Scope,
    configuration: Option<&str>,
    id: Option<&str>,
) -> Result<Vec<Json>> {
    let sql = "SELECT r.doc, p.doc, i.doc FROM resources r
      JOIN products p ON p.id = r.product_id JOIN integrations i ON i.id = p.integration_id
      WHERE r.owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR r.configuration_id = $2)
        AND (CAST($3 AS TEXT) IS NULL OR r.configuration_id = $3) AND (CAST($4 AS TEXT) IS NULL OR r.id = $4)
      ORDER BY r.created_at DESC, r.id DESC";
    let rows: Vec<Row> =
        conn.all(sql, &params![scope.owner(), scope.configuration(), configuration, id]).await?;
    let only = match rows.len() {
        0 => return Ok(Vec::new()),
        1 => Some(serde_json::from_str::<Resource>(&rows[0].0)?.id),
        _ => None,
    };
    let mut connections = connections(conn, scope, only.as_ref()).await?;
    rows.iter()
        .map(|(resource, product, integration)| {
            let resource: Resource = serde_json::from_str(resource)?;
            let connected = connections.remove(resource.id.as_str()).unwrap_or_default();
            let product = product_view(&resource, &serde_json::from_str(product)?, integration)?;
            Ok(view(&resource, product, connected))
        })
        .collect()
}

/// `projectsMetadata` of each resource of the owner, or of one: the projects that the caller sees.
async fn connections(
    conn: &Conn,
    scope: &Scope,
    only: Option<&ResourceId>,
) -> Result<HashMap<String, Vec<Json>>> {
    let mut variables = variables(conn, scope, only).await?;
    let sql = "SELECT r.id, c.doc, p.doc FROM resources r JOIN resource_connections c ON c.resource_id = r.id
      JOIN projects p ON p.id = c.project_id
      WHERE r.owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR r.id = $2) AND (CAST($3 AS TEXT) IS NULL OR EXISTS
        (SELECT 1 FROM project_roles s WHERE s.project_id = p.id AND s.user_id = $3)) ORDER BY c.created_at, c.id";
    let rows: Vec<Row> = conn.all(sql, &params![scope.owner(), only, narrowed(scope)]).await?;
    let mut connections: HashMap<String, Vec<Json>> = HashMap::new();
    for (resource, connection, project) in rows {
        let connection: Connection = serde_json::from_str(&connection)?;
        let project: Json = serde_json::from_str(&project)?;
        let names = variables.remove(connection.id.as_str()).unwrap_or_default();
        connections.entry(resource).or_default().push(json!({
            "id": connection.id, "projectId": connection.project_id, "name": project["name"],
            "framework": project["framework"], "environments": connection.environments,
            "envVarPrefix": connection.prefix, "environmentVariables": names,
        }));
    }
    Ok(connections)
}

/// The names of each connection's variables, each once.
async fn variables(
    conn: &Conn,
    scope: &Scope,
    only: Option<&ResourceId>,
) -> Result<HashMap<String, Vec<String>>> {
    let sql =
        "SELECT DISTINCT c.id, t.key FROM resources r JOIN resource_connections c ON c.resource_id = r.id
      JOIN envs e ON e.connection_id = c.id JOIN env_targets t ON t.env_id = e.id
      WHERE r.owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR r.id = $2) ORDER BY c.id, t.key";
    let rows: Vec<(String, String)> = conn.all(sql, &params![scope.owner(), only]).await?;
    let mut variables: HashMap<String, Vec<String>> = HashMap::new();
    for (connection, key) in rows {
        variables.entry(connection).or_default().push(key);
    }
    Ok(variables)
}

fn view(resource: &Resource, product: Json, connected: Vec<Json>) -> Json {
    let mut view = json!({
        "id": resource.id, "type": "integration", "name": resource.name, "ownerId": resource.owner_id,
        "status": resource.store_status(), "ownership": resource.ownership, "product": product,
        "externalResourceId": resource.partner_id.as_deref().unwrap_or_default(),
        "externalResourceStatus": resource.status, "metadata": resource.metadata, "secrets": resource.secrets,
        "totalConnectedProjects": connected.len(), "projectsMetadata": connected, "usageQuotaExceeded": false,
        "productionOnly": resource.production_only,
        "createdAt": resource.created_at, "updatedAt": resource.updated_at,
    });
    let optional = [
        ("protocolSettings", resource.protocol_settings.clone()),
        ("notification", resource.notification.as_ref().map(|notification| json!(notification))),
        ("billingPlan", resource.billing_plan.clone()),
        ("externalId", resource.external_id.as_ref().map(|id| json!(id))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            view[name] = value;
        }
    }
    view
}

fn product_view(resource: &Resource, product: &Json, integration: &str) -> Result<Json> {
    let integration: Json = serde_json::from_str(integration)?;
    let protocols: Protocols = serde_json::from_value(product["protocols"].clone())?;
    let mut view = json!({
        "id": resource.product_id, "name": product["name"], "slug": product["slug"],
        "iconUrl": product.get("logo").unwrap_or(&integration["icon"]), "integrationConfigurationId": resource.configuration_id,
        "integrationId": integration["id"], "supportedProtocols": protocols.enabled(),
        "integration": {
            "id": integration["id"], "slug": integration["slug"], "name": integration["name"], "icon": integration["icon"],
        },
        // What the contract's generator made of a branded string. Nobody reads it, and the contract requires it.
        "value": { "__@BRAND@8675": {} },
    });
    for name in ["primaryProtocol", "shortDescription", "resourceLinks", "tags", "guides"] {
        if !product[name].is_null() {
            view[name] = product[name].clone();
        }
    }
    Ok(view)
}
