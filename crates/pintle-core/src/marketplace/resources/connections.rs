//! Connections: a resource's secrets as variables of a project (semantics.md 4.3).

use super::record::{self, Resource, Stage};
use super::secrets::{self, Secret};
use crate::clock::Millis;
use crate::configurations;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, ConnectionId, IntegrationId, ProjectId, ResourceId, UserId};
use crate::projects::env::{self, Connected, ContentHint, Target};
use crate::projects::{self, Located};
use crate::{Core, Error, OnConstraint, Result, Scope, planted, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// What is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub id: ConnectionId,
    pub project_id: ProjectId,
    pub environments: Vec<Target>,
    /// The user's, which beats the provider's.
    pub prefix: Option<String>,
    pub created_at: Millis,
    pub created_by: Option<UserId>,
}

/// The body of a connection. Clients send more than Pintle reads.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewConnection {
    pub project_id: String,
    /// Absent: all three.
    pub env_var_environments: Option<Vec<Target>>,
    pub env_var_prefix: Option<String>,
}

impl NewConnection {
    pub fn to(project_id: String) -> Self {
        Self { project_id, ..Self::default() }
    }

    fn environments(&self) -> Result<Vec<Target>> {
        let Some(wanted) = &self.env_var_environments else { return Ok(Target::ALL.to_vec()) };
        validate::items("envVarEnvironments", wanted, 1, Target::ALL.len())?;
        Ok(Target::ALL.into_iter().filter(|target| wanted.contains(target)).collect())
    }
}

/// connectIntegrationResourceToProject: the secrets appear in the project. `of` is the installation that the path names, where it does.
///
/// # Errors
/// 404 for a resource, installation or project that the owner does not have; 403 where the installation was not given the project; 409 for
/// one that is connected already or is not there yet or any more, and where the project has a variable of one of the names; 400 for what cannot be variables.
/// Then nothing has changed.
pub async fn connect(
    core: &Core,
    scope: &Scope,
    of: Option<&str>,
    resource: &str,
    new: NewConnection,
) -> Result<Connection> {
    let (prefix, environments) = (new.env_var_prefix.clone(), new.environments()?);
    validate::at_most("envVarPrefix", prefix.as_deref().unwrap_or_default(), 128)?;
    let now = core.clock.now();
    let (core, scope, resource) = (core.clone(), scope.clone(), resource.to_owned());
    let of = of.map(str::to_owned);
    let made = core
        .clone()
        .db
        .write(async move |tx| {
            let resource = match &of {
                Some(of) => record::find_in(tx, &scope, of, &resource).await?,
                None => record::find(tx, &scope, &resource).await?,
            };
            if resource.stage != Stage::Present {
                let text = format!("The resource `{}` cannot be connected now", resource.name);
                return Err(Error::conflict("conflict", text));
            }
            let project = projects::locate(tx, &scope, &new.project_id).await?;
            configurations::require_selected(tx, &scope, &resource.configuration_id, &project.id).await?;
            let connection = Connection {
                id: ConnectionId::new(&core.entropy),
                project_id: project.id.clone(),
                environments: allowed(&resource, &environments)?,
                prefix: prefix.clone().filter(|prefix| !prefix.is_empty()),
                created_at: now,
                created_by: scope.user().cloned(),
            };
            connection.insert(tx, &resource, &project).await?;
            let place = Link { tx, core: &core, scope: &scope, resource: &resource, now };
            let secrets = resource.secrets(tx, &core).await?;
            place.give(&connection, &project, &secrets).await?;
            place.announce(CONNECTED, &connection, &project).await?;
            planted::point("connect.writing");
            Ok(connection)
        })
        .await;
    planted::point("connect.written");
    made
}

/// The environments that a resource may have in a project.
///
/// # Errors
/// 400 where none is left, since it is for production only.
fn allowed(resource: &Resource, wanted: &[Target]) -> Result<Vec<Target>> {
    let may = |target: &&Target| !resource.production_only || **target == Target::Production;
    let allowed: Vec<Target> = wanted.iter().filter(may).copied().collect();
    match allowed.is_empty() {
        true => Err(Error::bad_request(format!("The resource `{}` is for production only", resource.name))),
        false => Ok(allowed),
    }
}

