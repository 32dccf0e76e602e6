//! A realistic payload of every event that a webhook can subscribe to (semantics.md 5.4), for whoever wants to see one without waiting
//! for it to happen. What is real here (team, user, project, installation) is in it; the rest is made up, with the documented fields where
//! there are any.

mod deployments;
mod domains;
mod integrations;
mod platform;
mod projects;

use crate::clock::Millis;
use crate::entropy::Entropy;
use crate::ids::OwnerId;
use serde_json::{Value as Json, json};

/// What samples are made of.
pub struct Facts<'a> {
    pub entropy: &'a Entropy,
    pub now: Millis,
    pub owner: &'a OwnerId,
    pub owner_slug: &'a str,
    pub project: Project,
    pub configuration: Configuration,
}

/// The project that it happens to: a real one, where there is one.
pub struct Project {
    pub id: String,
    pub name: String,
}

/// The installation that it is about: a real one, where there is one.
pub struct Configuration {
    pub id: String,
    /// As a payload has it.
    pub summary: Json,
    pub scopes: Vec<String>,
}

pub struct Sample {
    /// The event's name as it is today.
    pub name: &'static str,
    /// It happens to a project, and is told only to who may see that.
    pub of_project: bool,
    /// The payload without its base: the team and the user.
    pub payload: fn(&Facts<'_>) -> Json,
}

const fn of_project(name: &'static str, payload: fn(&Facts<'_>) -> Json) -> Sample {
    Sample { name, of_project: true, payload }
}

const fn of_owner(name: &'static str, payload: fn(&Facts<'_>) -> Json) -> Sample {
    Sample { name, of_project: false, payload }
}

/// The sample of an event, by its name of today.
pub fn find(name: &str) -> Option<&'static Sample> {
    let families =
        [deployments::SAMPLES, domains::SAMPLES, integrations::SAMPLES, platform::SAMPLES, projects::SAMPLES];
    families.into_iter().flatten().find(|sample| sample.name == name)
}

impl Facts<'_> {
    /// A new id of a thing that is only made up.
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.entropy.base62(24))
    }

    fn project(&self) -> Json {
        json!({ "id": self.project.id, "name": self.project.name })
    }

    /// The project without its name.
    fn project_id(&self) -> Json {
        json!({ "id": self.project.id })
    }

    fn configuration_id(&self) -> Json {
        json!({ "id": self.configuration.id })
    }
}

/// One object with the keys of both.
fn with(mut object: Json, more: Json) -> Json {
    if let (Json::Object(object), Json::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
