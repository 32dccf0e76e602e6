//! The demo workspace: an installation that has attached one of everything, ready to be removed.
//!
//! It is made by the functions that the API calls, as the people and the integration that would call them.

use crate::configurations::Source;
use crate::configurations::exchange::{self, Exchange};
use crate::configurations::install::{self, Consent};
use crate::ids::{ConfigurationId, IntegrationId, OwnerId, ProjectId, UserId};
use crate::integrations::{self, NewIntegration};
use crate::logs::keys::{self, NewKey};
use crate::marketplace::products;
use crate::permissions::Permission;
use crate::scope::{self, TeamHint};
use crate::teams::{self, NewTeam};
use crate::tokens::{self, NewToken};
use crate::users::{self, NewUser};
use crate::{Core, Error, Result, Scope, credential, drains, planted, projects, webhooks};
use pintle_store::params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

const USER: &str = "demo";
const TEAM: &str = "demo-team";
const APP: &str = "log-bridge";
/// The native integration.
const NATIVE: &str = "demo-db";
const PROJECTS: [&str; 2] = ["storefront", "docs"];
/// Names below `.example` are reserved: nobody is ever called.
const SITE: &str = "https://log-bridge.example";

/// Its keys in `meta`: that it is being made, and, sealed, what it takes to find it again.
const BEGUN: &str = "demo_begun";
const MADE: &str = "demo";

/// What a script needs to use the workspace, as it is now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demo {
    pub token: String,
    pub user_id: UserId,
    pub team_id: OwnerId,
    pub team_slug: String,
    pub project_ids: Vec<ProjectId>,
    pub integration_id: IntegrationId,
    pub client_secret: String,
    /// `None` once the installation was removed.
    pub configuration_id: Option<ConfigurationId>,
    /// Feeds the logs of the project `storefront`; `None` once that was deleted.
    pub log_key: Option<String>,
}

/// What is kept: tokens are stored as hashes, and a later start must print the same one.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    user: UserId,
    team: OwnerId,
    integration: IntegrationId,
    log_key: Option<String>,
}

/// Makes the demo workspace, or finds the one that was made.
///
/// # Errors
/// 409 where the names that it needs belong to somebody else, or a part of it was deleted since.
pub async fn ensure(core: &Core) -> Result<Demo> {
    let kept = match kept(core).await? {
        Some(kept) => with_token(core, kept).await?,
        None => make_alone(core).await?,
    };
    look_up(core, with_log_key(core, kept).await?).await
}

/// Another server on the same database may be at it: then this waits, and finds what that one made.
async fn make_alone(core: &Core) -> Result<Kept> {
    let _alone = core.db.exclusive("demo").await?;
    if let Some(kept) = kept(core).await? {
        return Ok(kept);
    }
    begin(core).await?;
    let kept = make(core).await?;
    keep(core, &kept).await?;
    Ok(kept)
}

/// A token that was revoked is replaced.
async fn with_token(core: &Core, mut kept: Kept) -> Result<Kept> {
    let sql = "SELECT id FROM tokens WHERE id = $1";
    let id = credential::hash(&kept.token);
    let found: Option<(String,)> = core.db.read().await?.opt(sql, &params![&id]).await?;
    if found.is_none() {
        kept.token = issue(core, &kept.user).await.map_err(|_| gone("user"))?;
        keep(core, &kept).await?;
    }
    Ok(kept)
}

/// A log key that was deleted is replaced too, where there is still a project for it.
async fn with_log_key(core: &Core, mut kept: Kept) -> Result<Kept> {
    let conn = core.db.read().await?;
    if let Some(key) = &kept.log_key {
        let sql = "SELECT id FROM log_keys WHERE id = $1";
        if conn.opt::<(String,)>(sql, &params![credential::hash(key)]).await?.is_some() {
            return Ok(kept);
        }
    }
    let sql = "SELECT id FROM projects WHERE owner_id = $1 AND name = $2";
    let project: Option<(String,)> = conn.opt(sql, &params![&kept.team, PROJECTS[0]]).await?;
    drop(conn);
    let lost = kept.log_key.take().is_some();
    if let Some((project,)) = &project {
        let person = Caller { core, token: &kept.token, team: &kept.team };
        let scope = person.may(Permission::LogKeyWrite).await?;
        let key = keys::create(core, &scope, project, NewKey { name: "demo".into() }).await?;
        kept.log_key = Some(key.log_key);
    }
    if lost || kept.log_key.is_some() {
        keep(core, &kept).await?;
    }
    Ok(kept)
}

