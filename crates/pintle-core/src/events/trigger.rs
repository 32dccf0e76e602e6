//! Events on order: a sample, delivered to the owner's own subscribers like a real one. Nothing happened, so the audit log has no
//! entry, and no integration of somebody else's is told.

use super::samples::{self, Configuration, Facts, Project, Sample};
use crate::clock::Millis;
use crate::configurations::{self, Filter};
use crate::deliveries::{FanOut, fan_out};
use crate::ids::{EventId, ProjectId};
use crate::{Core, Error, Result, Scope, projects, validate, webhooks};
use pintle_store::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The body of triggerEvent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    /// A name of an event; who subscribed to an older name of it is told under that.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the payload must say, over the sample's.
    #[serde(default)]
    pub payload: Json,
    /// The project that it happens to; without it the one that the payload names, or the newest.
    pub project_id: Option<ProjectId>,
}

/// What was sent on its way.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Triggered {
    pub id: EventId,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub created_at: Millis,
    pub payload: Json,
    /// How many subscribers it goes to.
    pub deliveries: usize,
}

/// # Errors
/// 400 for a type that no webhook can subscribe to, or a payload that is no object; 404 for a project that the owner does not have.
pub async fn trigger(core: &Core, scope: &Scope, wanted: Wanted) -> Result<Triggered> {
    validate::one_of("type", &wanted.kind, webhooks::EVENTS)?;
    if !wanted.payload.is_object() && !wanted.payload.is_null() {
        return Err(Error::invalid("`payload` should be object."));
    }
    let name = webhooks::name_today(&wanted.kind);
    let sample = samples::find(name).ok_or_else(|| Error::internal(format!("no sample of {name}")))?;
    let project = project(core, scope, named(&wanted).as_ref()).await?;
    let now = core.clock.now();
    let mut payload = sampled(core, scope, sample, project.as_ref(), now).await?;
    lay(&mut payload, &wanted.payload);
    let mut triggered = Triggered {
        id: EventId::new(&core.entropy),
        kind: sample.name,
        created_at: now,
        payload,
        deliveries: 0,
    };
    let project = project.map(|(id, _)| id).filter(|_| sample.of_project);
    let (inner, owner) = (core.clone(), scope.owner().clone());
    let (id, payload) = (triggered.id.clone(), triggered.payload.clone());
    let deliveries = core.db.write(async move |tx| {
        let (name, project) = (sample.name, project.as_ref());
        let told =
            FanOut { owner: &owner, event: &id, name, payload: &payload, project, at: now, made_up: true };
        fan_out(tx, &inner, &told).await
    });
    triggered.deliveries = deliveries.await?;
    Ok(triggered)
}

/// The project that the request names.
fn named(wanted: &Wanted) -> Option<ProjectId> {
    let payload = &wanted.payload;
    let in_payload = payload["project"]["id"].as_str().or(payload["projectId"].as_str()).map(ProjectId::from);
    wanted.project_id.clone().or(in_payload)
}

/// That one with its name, or the newest that the owner has.
async fn project(
    core: &Core,
    scope: &Scope,
    named: Option<&ProjectId>,
) -> Result<Option<(ProjectId, String)>> {
    let conn = core.db.read().await?;
    if let Some(id) = named {
        projects::require_all(&conn, scope, std::slice::from_ref(id)).await?;
    }
    let sql = "SELECT id, name FROM projects WHERE owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id = $2)
      ORDER BY created_at DESC, id DESC LIMIT 1";
    let found: Option<(String, String)> = conn.opt(sql, &params![scope.owner(), named]).await?;
    Ok(found.map(|(id, name)| (ProjectId::from(id), name)))
}

/// The sample with what is real here.
async fn sampled(
    core: &Core,
    scope: &Scope,
    sample: &Sample,
    project: Option<&(ProjectId, String)>,
    now: Millis,
) -> Result<Json> {
    let made_up = || (ProjectId::new(&core.entropy), "storefront".to_owned());
    let (id, name) = project.cloned().unwrap_or_else(made_up);
    let facts = Facts {
        entropy: &core.entropy,
        now,
        owner: scope.owner(),
        owner_slug: &scope.owner_slug,
        project: Project { id: id.to_string(), name },
        configuration: configuration(core, scope).await?,
    };
    Ok(super::with_base(scope, (sample.payload)(&facts)))
}

/// The newest installation.
async fn configuration(core: &Core, scope: &Scope) -> Result<Configuration> {
    let installed = configurations::list(core, scope, Filter::default()).await?;
    Ok(match installed.first() {
        Some((real, _)) => {
            Configuration { id: real.id.to_string(), summary: real.summary(), scopes: real.scopes.clone() }
        }
        None => {
            let id = format!("icfg_{}", core.entropy.base62(24));
            let summary = json!({ "id": id, "projectSelection": "all", "projects": [] });
            Configuration { id, summary, scopes: vec!["read:project".to_owned()] }
        }
    })
}

/// Lays values over others: objects key by key, everything else as it is.
fn lay(under: &mut Json, over: &Json) {
    match (under, over) {
        (_, Json::Null) => {}
        (Json::Object(under), Json::Object(over)) => {
            for (key, value) in over {
                match under.get_mut(key) {
                    Some(known) if value.is_object() => lay(known, value),
                    _ => drop(under.insert(key.clone(), value.clone())),
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}
