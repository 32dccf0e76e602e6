//! The body of createProject and updateProject: what each setting does to a project.

use super::env::NewVariable;
use super::fields::{CREATION, NAME, NULLABLE, SETTINGS};
use super::link::GitRepository;
use super::{Project, ResourceConfig};
use crate::clock::Millis;
use crate::{Error, Result, shape, validate};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json, json};

/// The node version of a new project: the newest that the contract knows.
pub(super) const NODE_VERSION: &str = "22.x";
pub(super) const REGION: &str = "iad1";

#[derive(Debug, Clone, Default)]
pub struct Body(Map<String, Json>);

/// Names its fields, so that whoever asks a type what it takes is told (`/openapi.json`); any other is found to be one too many later.
impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Body;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Body, A::Error> {
                Map::deserialize(MapAccessDeserializer::new(map)).map(Body)
            }
        }
        deserializer.deserialize_struct("Body", &NAMES, Fields)
    }
}

static NAMES: [&str; SETTINGS.len() + CREATION.len()] = {
    let mut names = [""; SETTINGS.len() + CREATION.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = if at < SETTINGS.len() { SETTINGS[at].name } else { CREATION[at - SETTINGS.len()].name };
        at += 1;
    }
    names
};

impl Body {
    /// Takes out what only a creation has: the name, the variables, the repository.
    ///
    /// # Errors
    /// 400 for the first violation.
    pub(super) fn for_creation(
        mut self,
    ) -> Result<(String, Vec<NewVariable>, Option<GitRepository>, Settings)> {
        let own: Map<String, Json> =
            CREATION.iter().filter_map(|field| self.0.remove_entry(field.name)).collect();
        shape::object("", &own, CREATION)?;
        let mut settings = Settings::new(self.0)?;
        let missing = || Error::invalid("missing required property `name`.");
        let name = settings.name.take().ok_or_else(missing)?;
        let repository = own.get("gitRepository").filter(|value| !value.is_null());
        let variables = own.get("environmentVariables").and_then(Json::as_array);
        let variables = variables.into_iter().flatten().enumerate().map(variable).collect::<Result<_>>()?;
        Ok((name, variables, repository.map(GitRepository::deserialize).transpose()?, settings))
    }

    /// # Errors
    /// 400 for the first violation.
    pub(super) fn for_update(self) -> Result<Settings> {
        Settings::new(self.0)
    }
}

/// Its type is optional here, other than in the environment variables' own operation.
fn variable((at, value): (usize, &Json)) -> Result<NewVariable> {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        map.entry("type").or_insert_with(|| json!("encrypted"));
    }
    NewVariable::deserialize(value)
        .map_err(|error| Error::invalid(format_args!("`environmentVariables[{at}]`: {error}.")))
}

/// Settings that were checked.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub name: Option<String>,
    /// To be sealed; `Some(None)` takes it away.
    pub password: Option<Option<String>>,
    values: Map<String, Json>,
}

impl Settings {
    fn new(mut values: Map<String, Json>) -> Result<Self> {
        shape::object("", &values, SETTINGS)?;
        let name = values.remove("name").and_then(|name| name.as_str().map(str::to_owned));
        if let Some(name) = &name {
            check_name("name", name)?;
        }
        let password = take_password(&mut values);
        Ok(Self { name, password, values })
    }

