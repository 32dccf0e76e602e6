//! What a database can be given before anybody calls: what an operator's file declares, and the demo workspace of
//! `pintle serve --dev`.
//!
//! A seed says what must be there. What it does not name it leaves alone, and applied twice it changes nothing.

mod apply;
mod check;
pub mod demo;
mod products;

pub use apply::{Applied, apply};

use crate::clock::Millis;
use crate::integrations::{IntegrationPatch, Kind, Listing, NewIntegration};
use crate::marketplace::products::ProductBody;
use crate::patch::Patch;
use crate::permissions::Role;
use crate::teams::NewTeam;
use crate::users::NewUser;
use crate::{Core, projects, validate};
use pintle_store::AsStoreError;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::fmt;

/// Users, teams, tokens, projects and integrations, by the names that people know.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    pub users: Vec<User>,
    pub teams: Vec<Team>,
    pub tokens: Vec<Token>,
    pub projects: Vec<Project>,
    pub integrations: Vec<Integration>,
}

impl Seed {
    pub fn is_empty(&self) -> bool {
        let Self { users, teams, tokens, projects, integrations } = self;
        users.is_empty()
            && teams.is_empty()
            && tokens.is_empty()
            && projects.is_empty()
            && integrations.is_empty()
    }
}

/// Found by its username.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    pub username: String,
    pub email: String,
    pub name: Option<String>,
    /// The slug of the team that its requests act for when they name none.
    pub default_team: Option<String>,
}

/// Found by its slug.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Team {
    pub slug: String,
    pub name: Option<String>,
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// A username.
    pub user: String,
    pub role: Role,
}

/// Found by its value. Unlike the rest it is what the seed says altogether: nothing else can change a token.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    /// A username.
    pub user: String,
    pub name: String,
    pub value: String,
    /// The slug of the only team that it is good for.
    pub team: Option<String>,
    pub expires_at: Option<Millis>,
    /// Requests a minute.
    pub rate_limit: Option<i64>,
}

/// Found by its owner and its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Project {
    /// Its owner: a team's slug, or a username for a personal account.
    pub team: Option<String>,
    pub user: Option<String>,
    pub name: String,
    pub framework: Option<String>,
    pub build_command: Option<String>,
    pub dev_command: Option<String>,
    pub install_command: Option<String>,
    pub output_directory: Option<String>,
    pub root_directory: Option<String>,
    pub node_version: Option<String>,
}

/// Found by its slug.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Integration {
    /// Its owner: a team's slug, or a username for a personal account.
    pub team: Option<String>,
    pub user: Option<String>,
    pub name: String,
    pub slug: Option<String>,
    pub kind: Option<Kind>,
    pub icon: Option<String>,
    pub description: Option<String>,
    pub website: Option<String>,
    pub redirect_url: Option<String>,
    pub webhook_url: Option<String>,
    pub configuration_url: Option<String>,
    pub base_url: Option<String>,
    pub redirect_login_url: Option<String>,
    pub import_resource_url: Option<String>,
    pub installation_level_billing_plans: Option<bool>,
    pub eula_url: Option<String>,
    pub privacy_url: Option<String>,
    pub listing: Option<Listing>,
    pub events: Option<Vec<String>>,
    pub scopes: Option<Vec<String>>,
    /// Made at random where it is absent and the integration is new.
    pub client_secret: Option<String>,
    /// Of a native one; each is found by its slug.
    #[serde(default)]
    pub products: Vec<ProductBody>,
}

impl User {
    fn new_user(&self) -> NewUser {
        NewUser { email: self.email.clone(), username: self.username.clone(), name: self.name.clone() }
    }
}

impl Team {
    fn new_team(&self) -> NewTeam {
        NewTeam { slug: self.slug.clone(), name: self.name.clone() }
    }
}

impl Project {
    /// What a creation or an update over the API would say.
    fn body(&self) -> Result<projects::Body, serde_json::Error> {
        let fields = [
            ("name", Some(&self.name)),
            ("framework", self.framework.as_ref()),
            ("buildCommand", self.build_command.as_ref()),
            ("devCommand", self.dev_command.as_ref()),
            ("installCommand", self.install_command.as_ref()),
            ("outputDirectory", self.output_directory.as_ref()),
            ("rootDirectory", self.root_directory.as_ref()),
            ("nodeVersion", self.node_version.as_ref()),
        ];
        let named =
            fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Json::from(value?.as_str()))));
        serde_json::from_value(named.collect::<Map<_, _>>().into())
    }
}

