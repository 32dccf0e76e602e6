//! What can be attached to a team and its projects: one row for each kind. A new resource adds a row.

use crate::SECRET;
use crate::dice::Dice;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Webhook,
    IntegrationLogDrain,
    LogDrain,
    Drain,
    EdgeConfig,
    Variable,
}

/// How the wire makes, shows and deletes a kind. `{project}` and `{id}` stand for those of the thing.
pub struct Row {
    pub create: &'static str,
    pub created: u16,
    pub list: &'static str,
    /// The key of the list's answer under which the things are; empty for a bare array.
    pub under: &'static str,
    /// Where a user reads one.
    pub read: &'static str,
    pub delete: &'static str,
    pub deleted: u16,
    pub table: &'static str,
    /// Where a receipt lists it, and the field that names it there.
    pub receipt: &'static str,
    pub named: &'static str,
    /// Who may make one.
    pub by_installations: bool,
    pub by_users: bool,
    pub body: fn(&mut Dice, &[String]) -> Value,
}

impl Kind {
    pub const ALL: [Kind; 6] = [
        Kind::Webhook,
        Kind::IntegrationLogDrain,
        Kind::LogDrain,
        Kind::Drain,
        Kind::EdgeConfig,
        Kind::Variable,
    ];

    pub fn row(self) -> &'static Row {
        match self {
            Kind::Webhook => &WEBHOOK,
            Kind::IntegrationLogDrain => &INTEGRATION_LOG_DRAIN,
            Kind::LogDrain => &LOG_DRAIN,
            Kind::Drain => &DRAIN,
            Kind::EdgeConfig => &EDGE_CONFIG,
            Kind::Variable => &VARIABLE,
        }
    }

    pub fn of_installations() -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|kind| kind.row().by_installations)
    }

    pub fn of_users() -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|kind| kind.row().by_users)
    }
}

const WEBHOOK: Row = Row {
    create: "/v1/webhooks",
    created: 200,
    list: "/v1/webhooks",
    under: "",
    read: "/v1/webhooks/{id}",
    delete: "/v1/webhooks/{id}",
    deleted: 204,
    table: "webhooks",
    receipt: "webhooks",
    named: "url",
    by_installations: true,
    by_users: true,
    body: webhook,
};

const INTEGRATION_LOG_DRAIN: Row = Row {
    create: "/v2/integrations/log-drains",
    created: 200,
    list: "/v2/integrations/log-drains",
    under: "",
    read: "/v1/log-drains/{id}",
    delete: "/v1/integrations/log-drains/{id}",
    deleted: 204,
    table: "drains",
    receipt: "drains",
    named: "name",
    by_installations: true,
    by_users: false,
    body: log_drain,
};

const LOG_DRAIN: Row = Row {
    create: "/v1/log-drains",
    created: 200,
    list: "/v1/log-drains",
    under: "drains",
    read: "/v1/log-drains/{id}",
    delete: "/v1/log-drains/{id}",
    deleted: 204,
    table: "drains",
    receipt: "drains",
    named: "name",
    by_installations: false,
    by_users: true,
    body: log_drain,
};

const DRAIN: Row = Row {
    create: "/v1/drains",
    created: 200,
    list: "/v1/drains",
    under: "drains",
    read: "/v1/drains/{id}",
    delete: "/v1/drains/{id}",
    deleted: 204,
    table: "drains",
    receipt: "drains",
    named: "name",
    by_installations: true,
    by_users: true,
    body: drain,
};

const EDGE_CONFIG: Row = Row {
    create: "/v1/edge-config",
    created: 201,
    list: "/v1/edge-config",
    under: "",
    read: "/v1/edge-config/{id}",
    delete: "/v1/edge-config/{id}",
    deleted: 204,
    table: "edge_configs",
    receipt: "edgeConfigs",
    named: "slug",
    by_installations: true,
    by_users: true,
    body: |dice, _| json!({ "slug": dice.pick(&SLUGS), "items": { "dark": dice.chance(50) } }),
};