async fn issue(core: &Core, user: &UserId) -> Result<String> {
    let token = NewToken { name: "demo".into(), ..NewToken::default() };
    Ok(tokens::issue(core, user, token).await?.bearer_token)
}

fn gone(what: &str) -> Error {
    let text = format!(
        "the {what} of the demo workspace was deleted: start without --dev, or with a new --data folder"
    );
    Error::conflict("demo_gone", text)
}

async fn kept(core: &Core) -> Result<Option<Kept>> {
    let sql = "SELECT value FROM meta WHERE key = $1";
    let row: Option<(Vec<u8>,)> = core.db.read().await?.opt(sql, &params![MADE]).await?;
    let Some((sealed,)) = row else { return Ok(None) };
    Ok(Some(serde_json::from_str(&core.vault.open_text(MADE, &sealed)?)?))
}

async fn keep(core: &Core, kept: &Kept) -> Result<()> {
    let sealed = core.vault.seal(MADE, &serde_json::to_vec(kept)?, &core.entropy)?;
    core.db
        .write(async move |tx| {
            let sql = "INSERT INTO meta (key, value) VALUES ($1, $2)
              ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            tx.execute(sql, &params![MADE, sealed.clone()]).await?;
            tx.execute("DELETE FROM meta WHERE key = $1", &params![BEGUN]).await?;
            Ok(())
        })
        .await
}

/// Claims the demo's names. What a start that was interrupted left under them goes first.
async fn begin(core: &Core) -> Result<()> {
    core.db
        .write(async move |tx| {
            if tx.execute("DELETE FROM meta WHERE key = $1", &params![BEGUN]).await? > 0 {
                // The user and the team own all of the rest.
                let sql = "DELETE FROM owners WHERE slug IN ($1, $2)";
                tx.execute(sql, &params![USER, TEAM]).await?;
            }
            let sql = "SELECT slug FROM owners WHERE slug IN ($1, $2)
              UNION ALL SELECT slug FROM integrations WHERE slug IN ($3, $4)";
            if let Some((slug,)) = tx.opt::<(String,)>(sql, &params![USER, TEAM, APP, NATIVE]).await? {
                let text = format!("the demo workspace needs the name `{slug}`, which is taken");
                return Err(Error::conflict("demo_name_taken", text));
            }
            let sql = "INSERT INTO meta (key, value) VALUES ($1, $2)";
            tx.execute(sql, &params![BEGUN, Vec::new()]).await?;
            Ok(())
        })
        .await
}

async fn make(core: &Core) -> Result<Kept> {
    let email = format!("{USER}@example.com");
    let name = Some("Demo".to_owned());
    let user = users::create(core, NewUser { email, username: USER.into(), name }).await?;
    let name = Some("Demo Team".to_owned());
    let team = teams::create(core, &user.id, NewTeam { slug: TEAM.into(), name }).await?;
    users::set_default_team(core, &user.id, Some(&team.id)).await?;
    let token = issue(core, &user.id).await?;
    let person = Caller { core, token: &token, team: &team.id };
    planted::point("demo.making");

    for name in PROJECTS {
        let scope = person.may(Permission::ProjectCreate).await?;
        projects::create(core, &scope, body(json!({ "name": name, "framework": "nextjs" }))?).await?;
    }
    let integration = register(&person).await?;
    let access = install(&person, &integration).await?;
    let app = Caller { core, token: &access, team: &team.id };
    attach_webhooks(&app, &person).await?;
    attach_drains(&app).await?;
    attach_variables(&app, &person).await?;
    register_native(&person).await?;
    let integration = integration.integration.id;
    Ok(Kept { token, user: user.id, team: team.id, integration, log_key: None })
}

