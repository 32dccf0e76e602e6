//! Which lines a drain gets.

use super::filter::{Conditions, Environment, LogSource, Sampling};
use super::odata::{self, Condition};
use super::sampling::{self, Sampled};
use super::{Drain, FilterV2};
use crate::ids::ProjectId;
use crate::{Error, Result};
use serde_json::Value as Json;

/// What a drain gets, as it stands now: its own words, within what its installation may see.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `None`: all of the owner's.
    projects: Option<Vec<ProjectId>>,
    sources: Option<Vec<LogSource>>,
    environments: Option<Vec<Environment>>,
    condition: Option<Condition>,
    /// Why its filter is none, as one that was stored before filters were read may be.
    mistake: Option<String>,
    sampling: Vec<Sampling>,
}

impl Selection {
    /// The selection of a drain; `selected` are the projects that its installation was given, `None` where those are all or the drain is
    /// no installation's.
    pub fn of(drain: &Drain, selected: Option<&[ProjectId]>) -> Self {
        let filtered = drain.filter_v2.as_ref().and_then(FilterV2::projects);
        let basic = drain.filter_v2.as_ref().and_then(FilterV2::basic);
        let (condition, mistake) = match drain.filter_text().map(|(field, text)| read(field, text)) {
            None => (None, None),
            Some(Ok(condition)) => (Some(condition), None),
            Some(Err(error)) => (None, Some(error.message)),
        };
        Self {
            projects: common([drain.project_ids.as_deref(), filtered, selected]),
            sources: basic.and_then(|basic| basic.log.clone()?.sources),
            environments: basic.and_then(|basic| basic.deployment.clone()?.environments),
            condition,
            mistake,
            sampling: drain.sampling.clone().unwrap_or_default(),
        }
    }

    /// Refuses to select by a filter that is none.
    pub(super) fn check(&self) -> Result<()> {
        self.mistake.as_ref().map_or(Ok(()), |mistake| Err(Error::invalid(mistake)))
    }

    /// The only projects that it takes lines of; `None` where it takes those of all.
    pub fn projects(&self) -> Option<&[ProjectId]> {
        self.projects.as_deref()
    }

    /// Its projects as far as they are among others, too.
    pub fn projects_among(&self, others: Option<&[ProjectId]>) -> Option<Vec<ProjectId>> {
        common([self.projects(), others])
    }

    /// Whether every line of its projects is taken, so that none has to be looked at.
    pub fn takes_every_line(&self) -> bool {
        let narrowed = self.sources.is_some() || self.environments.is_some() || self.condition.is_some();
        !narrowed && self.sampling.is_empty()
    }

    /// Whether a line of its projects is taken.
    pub fn takes_line(&self, line: &Json) -> bool {
        let text = |key: &str| line.get(key).and_then(Json::as_str);
        let environment = text("environment");
        let source = self.sources.as_ref().is_none_or(|sources| {
            text("source").is_some_and(|source| sources.iter().any(|wanted| wanted.name() == source))
        });
        if !source || !self.takes_environment(environment) {
            return false;
        }
        if !self.condition.as_ref().is_none_or(|condition| condition.holds(line)) {
            return false;
        }
        let key = ["requestId", "traceId", "trace.id", "id"].into_iter().find_map(text);
        let path = line.pointer("/proxy/path").and_then(Json::as_str).or_else(|| text("path"));
        let key = key.unwrap_or_default().as_bytes();
        sampling::takes(&self.sampling, Sampled { environment, path, key })
    }

    /// Whether a span is taken. Sources and conditions speak of log lines, so they leave spans alone.
    pub fn takes_span(&self, span: Sampled) -> bool {
        self.takes_environment(span.environment) && sampling::takes(&self.sampling, span)
    }

    fn takes_environment(&self, environment: Option<&str>) -> bool {
        self.environments.as_ref().is_none_or(|wanted| {
            environment.is_some_and(|environment| wanted.iter().any(|wanted| wanted.name() == environment))
        })
    }
}

/// What stands in all lists that are there.
fn common<const N: usize>(lists: [Option<&[ProjectId]>; N]) -> Option<Vec<ProjectId>> {
    let mut lists = lists.into_iter().flatten();
    let first = lists.next()?.to_vec();
    Some(lists.fold(first, |common, list| common.into_iter().filter(|id| list.contains(id)).collect()))
}

fn read(field: &str, text: &str) -> Result<Condition> {
    odata::parse(text)
        .map_err(|mistake| Error::invalid(format_args!("`{field}` is not a filter: {mistake}.")))
}

impl Drain {
    /// The filter that is a text, if there is one, and how a body names it.
    fn filter_text(&self) -> Option<(&'static str, &str)> {
        match (&self.filter, &self.filter_v2) {
            (Some(text), _) => Some(("filter", text)),
            (None, Some(FilterV2 { filter: Conditions::Odata(odata), .. })) => {
                Some(("filter.filter.text", &odata.text))
            }
            _ => None,
        }
    }

    /// Refuses a filter that is none.
    pub(super) fn check_filter(&self) -> Result<()> {
        self.filter_text().map_or(Ok(()), |(field, text)| read(field, text).map(drop))
    }
}

