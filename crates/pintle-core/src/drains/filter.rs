//! Which events a drain gets: schemas, filters, sampling.

use crate::ids::ProjectId;
use crate::{Result, union, validate};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// The kinds of event that a drain gets: `log`, `trace`, `analytics`, `speed_insights`, and what newer clients know.
pub type Schemas = BTreeMap<String, Schema>;

/// One kind of event that a drain gets, by its version. More keys than `version` are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub version: String,
    #[serde(flatten)]
    pub rest: Map<String, Json>,
}

/// Where a log line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    Build,
    Edge,
    Lambda,
    Static,
    External,
    Firewall,
    Redirect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Production,
    Preview,
}

/// `filter` of a body: a text, or conditions.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    Text(String),
    Conditions(FilterV2),
}

/// `filterV2` of the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterV2 {
    pub version: FilterVersion,
    pub filter: Conditions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilterVersion {
    V2,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Conditions {
    Basic(Basic),
    Odata(Odata),
}

/// Each condition that is there must hold. An empty list holds for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<OfProjects>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<OfSources>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<OfEnvironments>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfProjects {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<ProjectId>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfSources {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<LogSource>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfEnvironments {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environments: Option<Vec<Environment>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Odata {
    pub text: String,
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::String(text) => Ok(Filter::Text(text)),
            value => union::read(value).map(Filter::Conditions),
        }
    }
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        union::by_tag(
            deserializer,
            "type",
            &[
                ("basic", |rest| union::read(rest).map(Conditions::Basic)),
                ("odata", |rest| union::read(rest).map(Conditions::Odata)),
            ],
        )
    }
}

impl FilterV2 {
    /// The conditions of a log drain; `None` where there are none.
    pub(super) fn of_logs(
        sources: Option<Vec<LogSource>>,
        environments: Option<Vec<Environment>>,
    ) -> Option<Self> {
        if sources.is_none() && environments.is_none() {
            return None;
        }
        let basic = Basic {
            project: None,
            log: sources.map(|sources| OfSources { sources: Some(sources) }),
            deployment: environments.map(|environments| OfEnvironments { environments: Some(environments) }),
        };
        Some(Self { version: FilterVersion::V2, filter: Conditions::Basic(basic) })
    }

    pub fn basic(&self) -> Option<&Basic> {
        match &self.filter {
            Conditions::Basic(basic) => Some(basic),
            Conditions::Odata(_) => None,
        }
    }

    /// The projects that the conditions name.
    pub fn projects(&self) -> Option<&[ProjectId]> {
        self.basic()?.project.as_ref()?.ids.as_deref()
    }

    pub(super) fn projects_mut(&mut self) -> Option<&mut Vec<ProjectId>> {
        match &mut self.filter {
            Conditions::Basic(basic) => basic.project.as_mut()?.ids.as_mut(),
            Conditions::Odata(_) => None,
        }
    }
}

/// One rule of `sampling`. The first that fits an event decides; with rules, what none fits is dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sampling {
    #[serde(rename = "type")]
    pub kind: SamplingType,
    /// 0 to 1.
    pub rate: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Environment>,
    /// Only paths that begin with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_path: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplingType {
    HeadSampling,
}

impl Sampling {
    pub(super) fn of_everything(rate: f64) -> Self {
        Self { kind: SamplingType::HeadSampling, rate, env: None, request_path: None }
    }

    pub(super) fn check_all(rules: &[Self]) -> Result<()> {
        for (index, rule) in rules.iter().enumerate() {
            validate::within(&format!("sampling[{index}].rate"), rule.rate, 0.0, 1.0)?;
        }
        Ok(())
    }
}

/// Something that changes events on their way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    pub id: String,
    #[serde(flatten)]
    pub rest: Map<String, Json>,
}
