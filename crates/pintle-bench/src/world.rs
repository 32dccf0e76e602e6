//! What is measured on, made through the API: teams with projects, installations, and what these attach.

use crate::{Outcome, server};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use pintle_api::{Api, Options};
use pintle_core::clock::Clock;
use pintle_core::drains::verification::Verification;
use pintle_core::entropy::Entropy;
use pintle_core::logs::retention::Retention;
use pintle_core::tokens::{self, NewToken};
use pintle_core::users::{self, NewUser};
use pintle_core::{Core, Given};
use pintle_egress::{Egress, Names, Policy};
use pintle_store::{Db, Durability};
use serde_json::{Value as Json, json};
use std::path::Path;

/// Without a limit that a load could reach.
const UNLIMITED: i64 = 1 << 50;

/// A Pintle in this process.
pub struct World {
    pub api: Api,
    /// A user whose token has no limit.
    pub token: String,
}

/// A team of the user's; or an installation there, by its token.
#[derive(Clone)]
pub struct Team {
    pub api: Api,
    pub token: String,
    pub id: String,
}

/// An integration that can be installed.
pub struct App(Json);

/// An installation, and its own token.
pub struct Installation {
    pub id: String,
    pub team: Team,
}

pub fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl World {
    /// In an empty folder, as durable as a server's.
    pub async fn new(data: &Path) -> Outcome<Self> {
        std::fs::create_dir_all(data)?;
        let core = open(data).await?;
        let user = NewUser { email: "ada@example.com".into(), username: "ada".into(), name: None };
        let user = users::create(&core, user).await?;
        let token = NewToken { name: "bench".into(), rate_limit: Some(UNLIMITED), ..NewToken::default() };
        let token = tokens::issue(&core, &user.id, token).await?.bearer_token;
        let api = Api::new(core, Options { rate_limit: UNLIMITED, ..Options::default() });
        Ok(Self { api, token })
    }

    pub async fn team(&self, slug: &str) -> Outcome<Team> {
        let user = Team { api: self.api.clone(), token: self.token.clone(), id: String::new() };
        let team = user.ask("POST", "/v1/teams", json!({ "slug": slug })).await?;
        Ok(Team { id: text(&team["id"]), ..user })
    }
}

/// Opens a folder's database in this process.
pub async fn open(data: &Path) -> Outcome<Core> {
    let db = Db::sqlite(&data.join("pintle.db"), Durability::Full)?;
    let egress = Egress::new(Policy { loopback: true, names: Names::Nobody, ..Policy::default() });
    let entropy = Entropy::system()?;
    let given = Given {
        issuer: "http://localhost".into(),
        clock: Clock::default(),
        entropy,
        egress,
        retention: Retention::default(),
        strict_team_scope: false,
        drain_verification: Verification::Off,
    };
    Ok(Core::open(db, &server::master_key(), given).await?)
}

impl Team {
    /// A path with this team in its query.
    pub fn path(&self, path: &str) -> String {
        if self.id.is_empty() { path.to_owned() } else { format!("{path}?teamId={}", self.id) }
    }

    /// A request that must succeed.
    pub async fn ask(&self, method: &str, path: &str, body: Json) -> Outcome<Json> {
        let request = Request::builder()
            .method(method)
            .uri(self.path(path))
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::from(body.to_string()))?;
        let answer = self.api.answer(request).await;
        let (status, body) = (answer.status(), answer.into_body().collect().await?.to_bytes());
        if status.is_success() {
            return Ok(serde_json::from_slice(&body).unwrap_or_default());
        }
        Err(format!("{method} {path} answered {status}: {}", String::from_utf8_lossy(&body)).into())
    }

    pub async fn project(&self, name: &str) -> Outcome<String> {
        Ok(text(&self.ask("POST", "/v11/projects", json!({ "name": name })).await?["id"]))
    }

    /// Registers an integration.
    pub async fn app(&self, slug: &str) -> Outcome<App> {
        let scopes = ["integration-configuration", "project", "project-env-vars", "log-drain", "drain"];
        let app = json!({
            "name": slug, "slug": slug, "redirectUrl": "https://bridge.example/callback",
            "webhookUrl": "https://bridge.example/hook", "scopes": scopes.map(|scope| format!("read-write:{scope}")),
        });
        Ok(App(self.ask("POST", "/pintle/v1/integrations", app).await?))
    }

    /// Installs it here, up to the installation's token.
    pub async fn install(&self, App(app): &App) -> Outcome<Installation> {
        let path = format!("/pintle/v1/integrations/{}/install", text(&app["slug"]));
        let made = self.ask("POST", &path, json!({})).await?;
        let exchange = json!({
            "client_id": app["id"], "client_secret": app["clientSecret"], "code": made["code"],
            "redirect_uri": app["redirectUrl"],
        });
        let token = self.ask("POST", "/v2/oauth/access_token", exchange).await?;
        let team = Team { token: text(&token["access_token"]), ..self.clone() };
        Ok(Installation { id: text(&made["configuration"]["id"]), team })
    }

    /// Makes variables in a project, from this number on.
    pub async fn variables(&self, project: &str, numbers: std::ops::Range<usize>) -> Outcome<()> {
        let path = format!("/v10/projects/{project}/env");
        for chunk in numbers.collect::<Vec<_>>().chunks(250) {
            let variable = |number: &usize| {
                json!({
                    "key": format!("KEY_{number}"), "value": format!("value-{number}-of-a-length-that-a-key-has"),
                    "type": "encrypted", "target": ["production", "preview"],
                })
            };
            self.ask("POST", &path, Json::Array(chunk.iter().map(variable).collect())).await?;
        }
        Ok(())
    }
}

impl Installation {
    /// Attaches so many things in all: a fifth of them webhooks and a fifth drains, up to 20 of each, the rest variables, spread over
    /// the projects.
    pub async fn attach(&self, count: usize, projects: &[String]) -> Outcome<()> {
        let some = (count / 5).min(20);
        for number in 0..some {
            self.attach_hook_and_drain(number).await?;
        }
        let variables = count - 2 * some;
        for (at, project) in projects.iter().enumerate() {
            let share = variables * at / projects.len()..variables * (at + 1) / projects.len();
            self.team.variables(project, share).await?;
        }
        Ok(())
    }

    /// A webhook, a drain and a variable, named by a number.
    pub async fn attach_one_of_each(&self, project: &str, number: usize) -> Outcome<()> {
        self.attach_hook_and_drain(number).await?;
        self.team.variables(project, number..number + 1).await
    }

    async fn attach_hook_and_drain(&self, number: usize) -> Outcome<()> {
        let url = format!("https://bridge.example/{number}");
        let webhook = json!({ "url": url, "events": ["project.created"] });
        self.team.ask("POST", "/v1/webhooks", webhook).await?;
        let drain = json!({
            "name": format!("drain {number}"), "projects": "all", "schemas": { "log": { "version": "v1" } },
            "delivery": { "type": "http", "endpoint": url, "encoding": "json", "headers": {} },
        });
        self.team.ask("POST", "/v1/drains", drain).await.map(drop)
    }
}