impl LogSource {
    pub fn name(self) -> &'static str {
        match self {
            LogSource::Build => "build",
            LogSource::Edge => "edge",
            LogSource::Lambda => "lambda",
            LogSource::Static => "static",
            LogSource::External => "external",
            LogSource::Firewall => "firewall",
            LogSource::Redirect => "redirect",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drains::filter::Filter;

    impl Selection {
        /// With nothing but these rules.
        pub(in crate::drains) fn sampled(sampling: Vec<Sampling>) -> Self {
            Self { sampling, ..Self::default() }
        }
    }
    use serde_json::json;

    fn drain(parts: Json) -> Drain {
        let mut doc = json!({
            "id": "drn_1", "ownerId": "team_1", "teamId": "team_1", "name": "one", "createdAt": 1, "updatedAt": 1,
            "createdFrom": "self-served", "schemas": {}, "status": "enabled", "source": { "kind": "self-served" },
            "delivery": { "type": "syslog", "endpoint": "logs.example.com:6514", "secret": "" },
        });
        let filter: Option<Filter> = serde_json::from_value(parts["filter"].clone()).unwrap();
        for (key, value) in parts.as_object().unwrap().iter().filter(|(key, _)| *key != "filter") {
            doc[key] = value.clone();
        }
        let mut drain: Drain = serde_json::from_value(doc).unwrap();
        drain.set_filter(filter);
        drain
    }

    fn basic(parts: Json) -> Json {
        let mut filter = json!({ "type": "basic" });
        filter.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        json!({ "filter": { "version": "v2", "filter": filter } })
    }

    fn ids(ids: &[&str]) -> Vec<ProjectId> {
        ids.iter().map(|id| ProjectId::from(*id)).collect()
    }

    #[test]
    fn projects_are_those_that_drain_filter_and_installation_all_name() {
        let mut parts = basic(json!({ "project": { "ids": ["b", "c", "d"] } }));
        parts["projectIds"] = json!(["a", "b", "c"]);
        let drain = drain(parts);
        let projects = |selected: Option<&[ProjectId]>| {
            Selection::of(&drain, selected).projects().map(<[ProjectId]>::to_vec)
        };
        assert_eq!(projects(None), Some(ids(&["b", "c"])));
        assert_eq!(projects(Some(&ids(&["c", "d", "e"]))), Some(ids(&["c"])));
        assert_eq!(projects(Some(&[])), Some(vec![]));
        let all = super::Selection::of(&self::drain(json!({})), None);
        assert_eq!(all.projects(), None);
        assert!(all.takes_every_line());
    }

    #[test]
    fn each_condition_must_hold_and_an_empty_list_holds_for_nothing() {
        let line = json!({ "id": "1", "source": "lambda", "environment": "preview", "level": "error" });
        let cases = [
            (json!({}), true),
            (basic(json!({})), true),
            (basic(json!({ "log": { "sources": ["edge", "lambda"] } })), true),
            (basic(json!({ "log": { "sources": ["edge"] } })), false),
            (basic(json!({ "log": { "sources": [] } })), false),
            (basic(json!({ "deployment": { "environments": ["preview"] } })), true),
            (basic(json!({ "deployment": { "environments": ["production"] } })), false),
            (
                basic(json!({
                    "log": { "sources": ["lambda"] }, "deployment": { "environments": ["production"] },
                })),
                false,
            ),
            (json!({ "filter": "level eq 'error'" }), true),
            (json!({ "filter": "level eq 'info'" }), false),
            (
                json!({ "filter": { "version": "v2", "filter": { "type": "odata", "text": "id eq '2'" } } }),
                false,
            ),
            (json!({ "sampling": [{ "type": "head_sampling", "rate": 1, "env": "preview" }] }), true),
            (json!({ "sampling": [{ "type": "head_sampling", "rate": 1, "env": "production" }] }), false),
        ];
        for (parts, expected) in cases {
            let selection = Selection::of(&drain(parts.clone()), None);
            assert_eq!(selection.takes_line(&line), expected, "{parts}");
            assert_eq!(
                selection.takes_every_line(),
                parts == json!({}) || parts == basic(json!({})),
                "{parts}"
            );
        }
    }

    #[test]
    fn the_lines_of_a_request_stay_together() {
        let rules = json!({ "sampling": [{ "type": "head_sampling", "rate": 0.5 }] });
        let selection = Selection::of(&drain(rules), None);
        let mut taken = 0;
        for request in 0..500 {
            let lines = (0..4).map(|line| {
                json!({ "id": format!("{request}-{line}"), "requestId": format!("r{request}"), "level": "info" })
            });
            let of_it = lines.filter(|line| selection.takes_line(line)).count();
            assert!(of_it == 0 || of_it == 4, "{of_it} of 4 lines of request {request}");
            taken += usize::from(of_it == 4);
        }
        assert!((200..300).contains(&taken), "{taken} of 500");
    }

    #[test]
    fn a_filter_that_is_none_is_named() {
        let cases = [
            (json!({ "filter": "level is 'error'" }), "`filter` is not a filter: expected `eq`"),
            (
                json!({ "filter": { "version": "v2", "filter": { "type": "odata", "text": "levels eq 'a'" } } }),
                "`filter.filter.text` is not a filter: `levels` is not a field of a log line at character 1.",
            ),
        ];
        for (parts, expected) in cases {
            let error = drain(parts).check_filter().unwrap_err();
            assert!(error.message.contains(expected), "{error}");
        }
    }
}