impl Connection {
    async fn insert(&self, tx: &Conn, resource: &Resource, project: &Located) -> Result<()> {
        const INDEX: &str = "resource_connections_resource_id_project_id_key";
        let already = || {
            let text =
                format!("The resource `{}` is already connected to project {}", resource.name, project.name);
            Error::conflict("conflict", text)
        };
        // Looked for first: on PostgreSQL a broken constraint ends the transaction.
        let sql = "SELECT id FROM resource_connections WHERE resource_id = $1 AND project_id = $2";
        if tx.opt::<(String,)>(sql, &params![&resource.id, &project.id]).await?.is_some() {
            return Err(already());
        }
        let sql = "INSERT INTO resource_connections (id, configuration_id, resource_id, project_id, created_at, doc)
          VALUES ($1, $2, $3, $4, $5, $6)";
        let doc = serde_json::to_string(self)?;
        let row =
            params![&self.id, &resource.configuration_id, &resource.id, &project.id, self.created_at, doc];
        tx.execute(sql, &row).await.on_unique(INDEX, already).on_missing_parent(record::not_found).map(drop)
    }
}

/// Ends one connection, or every one of the resource: its variables go from the project. `None` where it is for all.
///
/// # Errors
/// 404 for a resource or connection that the owner does not have.
pub async fn disconnect(core: &Core, scope: &Scope, resource: &str, connection: Option<&str>) -> Result<()> {
    let now = core.clock.now();
    let (core, scope, resource) = (core.clone(), scope.clone(), resource.to_owned());
    let connection = connection.map(str::to_owned);
    let ended = core
        .clone()
        .db
        .write(async move |tx| {
            let resource = record::find(tx, &scope, &resource).await?;
            let place = Link { tx, core: &core, scope: &scope, resource: &resource, now };
            let ended = place.end(connection.as_deref()).await?;
            planted::point("disconnect.writing");
            match connection.is_some() && ended == 0 {
                true => Err(Error::not_found("Connection")),
                false => Ok(()),
            }
        })
        .await;
    planted::point("disconnect.written");
    ended
}

/// The projects that a resource is connected to, by name.
pub(super) async fn connected(conn: &Conn, resource: &ResourceId) -> Result<Vec<String>> {
    let sql = "SELECT p.name FROM resource_connections c JOIN projects p ON p.id = c.project_id
      WHERE c.resource_id = $1 ORDER BY p.name";
    let rows: Vec<(String,)> = conn.all(sql, &params![resource]).await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// A resource whose connections are changed, in the transaction of the change.
pub(super) struct Link<'a> {
    pub tx: &'a Conn,
    pub core: &'a Core,
    pub scope: &'a Scope,
    pub resource: &'a Resource,
    pub now: Millis,
}

