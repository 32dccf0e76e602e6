//! acceptProjectTransferRequest.
//!
//! What is the project's goes with it: its settings, variables, custom environments, domains. What ties it to the team that gives does
//! not: members, installations and what they attached, connections to resources, log keys, and what was logged.

use super::callback::Callback;
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{OwnerId, ProjectId};
use crate::marketplace::resources::connections::{self, Going};
use crate::projects::{Located, NAME_INDEX, Project, env, settings, stamp};
use crate::{
    Core, Error, Kind, OnConstraint, Result, Scope, configurations, credential, drains, logs, webhooks,
};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// The body. Pintle asks no money and no policy of a project; what newer features ask for travels unread.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    pub new_project_name: Option<String>,
    #[serde(default, rename = "paidFeatures")]
    _paid_features: Map<String, Json>,
    #[serde(default, rename = "acceptedPolicies")]
    _accepted_policies: Map<String, Json>,
}

/// The answer. No partner is called: resources stay with the team that gives.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    pub partner_calls: Vec<Json>,
    /// The resources that the project was connected to.
    pub resource_transfer_errors: Vec<Json>,
}

/// Rows of a project, in tables that name its owner too.
const OWNED: [&str; 2] = ["envs", "project_domains"];

/// Rows that tie a project to the team that had it.
const TIES: [&str; 8] = [
    "project_members",
    "access_group_projects",
    "configuration_projects",
    "resource_connections",
    "shared_env_projects",
    "log_keys",
    "log_deployments",
    "project_transfers",
];

/// Rows of installations in a project.
const ATTACHED: [&str; 2] = ["envs", "protection_bypasses"];

/// acceptProjectTransferRequest, for the team that takes.
///
/// # Errors
/// 404 for a code that is unknown, used or expired; 400 for the team that has the project; 422 where the team has a project of the name.
pub async fn accept(core: &Core, scope: &Scope, code: &str, body: Acceptance) -> Result<Accepted> {
    if let Some(name) = &body.new_project_name {
        settings::check_name("newProjectName", name)?;
    }
    let now = core.clock.now();
    let (core, scope, code) = (core.clone(), scope.clone(), credential::hash(code));
    core.clone()
        .db
        .write(async move |tx| {
            let (owner, located, callback) = find(tx, code.as_str(), now).await?;
            if owner == *scope.owner() {
                return Err(Error::bad_request("The project is this team's already"));
            }
            let giver = scope.acting_for(owner.clone());
            let transfer = Transfer { tx, core: &core, from: &giver, to: &scope, project: &located, now };
            let answer = transfer.cut_ties().await?;
            let moved = transfer.hand_over(body.new_project_name.as_deref()).await?;
            if let Some(callback) = callback {
                callback.order(tx, &core, owner, &scope, &moved, now).await?;
            }
            Ok(answer)
        })
        .await
}

async fn find(tx: &Conn, code: &str, now: Millis) -> Result<(OwnerId, Located, Option<Callback>)> {
    type Row = (String, String, String, String, Option<String>, Option<Vec<u8>>);
    let sql = "SELECT p.owner_id, p.id, p.name, p.doc, t.callback_url, t.callback_secret
        FROM project_transfers t JOIN projects p ON p.id = t.project_id WHERE t.id = $1 AND t.expires_at > $2";
    let row: Option<Row> = tx.opt(sql, &params![code, now]).await?;
    let (owner, id, name, doc, url, secret) = row.ok_or_else(|| Error::not_found("Transfer request"))?;
    let callback = url.zip(secret).map(|(url, secret)| Callback { transfer: code.to_owned(), url, secret });
    Ok((OwnerId::from(owner), Located { id: ProjectId::from(id), name, doc, role: None }, callback))
}

struct Transfer<'a> {
    tx: &'a Conn,
    core: &'a Core,
    /// The caller, acting for the team that gives.
    from: &'a Scope,
    to: &'a Scope,
    project: &'a Located,
    now: Millis,
}

impl Transfer<'_> {
    /// Everything that ties the project to the team that had it ends, as where it is deleted.
    async fn cut_ties(&self) -> Result<Accepted> {
        let Transfer { tx, core, from, project, now, .. } = *self;
        let text = format!("gave project {} to another team", project.name);
        let payload = json!({ "projectId": project.id, "projectName": project.name, "to": { "teamId": self.to.team_id() } });
        let event = Event::new("project-move-out-success", text, payload).in_project(&project.id);
        events::record(tx, core, from, now, event).await?;
        let answer = Accepted { resource_transfer_errors: self.resources().await?, ..Accepted::default() };
        connections::tell_of_end(tx, core, from, Going::Project(&project.id)).await?;
        env::tell_of_end(tx, core, from, project, now).await?;
        configurations::forget_project(tx, &project.id).await?;
        webhooks::forget_project(tx, &project.id).await?;
        drains::forget_project(tx, &project.id).await?;
        logs::forget_project(tx, &project.id).await?;
        for table in ATTACHED {
            let sql = format!("DELETE FROM {table} WHERE project_id = $1 AND configuration_id IS NOT NULL");
            tx.execute(&sql, &params![&project.id]).await?;
        }
        for table in TIES {
            tx.execute(&format!("DELETE FROM {table} WHERE project_id = $1"), &params![&project.id]).await?;
        }
        Ok(answer)
    }

    /// The resources that stay behind, in the answer's words.
    async fn resources(&self) -> Result<Vec<Json>> {
        let sql = "SELECT r.id, r.name FROM resource_connections c JOIN resources r ON r.id = c.resource_id
            WHERE c.project_id = $1 ORDER BY r.id";
        let rows: Vec<(String, String)> = self.tx.all(sql, &params![&self.project.id]).await?;
        let told = |(id, name): (String, String)| {
            json!({ "resourceId": id, "name": name, "code": "not_transferred",
                "message": "The resource stays with the team that gives the project: transfer it by itself" })
        };
        Ok(rows.into_iter().map(told).collect())
    }

    async fn hand_over(&self, new_name: Option<&str>) -> Result<Project> {
        let Transfer { tx, core, to, project, now, .. } = *self;
        let mut moved: Project = serde_json::from_str(&project.doc)?;
        moved.account_id = to.owner().clone();
        moved.name = new_name.unwrap_or(&moved.name).to_owned();
        moved.updated_at = stamp(tx, to, now).await?;
        let sql = "UPDATE projects SET owner_id = $2, name = $3, updated_at = $4, doc = $5 WHERE id = $1";
        let doc = serde_json::to_string(&moved)?;
        let params = params![&moved.id, to.owner(), moved.name.as_str(), moved.updated_at, doc];
        tx.execute(sql, &params)
            .await
            .on_unique(NAME_INDEX, || name_taken(&moved.name))
            .on_missing_parent(Error::team_unauthorized)?;
        for table in OWNED {
            let sql = format!("UPDATE {table} SET owner_id = $2 WHERE project_id = $1");
            tx.execute(&sql, &params![&moved.id, to.owner()]).await?;
        }
        let text = format!("took over project {}", moved.name);
        let payload =
            json!({ "projectId": moved.id, "projectName": moved.name, "previousProjectName": project.name });
        let event = Event::new("project-move-in-success", text, payload).in_project(&moved.id);
        events::record(tx, core, to, now, event).await?;
        Ok(moved)
    }
}

/// The contract has no 409 here.
fn name_taken(name: &str) -> Error {
    let text =
        format!("A project with the name `{name}` already exists: choose another with `newProjectName`");
    Error::new(Kind::Unprocessable, "conflict", text)
}
