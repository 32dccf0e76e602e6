//! A world, and what must be true of it: kept beside Pintle, from what was asked and what the wire answered, and from nothing
//! else.

use super::bypasses::Bypass;
use super::kinds::Kind;
use crate::dice::Dice;
use pintle_testing::{Caller, Pintle};
use serde_json::Value;

pub struct World {
    pub pintle: Pintle,
    pub dice: Dice,
    pub tenants: Vec<Tenant>,
    pub apps: Vec<App>,
    pub installations: Vec<Installation>,
    pub things: Vec<Thing>,
    pub bypasses: Vec<Bypass>,
    /// What must not be found outside of what is sealed: every secret that was chosen or answered.
    pub secrets: Vec<String>,
    pub tally: Tally,
}

/// A team with its people, or a personal account.
pub struct Tenant {
    pub owner: Caller,
    /// The same authority as the owner over all that is proven here, with a token of its own.
    pub member: Option<Caller>,
    /// A developer with the permission `IntegrationManager`.
    pub manager: Option<Caller>,
    pub viewer: Option<Caller>,
    pub projects: Vec<Project>,
}

impl Tenant {
    /// Who may attach things and edit them.
    pub fn editors(&self) -> Vec<Caller> {
        self.member.iter().chain([&self.owner]).cloned().collect()
    }

    pub fn project_ids(&self) -> Vec<String> {
        self.projects.iter().map(|project| project.id.clone()).collect()
    }
}

pub struct Project {
    pub id: String,
    pub name: String,
}

/// An integration that tenants install.
pub struct App {
    pub id: String,
    pub slug: String,
    pub client_secret: String,
    pub webhook_url: Option<String>,
}

#[derive(Clone)]
pub struct Installation {
    pub id: String,
    pub tenant: usize,
    pub app: usize,
    /// The user who made it, or took it over.
    pub user: String,
    pub tokens: Vec<Caller>,
    pub codes: Vec<String>,
    /// `None`: all projects.
    pub selection: Option<Vec<String>>,
    pub disabled: bool,
}

impl Installation {
    /// Its token, while it can act.
    pub fn token(&self) -> Option<&Caller> {
        self.tokens.first().filter(|_| !self.disabled)
    }
}

/// A webhook, drain or variable: an installation's, or its tenant's own.
#[derive(Debug, Clone)]
pub struct Thing {
    pub kind: Kind,
    pub id: String,
    pub tenant: usize,
    /// The configuration that owns it.
    pub owner: Option<String>,
    pub project: Option<String>,
    /// What it was made with, and changed to since.
    pub body: Value,
    /// The signing secret that the answer told.
    pub secret: Option<String>,
}

impl Thing {
    pub fn name(&self) -> &str {
        self.body[self.kind.row().named].as_str().unwrap_or_default()
    }

    /// One of its kind's paths, with its ids.
    pub fn path(&self, template: &str) -> String {
        template.replace("{project}", self.project.as_deref().unwrap_or_default()).replace("{id}", &self.id)
    }

    /// The projects that it names.
    pub fn projects(&self) -> Vec<&str> {
        let named = self.body["projectIds"].as_array().map(Vec::as_slice).unwrap_or_default();
        named.iter().filter_map(Value::as_str).chain(self.project.as_deref()).collect()
    }

    /// Whether it is a webhook that wants this event.
    pub fn wants(&self, event: &str) -> bool {
        self.kind == Kind::Webhook
            && self.body["events"].as_array().is_some_and(|all| all.iter().any(|e| e == event))
    }

    fn targets(&self) -> impl Iterator<Item = &str> {
        self.body["target"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    fn branch(&self) -> &str {
        self.body["gitBranch"].as_str().unwrap_or_default()
    }

    /// Whether two variables cannot both be: the same key in the same project, a common target, the same branch.
    pub fn conflicts(&self, other: &Thing) -> bool {
        self.kind == Kind::Variable
            && other.kind == Kind::Variable
            && self.project == other.project
            && self.name() == other.name()
            && self.branch() == other.branch()
            && self.targets().any(|target| other.targets().any(|other| other == target))
    }

    /// Whether one is an exact match of the other, which an upsert changes.
    pub fn same_place(&self, other: &Thing) -> bool {
        let sorted = |thing: &Thing| {
            let mut targets: Vec<String> = thing.targets().map(str::to_owned).collect();
            targets.sort();
            targets
        };
        self.conflicts(other) && sorted(self) == sorted(other)
    }
}

/// What was proven.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub worlds: usize,
    pub removals: usize,
    pub webhooks: usize,
    pub drains: usize,
    pub edge_configs: usize,
    pub variables: usize,
    pub bypasses: usize,
    pub tokens: usize,
    pub codes: usize,
    pub neighbours: usize,
    pub refused: usize,
    pub reinstalled: usize,
    /// Teams and accounts.
    pub ended: usize,
}

impl Tally {
    pub fn children(&self) -> usize {
        self.webhooks
            + self.drains
            + self.edge_configs
            + self.variables
            + self.bypasses
            + self.tokens
            + self.codes
    }

    pub fn add(&mut self, other: &Tally) {
        self.worlds += other.worlds;
        self.removals += other.removals;
        self.webhooks += other.webhooks;
        self.drains += other.drains;
        self.edge_configs += other.edge_configs;
        self.variables += other.variables;
        self.bypasses += other.bypasses;
        self.tokens += other.tokens;
        self.codes += other.codes;
        self.neighbours += other.neighbours;
        self.refused += other.refused;
        self.reinstalled += other.reinstalled;
        self.ended += other.ended;
    }
}

impl World {
    /// The things of a configuration.
    pub fn things_of<'a>(&'a self, configuration: &'a str) -> impl Iterator<Item = &'a Thing> {
        self.things.iter().filter(move |thing| thing.owner.as_deref() == Some(configuration))
    }

    /// A user of the tenant who may do everything that is proven here.
    pub fn editor(&mut self, tenant: usize) -> Caller {
        let editors = self.tenants[tenant].editors();
        self.dice.pick(&editors).clone()
    }
}