/// What happened to a connection: its name in the audit log and as a webhook event, and as words.
type Happened = (&'static str, &'static str, [&'static str; 2]);

const CONNECTED: Happened =
    ("storage-connect-project", "integration-resource.project-connected", ["connected", "to"]);
const DISCONNECTED: Happened =
    ("storage-disconnect-project", "integration-resource.project-disconnected", ["disconnected", "from"]);

impl Link<'_> {
    /// Ends one of the connections, or all; answers how many there were.
    pub(super) async fn end(&self, only: Option<&str>) -> Result<usize> {
        let connections = self.all(only).await?;
        for (connection, project) in &connections {
            self.give(connection, project, &[]).await?;
            self.announce(DISCONNECTED, connection, project).await?;
            let sql = "DELETE FROM resource_connections WHERE id = $1";
            self.tx.execute(sql, &params![&connection.id]).await?;
        }
        Ok(connections.len())
    }

    /// Takes every environment but production from the connections; one that is left with none ends.
    pub(super) async fn narrow(&self, secrets: &[Secret]) -> Result<()> {
        for (mut connection, project) in self.all(None).await? {
            if self.resource.production_only {
                connection.environments.retain(|target| *target == Target::Production);
            }
            if connection.environments.is_empty() {
                self.end(Some(connection.id.as_str())).await?;
                continue;
            }
            let sql = "UPDATE resource_connections SET doc = $2 WHERE id = $1";
            let doc = serde_json::to_string(&connection)?;
            self.tx.execute(sql, &params![&connection.id, doc]).await?;
            self.give(&connection, &project, secrets).await?;
        }
        Ok(())
    }

    /// Gives every connected project the variables of these secrets.
    pub(super) async fn follow(&self, secrets: &[Secret]) -> Result<()> {
        for (connection, project) in self.all(None).await? {
            self.give(&connection, &project, secrets).await?;
        }
        Ok(())
    }

    async fn all(&self, only: Option<&str>) -> Result<Vec<(Connection, Located)>> {
        let sql = "SELECT c.doc, p.id, p.name, p.doc FROM resource_connections c JOIN projects p ON p.id = c.project_id
          WHERE c.resource_id = $1 AND (CAST($2 AS TEXT) IS NULL OR c.id = $2) ORDER BY c.id";
        let rows: Vec<(String, String, String, String)> =
            self.tx.all(sql, &params![&self.resource.id, only]).await?;
        let one = |(connection, id, name, doc): (String, String, String, String)| {
            let project = Located { id: ProjectId::from(id), name, doc, role: None };
            Ok((serde_json::from_str(&connection)?, project))
        };
        rows.into_iter().map(one).collect()
    }

    async fn give(&self, connection: &Connection, project: &Located, secrets: &[Secret]) -> Result<()> {
        let wanted = secrets::variables(secrets, connection.prefix.as_deref(), &connection.environments)?;
        let of = Connected {
            connection: &connection.id,
            configuration: &self.resource.configuration_id,
            hint: self.hint().await?,
            project,
            sensitive: self.resource.production_only,
        };
        env::sync(self.tx, self.core, self.scope, &of, wanted, self.now).await
    }

    async fn hint(&self) -> Result<ContentHint> {
        let sql = "SELECT integration_id FROM products WHERE id = $1";
        let (integration,): (String,) = self.tx.one(sql, &params![&self.resource.product_id]).await?;
        Ok(ContentHint::IntegrationStoreSecret {
            store_id: self.resource.id.clone(),
            integration_id: IntegrationId::from(integration),
            integration_product_id: self.resource.product_id.clone(),
            integration_configuration_id: self.resource.configuration_id.clone(),
        })
    }

    async fn announce(
        &self,
        (kind, hook, [verb, preposition]): Happened,
        connection: &Connection,
        project: &Located,
    ) -> Result<()> {
        let Resource { id, name, configuration_id, .. } = self.resource;
        let text = format!("{verb} {name} {preposition} {}", project.name);
        let payload = json!({
            "storeId": id, "storeName": name, "configurationId": configuration_id,
            "projectId": project.id, "projectName": project.name,
        });
        let told = told(self.resource, connection, project, hook == CONNECTED.1);
        let event = Event::new(kind, text, payload).in_project(&project.id).hook(self.scope, hook, told);
        events::record(self.tx, self.core, self.scope, self.now, event).await.map(drop)
    }
}

/// The payload of the webhook event (semantics.md 5.4).
fn told(resource: &Resource, connection: &Connection, project: &Located, named: bool) -> Json {
    let mut about = json!({ "id": project.id });
    if named {
        about["name"] = json!(project.name);
    }
    json!({
        "configuration": { "id": resource.configuration_id }, "installationId": resource.configuration_id,
        "resourceId": resource.known_as(), "project": about, "projectId": project.id,
        "targets": connection.environments,
    })
}

/// Which connections are about to go with something else, by foreign key.
pub(crate) enum Going<'a> {
    Configuration(&'a ConfigurationId),
    Project(&'a ProjectId),
}

/// A resource, a connection of it, and the connection's project: their documents, the project's with its id and name.
type Row = (String, String, String, String, String);

/// Tells of the connections that go with a configuration or a project. Their variables are no news: they go with it too.
pub(crate) async fn tell_of_end(tx: &Conn, core: &Core, scope: &Scope, going: Going<'_>) -> Result<()> {
    let (column, id) = match going {
        Going::Configuration(id) => ("configuration_id", id.as_str()),
        Going::Project(id) => ("project_id", id.as_str()),
    };
    let sql = format!(
        "SELECT r.doc, c.doc, p.id, p.name, p.doc FROM resource_connections c
         JOIN resources r ON r.id = c.resource_id JOIN projects p ON p.id = c.project_id
         WHERE c.{column} = $1 ORDER BY c.id"
    );
    let now = core.clock.now();
    for (resource, connection, id, name, doc) in tx.all::<Row>(&sql, &params![id]).await? {
        let resource: Resource = serde_json::from_str(&resource)?;
        let project = Located { id: ProjectId::from(id), name, doc, role: None };
        let link = Link { tx, core, scope, resource: &resource, now };
        link.announce(DISCONNECTED, &serde_json::from_str(&connection)?, &project).await?;
    }
    Ok(())
}
