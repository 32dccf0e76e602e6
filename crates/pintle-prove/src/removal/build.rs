//! A random world: tenants, people, projects, integrations, installations, and what hangs on them, all made over the wire.

use super::kinds::Kind;
use super::world::{App, Installation, Project, Tally, Tenant, World};
use crate::dice::Dice;
use pintle_core::permissions::Role;
use pintle_store::params;
use pintle_testing::{Caller, Pintle};
use serde_json::{Value, json};

const SCOPES: [&str; 8] = [
    "read-write:integration-configuration",
    "read-write:project",
    "read-write:project-env-vars",
    "read-write:log-drain",
    "read-write:drain",
    "read-write:edge-config",
    "read:team",
    "read:user",
];
const REDIRECT: &str = "https://app.example.com/callback";
const PROJECTS: [&str; 3] = ["web", "api", "docs"];

/// A project logs, and has a key that feeds it: a removal leaves both alone.
async fn log(owner: &Caller, project: &str) {
    let line = json!({ "message": "hello", "deploymentId": "dpl_one" });
    owner.post(&format!("/pintle/v1/logs?projectId={project}"), line).await.ok(200);
    let key = json!({ "name": "collector" });
    owner.post(&format!("/pintle/v1/projects/{project}/log-keys"), key).await.ok(201);
}

impl World {
    fn new(pintle: Pintle, seed: u64) -> Self {
        World {
            pintle,
            dice: Dice::new(seed),
            tenants: Vec::new(),
            apps: Vec::new(),
            installations: Vec::new(),
            things: Vec::new(),
            bypasses: Vec::new(),
            secrets: Vec::new(),
            tally: Tally { worlds: 1, ..Tally::default() },
        }
    }

    /// A team with a member and projects, and an integration that nobody has installed.
    pub async fn for_races(pintle: Pintle, seed: u64) -> Self {
        let mut world = World::new(pintle, seed);
        let owner = world.pintle.team("racers").await;
        let member = Some(world.pintle.member(&owner, "racer", Role::Member).await);
        world.tenants.push(Tenant { owner, member, manager: None, viewer: None, projects: Vec::new() });
        world.add_projects().await;
        world.add_app("contested").await;
        world
    }

    pub async fn random(pintle: Pintle, seed: u64) -> Self {
        let mut world = World::new(pintle, seed);
        for index in 0..world.dice.between(1, 3) {
            world.add_team(&format!("team-{index}")).await;
        }
        if world.dice.chance(60) {
            world.add_personal_account("solo").await;
        }
        for index in 0..world.dice.between(1, 3) {
            world.add_app(&format!("app-{index}")).await;
        }
        for tenant in 0..world.tenants.len() {
            for app in 0..world.apps.len() {
                // The first tenant has the first integration, so that there is something to remove.
                if (tenant, app) == (0, 0) || world.dice.chance(65) {
                    world.install(tenant, app).await;
                    for _ in 0..world.dice.between(0, 4) {
                        world.attach_something(world.installations.len() - 1).await;
                    }
                }
            }
        }
        let rounds = world.dice.between(4, 24);
        for _ in 0..rounds {
            world.something_happens().await;
        }
        world
    }

    async fn add_team(&mut self, slug: &str) {
        let owner = self.pintle.team(slug).await;
        let mut tenant = Tenant { owner, member: None, manager: None, viewer: None, projects: Vec::new() };
        let mut invite = async |what: &str, role| match self.dice.chance(60) {
            true => Some(self.pintle.member(&tenant.owner, &format!("{slug}-{what}"), role).await),
            false => None,
        };
        let member = invite("member", Role::Member).await;
        let manager = invite("manager", Role::Developer).await;
        let viewer = invite("viewer", Role::Viewer).await;
        if let Some(manager) = &manager {
            self.permit(manager, "IntegrationManager").await;
        }
        (tenant.member, tenant.manager, tenant.viewer) = (member, manager, viewer);
        self.tenants.push(tenant);
        self.add_projects().await;
    }

    async fn permit(&self, caller: &Caller, permission: &'static str) {
        let user = caller.user.clone();
        let sql = "UPDATE members SET permissions = $2 WHERE user_id = $1";
        let done =
            self.pintle.core.db.write(async move |tx| tx.execute(sql, &params![&user, permission]).await);
        assert_eq!(done.await.expect("a permission"), 1);
    }

    async fn add_personal_account(&mut self, username: &str) {
        let owner = self.pintle.user(username).await;
        let tenant = Tenant { owner, member: None, manager: None, viewer: None, projects: Vec::new() };
        self.tenants.push(tenant);
        self.add_projects().await;
    }

