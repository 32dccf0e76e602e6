//! What is measured on: a team with one installation.

use crate::Outcome;
use pintle_core::clock::Clock;
use pintle_core::configurations::install::{self, Consent};
use pintle_core::entropy::Entropy;
use pintle_core::integrations::{self, NewIntegration};
use pintle_core::permissions::Permission;
use pintle_core::scope::{self, TeamHint};
use pintle_core::teams::{self, NewTeam};
use pintle_core::tokens::{self, NewToken};
use pintle_core::users::{self, NewUser};
use pintle_core::vault::MasterKey;
use pintle_core::{Core, Scope};
use pintle_store::{Db, Durability};
use std::path::Path;

/// Whom requests are made for.
pub struct World {
    pub core: Core,
    pub scope: Scope,
    pub token: String,
    pub team: String,
    pub configuration: String,
}

/// Opens the data of a folder, as durable as a server's.
pub async fn open(data: &Path) -> Outcome<Core> {
    let db = Db::sqlite(&data.join("pintle.db"), Durability::Full)?;
    Ok(Core::open(db, &MasterKey([7; 32]), Clock::default(), Entropy::system()?, false).await?)
}

/// A new world in an empty folder.
pub async fn make(data: &Path) -> Outcome<World> {
    let core = open(data).await?;
    let user = NewUser { email: "ada@example.com".into(), username: "ada".into(), name: None };
    let user = users::create(&core, user).await?;
    let token = NewToken { name: "bench".into(), rate_limit: Some(i64::MAX / 2), ..NewToken::default() };
    let token = tokens::issue(&core, &user.id, token).await?.bearer_token;
    let team = teams::create(&core, &user.id, NewTeam { slug: "acme".into(), name: None }).await?;
    let scope =
        scope::authenticate(&core, Some(&token), TeamHint::Id(team.id.as_str()), Permission::AppWrite)
            .await?;
    let app = NewIntegration {
        name: "Bridge".into(),
        webhook_url: Some("https://example.com/hook".into()),
        redirect_url: Some("https://example.com/callback".into()),
        scopes: [
            "read-write:integration-configuration",
            "read-write:project",
            "read-write:project-env-vars",
            "read-write:log-drain",
            "read-write:drain",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..NewIntegration::default()
    };
    let app = integrations::create(&core, &scope, app).await?.integration;
    let installed = install::install(&core, &scope, app.id.as_str(), Consent::default()).await?;
    Ok(World {
        core,
        scope,
        token,
        team: team.id.to_string(),
        configuration: installed.configuration.id.to_string(),
    })
}