    /// Changes the project. `null` clears, what is absent stays, `resourceConfig` merges key by key.
    pub(super) fn apply(&self, project: &mut Project, now: Millis) {
        for (key, value) in &self.values {
            let text = || value.as_str().map(str::to_owned);
            match key.as_str() {
                "framework" => project.framework = text(),
                "nodeVersion" => project.node_version = text().unwrap_or_else(|| NODE_VERSION.into()),
                "directoryListing" => project.directory_listing = value.as_bool().unwrap_or_default(),
                "serverlessFunctionRegion" => {
                    project.resource_config.function_default_regions =
                        vec![text().unwrap_or_else(|| REGION.into())];
                }
                "resourceConfig" => {}
                "connectConfigurations" if value.is_array() => {
                    let connections = stamped(value, project.settings.get(key), now);
                    project.settings.insert(key.clone(), connections);
                }
                "staticIps" => {
                    let shown = json!({ "builds": false, "enabled": value["enabled"], "regions": [] });
                    project.settings.insert(key.clone(), shown);
                }
                name if value.is_null() && !NULLABLE.contains(&name) => drop(project.settings.remove(key)),
                "buildCommand" | "devCommand" | "installCommand" | "outputDirectory" if value == "" => {
                    project.settings.insert(key.clone(), Json::Null);
                }
                _ => drop(project.settings.insert(key.clone(), value.clone())),
            }
        }
        if let Some(resources) = self.values.get("resourceConfig").and_then(Json::as_object) {
            project.resource_config.merge(resources);
        }
        let region = project.resource_config.function_default_regions.first();
        let region = region.map_or(Json::Null, |region| json!(region));
        project.settings.insert("serverlessFunctionRegion".into(), region);
    }
}

impl ResourceConfig {
    pub(super) fn new() -> Self {
        let settings = Map::from_iter([("fluid".to_owned(), json!(true))]);
        Self { function_default_regions: vec![REGION.into()], settings }
    }

    fn merge(&mut self, changes: &Map<String, Json>) {
        for (key, value) in changes {
            match (key.as_str(), value) {
                ("functionDefaultRegions", Json::Array(regions)) => {
                    let regions = regions.iter().filter_map(Json::as_str).map(str::to_owned);
                    self.function_default_regions = regions.collect();
                }
                // Follows from the type.
                ("buildMachineSelection", _) => {}
                ("buildMachineType", Json::String(kind)) if kind == "elastic" => {
                    self.settings.insert("buildMachineSelection".into(), json!("elastic"));
                    self.settings.entry("buildMachineType").or_insert_with(|| json!("enhanced"));
                }
                (_, Json::Null) => drop(self.settings.remove(key)),
                _ => drop(self.settings.insert(key.clone(), value.clone())),
            }
            if key == "buildMachineType" && value != "elastic" {
                self.settings.remove("buildMachineSelection");
            }
        }
    }
}

/// Answers show of each item when it was made and changed; one that was there before stays as it was.
fn stamped(items: &Json, before: Option<&Json>, now: Millis) -> Json {
    let before = before.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let same = |old: &&Json, new: &Json| {
        new.as_object().is_some_and(|new| new.iter().all(|(key, value)| old.get(key) == Some(value)))
    };
    let stamped = items.as_array().into_iter().flatten().map(|item| {
        let fresh = || {
            let mut item = item.clone();
            item["createdAt"] = json!(now);
            item["updatedAt"] = json!(now);
            item
        };
        before.iter().find(|old| same(old, item)).cloned().unwrap_or_else(fresh)
    });
    stamped.collect()
}

/// How long deployments are kept, in days: a hundred years stand for no limit.
pub(super) fn kept_for_ever() -> Json {
    json!({
        "expirationDays": 36500, "expirationDaysProduction": 36500, "expirationDaysCanceled": 36500,
        "expirationDaysErrored": 36500,
    })
}

/// The password leaves the settings: answers never show it.
fn take_password(values: &mut Map<String, Json>) -> Option<Option<String>> {
    let protection = values.get_mut("passwordProtection")?;
    let Some(protection) = protection.as_object_mut() else { return Some(None) };
    match protection.remove("password") {
        None => None,
        Some(Json::String(password)) => Some(Some(password)),
        Some(_) => Some(None),
    }
}

pub(super) fn check_name(field: &str, name: &str) -> Result<()> {
    validate::length(field, name, NAME)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    validate::pattern(field, name, "^[a-z0-9._-]+$", allowed)?;
    if name.contains("---") {
        return Err(Error::invalid(format_args!("`{field}` should NOT contain \"---\".")));
    }
    Ok(())
}