impl Integration {
    fn slug(&self) -> String {
        self.slug.clone().unwrap_or_else(|| validate::slugify(&self.name))
    }

    fn new_integration(&self) -> NewIntegration {
        let app = self.clone();
        NewIntegration {
            name: app.name,
            slug: app.slug,
            kind: app.kind.unwrap_or_default(),
            icon: app.icon,
            description: app.description,
            website: app.website,
            redirect_url: app.redirect_url,
            webhook_url: app.webhook_url,
            events: app.events.unwrap_or_default(),
            scopes: app.scopes.unwrap_or_default(),
            configuration_url: app.configuration_url,
            base_url: app.base_url,
            redirect_login_url: app.redirect_login_url,
            import_resource_url: app.import_resource_url,
            installation_level_billing_plans: app.installation_level_billing_plans.unwrap_or_default(),
            eula_url: app.eula_url,
            privacy_url: app.privacy_url,
            listing: app.listing.unwrap_or_default(),
        }
    }

    /// What it changes in an integration that exists.
    fn patch(&self) -> IntegrationPatch {
        let app = self.clone();
        IntegrationPatch {
            name: Patch::Set(app.name),
            icon: set(app.icon),
            description: set(app.description),
            website: set(app.website),
            redirect_url: set(app.redirect_url),
            webhook_url: set(app.webhook_url),
            events: set(app.events),
            scopes: set(app.scopes),
            configuration_url: set(app.configuration_url),
            base_url: set(app.base_url),
            redirect_login_url: set(app.redirect_login_url),
            import_resource_url: set(app.import_resource_url),
            installation_level_billing_plans: set(app.installation_level_billing_plans),
            eula_url: set(app.eula_url),
            privacy_url: set(app.privacy_url),
            listing: set(app.listing),
            slug: Patch::Absent,
            note: None,
        }
    }
}

fn set<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Absent, Patch::Set)
}

/// Whether the database has no users, so that nobody could call.
pub async fn is_empty(core: &Core) -> crate::Result<bool> {
    let sql = "SELECT id FROM owners WHERE kind = 'user' LIMIT 1";
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &[]).await?;
    Ok(row.is_none())
}

/// Who owns a project or an integration.
#[derive(Debug, Clone, Copy)]
enum Owner<'a> {
    Team(&'a str),
    User(&'a str),
}

impl<'a> Owner<'a> {
    /// `Seed::check` has found that it is exactly one of them.
    fn of(team: Option<&'a str>, user: Option<&'a str>) -> Self {
        team.map_or(Owner::User(user.unwrap_or_default()), Owner::Team)
    }
}

/// Why a seed cannot be applied. Nothing of it was.
#[derive(Debug)]
pub struct Problem {
    /// Which part of it: `integrations[0].slug`. Empty where the seed is not to blame.
    pub path: String,
    pub error: Box<crate::Error>,
}

impl Problem {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), error: Box::new(crate::Error::bad_request(message)) }
    }

    /// An error of a rule that a field of `path` breaks; such errors name the field first.
    fn of(path: &str, mut error: crate::Error) -> Self {
        if matches!(error.kind, crate::Kind::Internal) {
            return error.into();
        }
        let text = error.message.strip_prefix("Invalid request: ").unwrap_or(&error.message);
        let field = text.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(field, _)| field);
        let path = field.map_or_else(|| path.to_owned(), |field| format!("{path}.{field}"));
        error.message = text.to_owned();
        Self { path, error: Box::new(error) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.error.message),
            path => write!(f, "{path}: {}", self.error.message),
        }
    }
}

impl std::error::Error for Problem {}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        crate::Error::from(error).into()
    }
}

impl From<crate::Error> for Problem {
    fn from(error: crate::Error) -> Self {
        Self { path: String::new(), error: Box::new(error) }
    }
}

impl From<pintle_store::Error> for Problem {
    fn from(error: pintle_store::Error) -> Self {
        crate::Error::from(error).into()
    }
}

impl AsStoreError for Problem {
    fn as_store_error(&self) -> Option<&pintle_store::Error> {
        self.error.as_store_error()
    }
}
