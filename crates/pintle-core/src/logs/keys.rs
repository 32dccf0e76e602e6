//! Log keys: tokens that can do nothing but feed one project's logs. And who feeds, with which token.

use crate::clock::Millis;
use crate::credential::{self, Prefix};
use crate::events::{self, Event};
use crate::ids::{OwnerId, ProjectId, TokenId};
use crate::permissions::Permission;
use crate::scope::{self, TeamHint};
use crate::{Core, Error, OnConstraint, Result, Scope, projects, validate};
use pintle_store::params;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Keys that a project may have.
const LIMIT: i64 = 100;

/// What is stored, and shown: never the key itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogKey {
    pub id: TokenId,
    pub name: String,
    pub project_id: ProjectId,
    /// The last four characters.
    pub suffix: String,
    pub created_at: Millis,
}

/// The answer to a creation: the only place where the key shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    #[serde(flatten)]
    pub key: LogKey,
    pub log_key: String,
}

/// The body of createLogKey.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    pub name: String,
}

/// createLogKey.
///
/// # Errors
/// 400 for an empty name or a 101st key; 404 and 403 as `projects::locate`.
pub async fn create(core: &Core, scope: &Scope, project: &str, input: NewKey) -> Result<Created> {
    validate::length("name", &input.name, 256)?;
    let now = core.clock.now();
    let value = credential::token(Prefix::LogKey, &core.entropy);
    let (id, suffix) = (credential::hash(&value), value[value.len() - 4..].to_owned());
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    let key = core
        .clone()
        .db
        .write(async move |tx| {
            let project_id = projects::locate(tx, &scope, &project).await?.id;
            let sql = "SELECT COUNT(*) FROM log_keys WHERE project_id = $1";
            if tx.one::<(i64,)>(sql, &params![&project_id]).await?.0 >= LIMIT {
                return Err(Error::bad_request(format!(
                    "The limit of {LIMIT} log keys is reached: remove one first"
                )));
            }
            let (id, name, suffix) = (id.clone(), input.name.clone(), suffix.clone());
            let key = LogKey { id, name, project_id, suffix, created_at: now };
            let sql = "INSERT INTO log_keys (id, project_id, created_at, doc) VALUES ($1, $2, $3, $4)";
            let doc = serde_json::to_string(&key)?;
            tx.execute(sql, &params![&key.id, &key.project_id, now, doc])
                .await
                .on_missing_parent(|| Error::not_found("Project"))?;
            events::record(tx, &core, &scope, now, event("user-token-created", "created", &key)).await?;
            Ok(key)
        })
        .await?;
    Ok(Created { key, log_key: value })
}

/// The log has no type of its own for these.
fn event(kind: &'static str, verb: &str, key: &LogKey) -> Event {
    let payload = json!({ "tokenId": key.id, "name": key.name, "projectId": key.project_id });
    Event::new(kind, format!("{verb} log key {}", key.name), payload).in_project(&key.project_id)
}

/// The keys of a project, newest first.
///
/// # Errors
/// 404 and 403 as `projects::locate`.
pub async fn list(core: &Core, scope: &Scope, project: &str) -> Result<Vec<LogKey>> {
    let conn = core.db.read().await?;
    let project = projects::locate(&conn, scope, project).await?.id;
    let sql = "SELECT doc FROM log_keys WHERE project_id = $1 ORDER BY created_at DESC, id DESC";
    let docs: Vec<(String,)> = conn.all(sql, &params![&project]).await?;
    docs.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect()
}

/// The key is unknown from now on.
///
/// # Errors
/// 404 for a key that the project does not have, and 404 and 403 as `projects::locate`.
pub async fn delete(core: &Core, scope: &Scope, project: &str, id: &str) -> Result<()> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, id) = (project.to_owned(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = projects::locate(tx, &scope, &project).await?.id;
            let sql = "DELETE FROM log_keys WHERE project_id = $1 AND id = $2 RETURNING doc";
            let row: Option<(String,)> = tx.opt(sql, &params![&project, &id]).await?;
            let (doc,) = row.ok_or_else(|| Error::not_found("Log key"))?;
            let key: LogKey = serde_json::from_str(&doc)?;
            events::record(tx, &core, &scope, now, event("user-token-deleted", "deleted", &key))
                .await
                .map(drop)
        })
        .await
}

/// Who was found to feed logs, and into which project.
#[derive(Debug, Clone)]
pub struct Feed {
    pub owner: OwnerId,
    pub project: ProjectId,
    pub project_name: String,
    /// What a line that names no deployment is of.
    pub deployment: String,
    /// The token or key that was presented.
    pub token: TokenId,
    /// Requests a minute that it may make; `None` is the server's default.
    pub rate_limit: Option<i64>,
}

impl Feed {
    /// Lines without a deployment are of one that stands for the project itself.
    fn new(owner: OwnerId, project: ProjectId, project_name: String, token: TokenId) -> Self {
        let deployment = format!("dpl_{}", project.as_str().trim_start_matches("prj_"));
        Self { owner, project, project_name, deployment, token, rate_limit: None }
    }
}

/// From a bearer token to the project that it feeds: its own for a log key, the named one for any other token.
///
/// # Errors
/// As `scope::authenticate` and `projects::locate`; 400 where a token other than a log key names no project; 404 where a log key
/// names another project than its own.
pub async fn admit(
    core: &Core,
    bearer: Option<&str>,
    team: TeamHint<'_>,
    project: Option<&str>,
) -> Result<Feed> {
    if let Some(key) = bearer.filter(|text| text.starts_with(Prefix::LogKey.as_str())) {
        return of_key(core, key, project).await;
    }
    let scope = scope::authenticate(core, bearer, team, Permission::LogWrite).await?;
    let project = project.ok_or_else(|| Error::invalid("missing required property `projectId`."))?;
    let found = projects::locate(&core.db.read().await?, &scope, project).await?;
    let feed = Feed::new(scope.owner().clone(), found.id, found.name, scope.token.clone());
    Ok(Feed { rate_limit: scope.rate_limit, ..feed })
}

async fn of_key(core: &Core, key: &str, project: Option<&str>) -> Result<Feed> {
    let id = credential::hash(key);
    let sql = "SELECT p.owner_id, p.id, p.name FROM log_keys k JOIN projects p ON p.id = k.project_id WHERE k.id = $1";
    let row: Option<(String, String, String)> = core.db.read().await?.opt(sql, &params![&id]).await?;
    let (owner, id_of_project, name) = row.ok_or_else(Error::invalid_token)?;
    if project.is_some_and(|wanted| wanted != id_of_project && wanted != name) {
        return Err(Error::not_found("Project"));
    }
    Ok(Feed::new(OwnerId::from(owner), ProjectId::from(id_of_project), name, id))
}
