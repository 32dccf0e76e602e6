//! Who grades a partner's server plays Pintle's part: asks the partner in ways of its own, so it needs installations that exist on
//! Pintle's side without anybody having asked the partner.

use super::Actor;
use super::installations::{self, State, Told};
use super::products::{self, ProductBody};
use super::sso::{self, Destination};
use crate::configurations::exchange;
use crate::configurations::install::{insert, new_configuration};
use crate::configurations::removal::{Reason, remove_in};
use crate::configurations::{self, Configuration, Projects, Source};
use crate::credential::{self, Prefix};
use crate::ids::{ConfigurationId, DeliveryId, IntegrationId, OwnerId};
use crate::integrations::{self, Integration, Kind, NewIntegration};
use crate::patch::Patch;
use crate::scope::Principal;
use crate::teams::{self, NewTeam};
use crate::users::{self, NewUser, User};
use crate::{Core, Result, Scope};
use std::collections::BTreeMap;

/// The partner's integration.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    pub client_secret: String,
    pub base_url: String,
    pub redirect_login_url: Option<String>,
    /// The slug of what it sells, where that is known.
    pub product: Option<String>,
}

/// Who takes part: the integration, and teams that install it.
pub struct Cast {
    app: Integration,
    teams: Vec<Scope>,
    installations: Vec<Installation>,
}

/// An installation as Pintle has it.
#[derive(Debug, Clone)]
pub struct Installation {
    pub id: String,
    /// What opens Pintle for it.
    pub access_token: String,
    team: usize,
}

impl Cast {
    /// Registers the integration under its own id, and makes so many teams of one person.
    ///
    /// # Errors
    /// Where the database has any of it already.
    pub async fn new(core: &Core, app: App, teams: usize) -> Result<Self> {
        let person = NewUser { email: "checker@example.com".into(), username: "checker".into(), name: None };
        let person = users::create(core, person).await?;
        let mut scopes = Vec::with_capacity(teams);
        for number in 1..=teams {
            let team = NewTeam { slug: format!("checker-{number}"), name: None };
            scopes.push(of_person(teams::create(core, &person.id, team).await?.id, &person));
        }
        let app = register(core, person.id.as_owner(), app).await?;
        Ok(Self { app, teams: scopes, installations: Vec::new() })
    }

    pub fn integration(&self) -> &IntegrationId {
        &self.app.id
    }

    /// Who asks for an installation: the person of its team. For any other, that of the first.
    pub fn actor(&self, installation: Option<&str>) -> Actor {
        let known = self.installations.iter().find(|known| Some(known.id.as_str()) == installation);
        Actor::of(&self.teams[known.map_or(0, |known| known.team)])
    }

    /// An id that no installation has.
    pub fn unused_id(core: &Core) -> String {
        ConfigurationId::new(&core.entropy).to_string()
    }

    /// An installation for one of the teams, with an access token that is good at once.
    ///
    /// # Errors
    /// 409 where the team has one.
    pub async fn install(&mut self, core: &Core, team: usize) -> Result<Installation> {
        let (id, access_token) = install(core, &self.teams[team], &self.app, Projects::All).await?;
        let installation = Installation { id: id.to_string(), access_token, team };
        self.installations.push(installation.clone());
        Ok(installation)
    }

    /// Where a browser goes that is to be signed in at the partner, with a code that is good once.
    ///
    /// # Errors
    /// 400 where the integration has no page to sign in on.
    pub async fn jump(&self, core: &Core, installation: &Installation, to: Destination) -> Result<String> {
        let id = ConfigurationId::from(installation.id.as_str());
        sso::jump(core, &self.teams[installation.team], &id, to).await
    }

    /// The end of an installation on Pintle's side, as after an answer of the partner to its removal.
    ///
    /// # Errors
    /// 404 where there is none.
    pub async fn remove(&self, core: &Core, installation: &Installation, told: Told) -> Result<()> {
        let (core, scope) = (core.clone(), self.teams[installation.team].clone());
        let id = ConfigurationId::from(installation.id.as_str());
        core.clone()
            .db
            .write(async move |tx| {
                let configuration = configurations::load(tx, &scope, &id).await?;
                remove_in(tx, &core, &scope, &configuration, Reason::Requested, Some(told)).await
            })
            .await
    }
}

/// An installation that the partner has taken, as far as Pintle knows, and its access token.
///
/// # Errors
/// 409 where the scope's owner has one; 403 where no user acts.
pub async fn install(
    core: &Core,
    scope: &Scope,
    app: &Integration,
    projects: Projects,
) -> Result<(ConfigurationId, String)> {
    let mut configuration =
        new_configuration(core, scope, app, Kind::Marketplace, Source::Marketplace, projects)?;
    configuration.completed_at = Some(configuration.created_at);
    let access_token = credential::token(Prefix::Installation, &core.entropy);
    let hash = credential::hash(&access_token);
    let (id, now) = (configuration.id.clone(), configuration.created_at);
    let (scope, partners) = (scope.clone(), partners_side(core, &configuration));
    core.db
        .write(async move |tx| {
            insert(tx, &scope, &configuration).await?;
            exchange::keep_token(tx, &configuration, &hash, now).await?;
            partners.insert(tx).await
        })
        .await?;
    Ok((id, access_token))
}

/// One that the partner has taken.
fn partners_side(core: &Core, configuration: &Configuration) -> installations::Installation {
    installations::Installation {
        id: configuration.id.clone(),
        owner_id: configuration.owner_id.clone(),
        integration_id: configuration.integration_id.clone(),
        personal: configuration.team_id.is_none(),
        state: State::Active,
        call: DeliveryId::new(&core.entropy),
        leaving: None,
        accepted_policies: BTreeMap::new(),
        created_at: configuration.created_at,
        closing: None,
    }
}

fn of_person(team: OwnerId, person: &User) -> Scope {
    let mut scope = Scope::system(team, false);
    scope.principal = Principal::User { id: person.id.clone(), username: person.username.clone() };
    scope
}

async fn register(core: &Core, owner: OwnerId, app: App) -> Result<Integration> {
    let App { client_id, client_secret, base_url, redirect_login_url, product } = app;
    let new = NewIntegration {
        name: "Partner".into(),
        kind: Kind::Marketplace,
        base_url: Some(base_url),
        redirect_login_url,
        ..NewIntegration::default()
    };
    let id = IntegrationId::from(client_id.as_str());
    let app = Integration::draft(id, owner, core.clock.now(), new)?;
    let sealed = core.vault.seal(app.id.as_str(), client_secret.as_bytes(), &core.entropy)?;
    let record = app.clone();
    core.db.write(async move |tx| integrations::insert(tx, &record, &sealed).await).await?;
    if let Some(slug) = product {
        let (name, slug) = (Patch::Set(slug.clone()), Patch::Set(slug));
        let new = ProductBody { name, slug, ..ProductBody::default() };
        products::create(core, &Scope::system(app.owner_id.clone(), true), app.id.as_str(), new).await?;
    }
    Ok(app)
}