const VARIABLE: Row = Row {
    create: "/v10/projects/{project}/env",
    created: 201,
    list: "/v10/projects/{project}/env",
    under: "envs",
    read: "/v1/projects/{project}/env/{id}",
    delete: "/v9/projects/{project}/env/{id}",
    deleted: 200,
    table: "envs",
    receipt: "environmentVariables",
    named: "key",
    by_installations: true,
    by_users: true,
    body: |dice, _| variable(dice),
};

// Few names, so that neighbours have the same ones.
const URLS: [&str; 4] = [
    "https://hooks.example.com/a",
    "https://hooks.example.com/b",
    "https://logs.example.com",
    "http://example.com:8080/x",
];
const NAMES: [&str; 3] = ["logs", "main drain", "archive"];
const SLUGS: [&str; 3] = ["flags", "settings", "redirects"];
const KEYS: [&str; 5] = ["API_KEY", "DATABASE_URL", "DSN", "TOKEN", "REGION"];
const BRANCHES: [&str; 2] = ["staging", "feature/x"];
const EVENTS: [&str; 4] = [
    "integration-configuration.removed",
    "project.created",
    "deployment.created",
    "integration-configuration-removed",
];
pub const TARGETS: [&str; 3] = ["production", "preview", "development"];

pub fn secret(dice: &mut Dice) -> String {
    format!("{SECRET}{}", dice.word())
}

fn webhook(dice: &mut Dice, projects: &[String]) -> Value {
    let mut body = json!({ "url": dice.pick(&URLS), "events": dice.some(&EVENTS, 1) });
    if !projects.is_empty() && dice.chance(30) {
        body["projectIds"] = json!(dice.some(projects, 1));
    }
    body
}

fn log_drain(dice: &mut Dice, projects: &[String]) -> Value {
    let mut body = json!({
        "name": dice.pick(&NAMES), "url": dice.pick(&URLS), "deliveryFormat": dice.pick(&["json", "ndjson"]),
        "sources": dice.some(&["static", "lambda", "build", "edge", "external", "firewall"], 1),
    });
    if !projects.is_empty() && dice.chance(30) {
        body["projectIds"] = json!(dice.some(projects, 1));
    }
    if dice.chance(40) {
        body["secret"] = json!(secret(dice));
    }
    if dice.chance(30) {
        body["environments"] = json!(dice.some(&["preview", "production"], 1));
    }
    body
}

fn drain(dice: &mut Dice, projects: &[String]) -> Value {
    let some = !projects.is_empty() && dice.chance(40);
    let mut body = json!({
        "name": dice.pick(&NAMES), "projects": if some { "some" } else { "all" },
        "schemas": { "log": { "version": "v1" } },
        "delivery": {
            "type": "http", "endpoint": dice.pick(&URLS), "encoding": dice.pick(&["json", "ndjson"]), "headers": {},
            "secret": secret(dice),
        },
    });
    if some {
        body["projectIds"] = json!(dice.some(projects, 1));
    }
    if dice.chance(30) {
        body["sampling"] = json!([{ "type": "head_sampling", "rate": 0.5 }]);
    }
    body
}

pub fn drain_name(dice: &mut Dice) -> &'static str {
    let name: &&str = dice.pick(&NAMES);
    name
}

/// Where a variable holds: its targets, and a branch where that is preview alone.
pub fn place(dice: &mut Dice) -> (Vec<&'static str>, Option<&'static str>) {
    match dice.chance(30) {
        true => (vec!["preview"], Some(*dice.pick(&BRANCHES))),
        false => (dice.some(&TARGETS, 1), None),
    }
}

pub fn variable(dice: &mut Dice) -> Value {
    let (mut targets, branch) = place(dice);
    let kind = *dice.pick(&["encrypted", "plain", "sensitive", "encrypted"]);
    if kind == "sensitive" {
        targets.retain(|target| *target != "development");
        if targets.is_empty() {
            targets.push("production");
        }
    }
    let mut body = json!({ "key": dice.pick(&KEYS), "value": secret(dice), "type": kind, "target": targets });
    if let Some(branch) = branch {
        body["gitBranch"] = json!(branch);
    }
    if dice.chance(20) {
        body["comment"] = json!("set by a proof");
    }
    body
}

pub fn key(dice: &mut Dice) -> &'static str {
    let key: &&str = dice.pick(&KEYS);
    key
}