/// Whose token it is, and for which team it acts.
struct Caller<'a> {
    core: &'a Core,
    token: &'a str,
    team: &'a OwnerId,
}

impl Caller<'_> {
    async fn may(&self, permission: Permission) -> Result<Scope> {
        let team = TeamHint::Id(self.team.as_str());
        scope::authenticate(self.core, Some(self.token), team, permission).await
    }
}

async fn register(person: &Caller<'_>) -> Result<integrations::WithSecret> {
    let scopes = ["integration-configuration", "project", "project-env-vars", "log-drain", "drain"];
    let app = NewIntegration {
        name: "Log Bridge".into(),
        slug: Some(APP.into()),
        description: Some("Sends a project's logs elsewhere".into()),
        website: Some(SITE.into()),
        redirect_url: Some(format!("{SITE}/callback")),
        configuration_url: Some(format!("{SITE}/settings")),
        scopes: scopes.map(|stem| format!("read-write:{stem}")).to_vec(),
        ..NewIntegration::default()
    };
    integrations::create(person.core, &person.may(Permission::AppWrite).await?, app).await
}

/// A native integration with a product, to be looked at: nobody installs it, and its partner is nowhere.
async fn register_native(person: &Caller<'_>) -> Result<()> {
    let partner = "https://demo-db.example";
    let app = NewIntegration {
        name: "Demo DB".into(),
        slug: Some(NATIVE.into()),
        kind: integrations::Kind::Marketplace,
        description: Some("Databases, made and removed with the team's projects".into()),
        website: Some(partner.into()),
        base_url: Some(format!("{partner}/api")),
        redirect_login_url: Some(format!("{partner}/login")),
        eula_url: Some(format!("{partner}/eula")),
        privacy_url: Some(format!("{partner}/privacy")),
        ..NewIntegration::default()
    };
    let scope = person.may(Permission::AppWrite).await?;
    integrations::create(person.core, &scope, app).await?;
    let regions = json!(["iad1", "fra1", { "value": "hnd1", "label": "Tokyo", "disabled": true }]);
    let product = json!({
        "name": "Demo Postgres", "slug": "demo-postgres", "shortDescription": "A Postgres database",
        "protocols": { "storage": { "status": "enabled" } }, "primaryProtocol": "storage",
        "metadataSchema": {
            "type": "object",
            "properties": {
                "region": {
                    "type": "string", "ui:control": "vercel-region", "ui:label": "Region", "ui:options": regions,
                    "ui:read-only": "update",
                },
                "autoSuspend": { "type": "boolean", "ui:control": "toggle", "ui:label": "Suspend when idle", "default": true },
            },
            "required": ["region"],
        },
    });
    products::create(person.core, &scope, NATIVE, body(product)?).await.map(drop)
}

/// Consent and exchange; answers the installation's token.
async fn install(person: &Caller<'_>, app: &integrations::WithSecret) -> Result<String> {
    let consent = Consent { source: Some(Source::Marketplace), ..Consent::default() };
    let scope = person.may(Permission::Install).await?;
    let installed = install::install(person.core, &scope, app.integration.id.as_str(), consent).await?;
    let exchange = Exchange {
        client_id: app.integration.id.to_string(),
        client_secret: app.client_secret.clone(),
        code: installed.code,
        redirect_uri: app.integration.redirect_url.clone().unwrap_or_default(),
        grant_type: None,
    };
    Ok(exchange::exchange(person.core, exchange).await?.access_token)
}

/// Two of the installation's, and one of the team's own, which outlives it.
async fn attach_webhooks(app: &Caller<'_>, person: &Caller<'_>) -> Result<()> {
    let projects =
        json!({ "url": format!("{SITE}/hooks"), "events": ["project.created", "project.removed"] });
    let removal = json!({ "url": format!("{SITE}/bye"), "events": ["integration-configuration.removed"] });
    let own = json!({ "url": "https://demo-team.example/hooks", "events": ["project.created"] });
    for (caller, hook) in [(app, projects), (app, removal), (person, own)] {
        let scope = caller.may(Permission::WebhookWrite).await?;
        webhooks::create(caller.core, &scope, body(hook)?).await?;
    }
    Ok(())
}