    /// Projects of the newest tenant, under the names that other tenants have too.
    async fn add_projects(&mut self) {
        let names = self.dice.some(&PROJECTS, 1);
        let Some(tenant) = self.tenants.last_mut() else { return };
        for name in names {
            let id = tenant.owner.project(name).await;
            if self.dice.chance(40) {
                log(&tenant.owner, &id).await;
            }
            tenant.projects.push(Project { id, name: name.to_owned() });
        }
    }

    async fn add_app(&mut self, slug: &str) {
        let webhook_url = self.dice.chance(75).then(|| "https://app.example.com/hook".to_owned());
        // Either is installed by consent here, as a connectable account.
        let kind = if self.dice.chance(75) { "external" } else { "marketplace" };
        let mut body =
            json!({ "name": slug, "slug": slug, "kind": kind, "scopes": SCOPES, "redirectUrl": REDIRECT });
        if let Some(url) = &webhook_url {
            body["webhookUrl"] = json!(url);
        }
        let app = self.tenants[0].owner.post("/pintle/v1/integrations", body).await.ok(201);
        let client_secret = text(&app["clientSecret"]);
        self.secrets.push(client_secret.clone());
        self.apps.push(App { id: text(&app["id"]), slug: slug.to_owned(), client_secret, webhook_url });
    }

    /// Installs an integration for a tenant, with all projects or some.
    async fn install(&mut self, tenant: usize, app: usize) {
        let projects = self.tenants[tenant].project_ids();
        let selection = self.dice.chance(50).then(|| self.dice.some(&projects, 1));
        let index = self.install_with(tenant, app, selection).await;
        if self.dice.chance(90) {
            self.exchange(index).await;
        }
        for _ in 0..self.dice.between(0, 2) {
            self.another_code(index).await;
            if self.dice.chance(50) {
                self.exchange(index).await;
            }
        }
    }

    /// The same with a chosen selection; the installation has one code and no token yet.
    pub async fn install_with(&mut self, tenant: usize, app: usize, selection: Option<Vec<String>>) -> usize {
        let body = selection.as_ref().map_or(json!({}), |projects| json!({ "projects": projects }));
        let installer = self.editor(tenant);
        let path = format!("/pintle/v1/integrations/{}/install", self.apps[app].slug);
        let made = installer.post(&path, body).await.ok(201);
        let id = text(&made["configuration"]["id"]);
        assert!(self.installations.iter().all(|other| other.id != id), "the id {id} was used before");
        let codes = vec![text(&made["code"])];
        self.secrets.extend(codes.iter().cloned());
        let (tokens, disabled, user) = (Vec::new(), false, installer.user.to_string());
        self.installations.push(Installation { id, tenant, app, user, tokens, codes, selection, disabled });
        self.installations.len() - 1
    }

    /// A deploy button gives another code for an installation that exists.
    pub async fn another_code(&mut self, index: usize) {
        let installation = &self.installations[index];
        let path = format!("/pintle/v1/integrations/{}/install", self.apps[installation.app].slug);
        let (tenant, id) = (installation.tenant, installation.id.clone());
        let made = self.editor(tenant).post(&path, json!({ "source": "deploy-button" })).await.ok(201);
        assert_eq!(made["configuration"]["id"], id.as_str(), "a second installation of the same integration");
        self.secrets.push(text(&made["code"]));
        self.installations[index].codes.push(text(&made["code"]));
    }

    /// Turns one of the installation's codes into a token.
    pub async fn exchange(&mut self, index: usize) {
        let Some(code) = self.installations[index].codes.pop() else { return };
        let owner = self.tenants[self.installations[index].tenant].owner.clone();
        let body = exchange_form(&self.apps[self.installations[index].app], &code);
        let answer = owner.post("/v2/oauth/access_token", body).await.ok(200);
        let installation = &mut self.installations[index];
        assert_eq!(answer["installation_id"], installation.id.as_str());
        let token = text(&answer["access_token"]);
        self.secrets.push(token.clone());
        installation.tokens.push(owner.with_token(token));
    }

    /// One operation of an installation or a user.
    async fn something_happens(&mut self) {
        let index = self.dice.between(0, self.installations.len() - 1);
        let tenant = self.installations[index].tenant;
        match self.dice.between(0, 99) {
            0..45 => self.attach_something(index).await,
            45..50 => self.own_bypass(tenant).await,
            50..68 => {
                let kinds: Vec<Kind> = Kind::of_users().collect();
                let kind = *self.dice.pick(&kinds);
                self.own_thing(tenant, kind).await;
            }
            68..75 => self.edit_variable(tenant).await,
            75..78 => self.rename_drain(tenant).await,
            78..83 => self.delete_thing(tenant).await,
            83..90 => self.change_selection(index).await,
            90..94 => self.rename_project(tenant).await,
            94..96 => self.delete_project(tenant).await,
            96 => self.disable(index).await,
            97 => self.member_goes(tenant).await,
            _ => self.take_over(index).await,
        }
    }

