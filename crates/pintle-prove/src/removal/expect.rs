//! What a removal must take, from the world's own record, and how a plan or receipt must say it.

use super::bypasses::{self, Bypass};
use super::dump::Gone;
use super::kinds::Kind;
use super::world::{Installation, Thing, World};
use pintle_testing::Caller;
use serde_json::Value;

/// An installation as it is before its removal.
pub struct Expected {
    pub installation: Installation,
    pub things: Vec<Thing>,
    pub bypasses: Vec<Bypass>,
    /// Who must hear of it, and the secret to sign with; sorted.
    pub targets: Vec<(String, String)>,
}

/// The event, under the name it has and the one it had.
const REMOVED: [&str; 2] = ["integration-configuration.removed", "integration-configuration-removed"];

impl World {
    pub fn expect(&self, index: usize) -> Expected {
        let installation = self.installations[index].clone();
        let things: Vec<Thing> = self.things_of(&installation.id).cloned().collect();
        let app = &self.apps[installation.app];
        let hooks = self.things.iter().filter(|thing| {
            let mine = thing.owner.as_ref().is_none_or(|owner| *owner == installation.id);
            thing.tenant == installation.tenant && mine && REMOVED.iter().any(|event| thing.wants(event))
        });
        let mut targets: Vec<(String, String)> =
            hooks.map(|hook| (hook.name().to_owned(), hook.secret.clone().unwrap_or_default())).collect();
        targets.extend(app.webhook_url.clone().map(|url| (url, app.client_secret.clone())));
        targets.sort();
        let own = self.bypasses.iter().filter(|one| one.owner.as_ref() == Some(&installation.id));
        Expected { bypasses: own.cloned().collect(), installation, things, targets }
    }
}

impl Expected {
    pub fn id(&self) -> &str {
        &self.installation.id
    }

    fn of(&self, field: &'static str) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(move |thing| thing.kind.row().receipt == field)
    }

    /// A plan's or receipt's list of what goes is exactly this, each thing by its id, name and project.
    pub fn assert_listed(&self, attached: &Value) {
        for field in ["webhooks", "drains", "edgeConfigs", "environmentVariables"] {
            let mut told: Vec<(&str, &str, Option<&str>)> = attached[field]
                .as_array()
                .into_iter()
                .flatten()
                .map(|item| {
                    let text = |name: &str| item[name].as_str();
                    (text("id").unwrap_or_default(), text("name").unwrap_or_default(), text("projectId"))
                })
                .collect();
            let mut known: Vec<_> = self
                .of(field)
                .map(|thing| (thing.id.as_str(), thing.name(), thing.project.as_deref()))
                .collect();
            told.sort_unstable();
            known.sort_unstable();
            assert_eq!(told, known, "{field} of {}", self.id());
        }
        self.assert_bypasses_listed(&attached["protectionBypasses"]);
        let mut told: Vec<&str> =
            attached["projects"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut known: Vec<&str> = self.installation.selection.iter().flatten().map(String::as_str).collect();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known, "projects of {}", self.id());
        let counts = (&attached["tokens"], &attached["codes"]);
        assert_eq!(counts.0, self.installation.tokens.len(), "tokens of {}", self.id());
        assert_eq!(counts.1, self.installation.codes.len(), "codes of {}", self.id());
    }

    /// Their ids are told nowhere else.
    fn assert_bypasses_listed(&self, listed: &Value) {
        let text = |item: &'_ Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let items = listed.as_array().into_iter().flatten();
        let mut told: Vec<_> = items.map(|item| (text(item, "name"), text(item, "projectId"))).collect();
        told.sort_unstable();
        let told: Vec<_> = told.iter().map(|(note, project)| (note.as_str(), project.as_str())).collect();
        assert_eq!(told, bypasses::named(self.bypasses.iter()), "protection bypasses of {}", self.id());
    }

    /// The installation's own lists on the wire have exactly its things.
    pub async fn assert_lists(&self, token: &Caller) {
        // Edge configs are listed for their team, whoever made them.
        let own = |kind: &Kind| ![Kind::Variable, Kind::EdgeConfig].contains(kind);
        for kind in Kind::of_installations().filter(own) {
            let told = ids(&token.get(kind.row().list).await.ok(200), kind.row().under);
            // The three drain APIs show one store, each in its own way.
            let known: Vec<&Thing> = self.things.iter().filter(|thing| thing.kind == kind).collect();
            for thing in known {
                assert!(told.contains(&thing.id), "{} does not list {thing:?}", kind.row().list);
            }
            let all = |id: &String| self.things.iter().any(|thing| thing.id == *id);
            assert!(told.iter().all(all), "{} lists what is not its own: {told:?}", kind.row().list);
        }
    }
}

/// The ids in a list's answer.
pub fn ids(answer: &Value, under: &str) -> Vec<String> {
    let list = if under.is_empty() { answer } else { &answer[under] };
    let list = list.as_array().unwrap_or_else(|| panic!("not a list: {answer}"));
    list.iter().filter_map(|item| item["id"].as_str()).map(str::to_owned).collect()
}

/// What must go from the tables.
pub fn gone(all: &[Expected]) -> Gone {
    let count = |of: fn(&Expected) -> usize| all.iter().map(of).sum();
    let table =
        |name: &str| all.iter().flat_map(|e| &e.things).filter(|t| t.kind.row().table == name).count();
    Gone {
        configurations: all.iter().map(|e| e.id().to_owned()).collect(),
        children: all.iter().flat_map(|e| &e.things).map(|thing| thing.id.clone()).collect(),
        counts: vec![
            ("configurations", all.len()),
            ("configuration_projects", count(|e| e.installation.selection.as_ref().map_or(0, Vec::len))),
            ("tokens", count(|e| e.installation.tokens.len())),
            ("codes", count(|e| e.installation.codes.len())),
            ("webhooks", table("webhooks")),
            ("drains", table("drains")),
            ("edge_configs", table("edge_configs")),
            ("envs", table("envs")),
            ("protection_bypasses", count(|e| e.bypasses.len())),
        ],
    }
}