/// One by each of the two APIs.
async fn attach_drains(app: &Caller<'_>) -> Result<()> {
    let old = json!({
        "name": "Log Bridge logs", "url": format!("{SITE}/logs"), "deliveryFormat": "ndjson",
        "sources": ["lambda", "edge"],
    });
    let scope = app.may(Permission::LogDrainWrite).await?;
    drains::log_drains::create(app.core, &scope, body(old)?).await?;
    let new = json!({
        "name": "Log Bridge traces", "projects": "all", "schemas": { "trace": { "version": "v1" } },
        "delivery": {
            "type": "otlphttp", "endpoint": { "traces": format!("{SITE}/traces") }, "encoding": "json", "headers": {},
        },
    });
    let scope = app.may(Permission::DrainWrite).await?;
    drains::create(app.core, &scope, body(new)?).await.map(drop)
}

/// Five of the installation's, and one that a person set, under the same key for another environment.
async fn attach_variables(app: &Caller<'_>, person: &Caller<'_>) -> Result<()> {
    let everywhere = ["production", "preview", "development"];
    let url = json!({ "key": "LOG_BRIDGE_URL", "value": SITE, "type": "plain", "target": everywhere });
    let token = |value: &str| {
        let target = ["production", "preview"];
        json!({ "key": "LOG_BRIDGE_TOKEN", "value": value, "type": "sensitive", "target": target })
    };
    let level =
        json!({ "key": "LOG_BRIDGE_LEVEL", "value": "warn", "type": "encrypted", "target": ["production"] });
    let own = json!({ "key": "LOG_BRIDGE_TOKEN", "value": "of-my-own", "type": "encrypted", "target": ["development"] });
    let [storefront, docs] = PROJECTS;
    let variables = [
        (app, storefront, json!([url, token("storefront-secret"), level])),
        (app, docs, json!([url, token("docs-secret")])),
        (person, storefront, json!([own])),
    ];
    for (caller, project, variables) in variables {
        let scope = caller.may(Permission::EnvWrite).await?;
        let body = projects::env::Body::Many(body(variables)?);
        projects::env::create(caller.core, &scope, project, body, false).await?;
    }
    Ok(())
}

/// What a caller would send.
fn body<T: DeserializeOwned>(json: Json) -> Result<T> {
    Ok(serde_json::from_value(json)?)
}

/// The workspace as it is now: its parts may have been changed, removed and installed again.
async fn look_up(core: &Core, kept: Kept) -> Result<Demo> {
    let conn = core.db.read().await?;
    let sql = "SELECT slug FROM owners WHERE id = $1";
    let team: Option<(String,)> = conn.opt(sql, &params![&kept.team]).await?;
    let (team_slug,) = team.ok_or_else(|| gone("team"))?;
    let client_secret =
        integrations::client_secret(&conn, core, &kept.integration).await.map_err(|_| gone("integration"))?;
    let sql = "SELECT id FROM projects WHERE owner_id = $1 ORDER BY created_at, id";
    let projects: Vec<(String,)> = conn.all(sql, &params![&kept.team]).await?;
    let sql = "SELECT id FROM configurations WHERE owner_id = $1 AND integration_id = $2";
    let configuration: Option<(String,)> = conn.opt(sql, &params![&kept.team, &kept.integration]).await?;
    Ok(Demo {
        token: kept.token,
        user_id: kept.user,
        team_id: kept.team,
        team_slug,
        project_ids: projects.into_iter().map(|(id,)| ProjectId::from(id)).collect(),
        integration_id: kept.integration,
        client_secret,
        configuration_id: configuration.map(|(id,)| ConfigurationId::from(id)),
        log_key: kept.log_key,
    })
}