    async fn attach_something(&mut self, index: usize) {
        if self.dice.chance(12) {
            return self.attach_bypass(index).await;
        }
        let kinds: Vec<Kind> = Kind::of_installations().collect();
        let kind = *self.dice.pick(&kinds);
        self.attach(index, kind).await;
    }

    /// An installation attaches something with its own token.
    pub async fn attach(&mut self, index: usize, kind: Kind) {
        let installation = &self.installations[index];
        let Some(caller) = installation.token().cloned() else { return };
        let reachable = match &installation.selection {
            Some(projects) => projects.clone(),
            None => self.tenants[installation.tenant].project_ids(),
        };
        let (tenant, owner) = (installation.tenant, Some(installation.id.clone()));
        self.make(kind, tenant, owner, &caller, &reachable).await;
    }

    /// A user makes a thing of the tenant's own.
    async fn own_thing(&mut self, tenant: usize, kind: Kind) {
        let caller = self.editor(tenant);
        let projects = self.tenants[tenant].project_ids();
        self.make(kind, tenant, None, &caller, &projects).await;
    }

    async fn make(
        &mut self,
        kind: Kind,
        tenant: usize,
        owner: Option<String>,
        caller: &Caller,
        projects: &[String],
    ) {
        if kind == Kind::Variable {
            if !projects.is_empty() {
                let project = self.dice.pick(projects).clone();
                self.make_variables(tenant, owner, caller, &project).await;
            }
            return;
        }
        let body = (kind.row().body)(&mut self.dice, projects);
        self.create(kind, tenant, owner, caller, body).await;
    }

    /// Makes a thing other than a variable with this body.
    pub async fn create(
        &mut self,
        kind: Kind,
        tenant: usize,
        owner: Option<String>,
        caller: &Caller,
        body: Value,
    ) {
        let answer = caller.post(kind.row().create, body.clone()).await.ok(kind.row().created);
        let secret = answer["secret"].as_str().map(str::to_owned);
        self.secrets.extend(secret.clone());
        let id = text(&answer["id"]);
        self.things.push(super::world::Thing { kind, id, tenant, owner, project: None, body, secret });
    }

    pub async fn disable(&mut self, index: usize) {
        let installation = &mut self.installations[index];
        let owner = &self.tenants[installation.tenant].owner;
        let path = format!("/pintle/v1/integrations/configurations/{}/disable", installation.id);
        owner.post(&path, json!({})).await.ok(200);
        installation.disabled = true;
        if let Some(token) = installation.tokens.first() {
            let read = format!("/v1/integrations/configuration/{}", installation.id);
            token.get(&read).await.fails(403, "integration_configuration_disabled");
        }
    }

    async fn take_over(&mut self, index: usize) {
        let installation = &mut self.installations[index];
        let owner = &self.tenants[installation.tenant].owner;
        let path = format!("/pintle/v1/integrations/configurations/{}/take-over", installation.id);
        owner.post(&path, json!({})).await.ok(200);
        installation.user = owner.user.to_string();
        installation.disabled = false;
    }

    /// The member leaves the team, or may only look from now on: what he installed is disabled.
    async fn member_goes(&mut self, tenant: usize) {
        let Some(member) = self.tenants[tenant].member.take() else { return };
        let owner = &self.tenants[tenant].owner;
        let team = owner.team.clone().expect("a member's team");
        let path = format!("/v1/teams/{team}/members/{}", member.user);
        match self.dice.chance(50) {
            true => drop(owner.delete(&path).await.ok(200)),
            false => drop(owner.patch(&path, json!({ "role": "VIEWER" })).await.ok(200)),
        }
        for installation in &mut self.installations {
            let hangs = installation.user == member.user.as_str();
            installation.disabled |= installation.tenant == tenant && hangs;
        }
    }

    async fn change_selection(&mut self, index: usize) {
        let tenant = self.installations[index].tenant;
        let projects = self.tenants[tenant].project_ids();
        let selection = self.dice.chance(70).then(|| self.dice.some(&projects, 0));
        let body = selection.as_ref().map_or(json!("all"), |projects| json!(projects));
        let path = format!("/v1/integrations/configuration/{}", self.installations[index].id);
        let answer = self.editor(tenant).patch(&path, json!({ "projects": body })).await;
        if self.installations[index].disabled && answer.status == 403 {
            return;
        }
        answer.ok(200);
        self.installations[index].selection = selection;
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// What an integration's server sends for a token.
pub fn exchange_form(app: &App, code: &str) -> Value {
    json!({ "client_id": app.id, "client_secret": app.client_secret, "code": code, "redirect_uri": REDIRECT })
}
