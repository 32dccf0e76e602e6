//! What happened: one row per change, written in the change's own transaction. It is the audit log's entry
//! (listUserEvents). Where a webhook can subscribe to the change, the deliveries to its subscribers are written with it.

pub mod samples;
pub mod trigger;

use crate::clock::Millis;
use crate::deliveries::{FanOut, fan_out};
use crate::ids::{EventId, ProjectId};
use crate::integrations::Integration;
use crate::page::{self, Page, Pagination};
use crate::permissions::{Permission, Verdict};
use crate::projects::reach::narrowed;
use crate::scope::{Principal, Scope};
use crate::select::Select;
use crate::users::User;
use crate::{Core, Result};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// A change to record.
pub struct Event {
    /// The audit type, such as `webhook-created` (semantics.md 8.8).
    pub kind: &'static str,
    /// What the actor did, to stand behind its name: "created webhook …".
    pub text: String,
    pub payload: Json,
    pub project: Option<ProjectId>,
    /// The webhook event that goes with it (semantics.md 5.5), with its payload (5.4).
    pub hook: Option<(&'static str, Json)>,
}

impl Event {
    pub fn new(kind: &'static str, text: impl Into<String>, payload: Json) -> Self {
        Self { kind, text: text.into(), payload, project: None, hook: None }
    }

    pub fn in_project(mut self, project: &ProjectId) -> Self {
        self.project = Some(project.clone());
        self
    }

    /// Adds the webhook event; the base of every payload, `team` and `user`, is added here. A `user` of the payload's own stays: Pintle
    /// itself acts on behalf of somebody.
    pub fn hook(mut self, scope: &Scope, name: &'static str, payload: Json) -> Self {
        self.hook = Some((name, with_base(scope, payload)));
        self
    }
}

/// A payload with the base of every payload: `team` and `user`.
pub(crate) fn with_base(scope: &Scope, mut payload: Json) -> Json {
    if let Some(map) = payload.as_object_mut() {
        let team = scope.team_id().map_or(Json::Null, |id| json!({ "id": id }));
        map.insert("team".into(), team);
        map.entry("user").or_insert_with(|| json!({ "id": scope.user().map_or("", |id| id.as_str()) }));
    }
    payload
}

/// The document of an event: the wire form, and beside it what deliveries need.
#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    wire: Json,
    #[serde(skip_serializing_if = "Option::is_none", rename = "hookPayload")]
    hook_payload: Option<Json>,
}

/// Writes the event, and the deliveries to its subscribers, in the transaction of its change.
pub async fn record(tx: &Conn, core: &Core, scope: &Scope, now: Millis, event: Event) -> Result<EventId> {
    let id = EventId::new(&core.entropy);
    let (actor, principal, user) = match &scope.principal {
        Principal::User { id, username } => (username.as_str(), id.to_string(), id.to_string()),
        Principal::Installation(i) => ("An integration", i.integration.to_string(), String::new()),
        Principal::Closing { integration, .. } => ("An integration", integration.to_string(), String::new()),
        Principal::System => ("Pintle", "system".to_owned(), String::new()),
    };
    let wire = json!({
        "id": id, "type": event.kind, "text": format!("{actor} {}", event.text),
        "entities": [{ "type": "author", "start": 0, "end": actor.chars().count() }],
        "createdAt": now, "userId": user, "principalId": principal, "payload": event.payload,
    });
    let (hook, hook_payload) = event.hook.unzip();
    let project = event.project;
    if let (Some(name), Some(payload)) = (hook, &hook_payload) {
        let (owner, project) = (scope.owner(), project.as_ref());
        let told = FanOut { owner, event: &id, name, payload, project, at: now, made_up: false };
        fan_out(tx, core, &told).await?;
    }
    let doc = serde_json::to_string(&Record { wire, hook_payload })?;
    tx.execute(
        "INSERT INTO events (id, owner_id, principal_id, type, project_id, created_at, hook, doc)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &params![&id, scope.owner(), principal, event.kind, project.as_ref(), now, hook, doc],
    )
    .await?;
    Ok(id)
}

/// What to list.
#[derive(Debug, Default)]
pub struct Filter {
    pub types: Vec<String>,
    pub principal: Option<String>,
    pub projects: Vec<String>,
    pub with_payload: bool,
}

/// The owner's events, newest first (listUserEvents), each with its actor as that is known today: those in projects and of access groups
/// that the caller sees.
pub async fn list(core: &Core, scope: &Scope, filter: Filter, page: Page) -> Result<(Vec<Json>, Pagination)> {
    let mut select = Select::new(
        "SELECT e.created_at, e.doc, u.doc, i.doc FROM events e
         LEFT JOIN owners u ON u.id = e.principal_id LEFT JOIN integrations i ON i.id = e.principal_id
         WHERE e.owner_id = $1",
        vec![scope.owner().into()],
    );
    select.among("e.type", filter.types);
    select.and("e.principal_id = $?", filter.principal);
    select.among("e.project_id", filter.projects);
    // What happened in a project is for those who see it.
    let seen = "(e.project_id IS NULL OR EXISTS
      (SELECT 1 FROM project_roles r WHERE r.project_id = e.project_id AND r.user_id = $?))";
    select.and(seen, narrowed(scope));
    // So it is with access groups.
    let blind = scope.verdict(Permission::AccessGroupRead) != Verdict::Yes;
    select.and("e.type NOT LIKE $?", blind.then_some("access-group-%"));
    let conn = core.db.read().await?;
    let (rows, pagination) =
        page::rows::<Listed>(&conn, &select.sql, "e.created_at", &select.params, page).await?;
    let events = rows.iter().map(|row| view(row, filter.with_payload)).collect::<Result<_>>()?;
    Ok((events, pagination))
}

/// Stamp and document of an event, and the documents of the user or the integration that it is by.
type Listed = (Millis, String, Option<String>, Option<String>);

/// The stored document without what is kept for deliveries, and without the payload unless it was asked for; with its actor, where
/// that still exists.
fn view((_, doc, user, app): &Listed, with_payload: bool) -> Result<Json> {
    let mut event: Json = serde_json::from_str(doc)?;
    if let Some(map) = event.as_object_mut() {
        map.remove("hookPayload");
        if !with_payload {
            map.remove("payload");
        }
    }
    if let Some(user) = user {
        let User { id, username, email, avatar, .. } = serde_json::from_str(user)?;
        let mut user = json!({
            "uid": id, "username": username, "slug": username, "email": email,
            "avatar": avatar.unwrap_or_default(),
        });
        event["user"] = user.clone();
        user["type"] = json!("user");
        event["principal"] = user;
    }
    if let Some(app) = app {
        let Integration { id, name, .. } = serde_json::from_str(app)?;
        event["principal"] = json!({ "type": "app", "clientId": id, "name": name });
    }
    Ok(event)
}
