//! Secrets with which automation passes a project's deployment protection: updateProjectProtectionBypass, and what projects show of them.
//!
//! The wire has them inside the project, the secret as the key. They are rows of their own here, sealed, so that one that an installation
//! made goes with it.

use super::{Located, locate};
use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, IntegrationId, ProjectId};
use crate::scope::Principal;
use crate::{Core, Error, OnConstraint, Result, Scope, credential, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// Secrets of one project.
const LIMIT: usize = 50;

/// Characters of a secret.
const LENGTH: usize = 32;

/// What is stored, and what the wire shows under the secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bypass {
    created_at: Millis,
    /// Empty where an installation made it.
    created_by: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_id: Option<IntegrationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_id: Option<ConfigurationId>,
    /// Whether deployments are told of it, as `VERCEL_AUTOMATION_BYPASS_SECRET`. Where the team has any of its own, one of these is it and
    /// only one; what an installation made never is.
    is_env_var: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// The body: any of the three; nothing at all is a new secret. `update` and `note` are newer than the contract.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    revoke: Option<Revoke>,
    generate: Option<Generate>,
    update: Option<Update>,
}

#[derive(Debug, Clone, Deserialize)]
struct Revoke {
    secret: String,
    /// A new one takes its place.
    regenerate: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Generate {
    secret: Option<String>,
    note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    secret: String,
    is_env_var: Option<bool>,
    note: Option<String>,
}

impl Changes {
    fn check(&self) -> Result<()> {
        let generate = self.generate.iter();
        for secret in generate.clone().filter_map(|generate| generate.secret.as_deref()) {
            let allowed = |c: char| c.is_ascii_alphanumeric();
            if secret.chars().count() != LENGTH || !secret.chars().all(allowed) {
                let text = "`generate.secret` should match pattern \"^[a-zA-Z0-9]{32}$\".";
                return Err(Error::invalid(text));
            }
        }
        let notes = generate.filter_map(|generate| generate.note.as_deref());
        let update = self.update.iter().filter_map(|update| update.note.as_deref());
        notes.chain(update).try_for_each(|note| validate::at_most("note", note, 100))
    }
}

/// updateProjectProtectionBypass: all that the project then has, by secret. An installation sees and changes its own only.
///
/// # Errors
/// As [`locate`]; 400 for a secret of another form, a 51st, and where deployments would be told of none or of an installation's; 404 for one
/// that is unknown; 409 for one that is there already.
pub async fn change(core: &Core, scope: &Scope, project: &str, changes: Changes) -> Result<Json> {
    changes.check()?;
    let now = core.clock.now();
    let (core, scope, project) = (core.clone(), scope.clone(), project.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = locate(tx, &scope, &project).await?;
            Change { tx, core: &core, scope: &scope, project: &project, now }.run(changes.clone()).await?;
            let shown = read(tx, &core, &project.id, scope.configuration()).await?;
            Ok(json!({ "protectionBypass": shown }))
        })
        .await
}

struct Change<'a> {
    tx: &'a Conn,
    core: &'a Core,
    scope: &'a Scope,
    project: &'a Located,
    now: Millis,
}

impl Change<'_> {
    async fn run(&self, changes: Changes) -> Result<()> {
        let Changes { revoke, mut generate, update } = changes;
        if revoke.is_none() && update.is_none() && generate.is_none() {
            generate = Some(Generate::default());
        }
        if let Some(revoke) = revoke {
            let gone = self.revoke(&revoke.secret).await?;
            if revoke.regenerate {
                self.generate(Generate { secret: None, note: gone.note.clone() }, gone.is_env_var).await?;
            }
        }
        if let Some(generate) = generate {
            self.generate(generate, false).await?;
        }
        match update {
            Some(update) => self.update(update).await,
            None => Ok(()),
        }
    }

    /// The team's first is the one that deployments are told of, and a new one in the place of that.
    async fn generate(&self, wanted: Generate, in_place: bool) -> Result<()> {
        let Change { tx, core, scope, project, now } = *self;
        let sql = "SELECT COUNT(*) FROM protection_bypasses WHERE project_id = $1";
        let (count,): (i64,) = tx.one(sql, &params![&project.id]).await?;
        if count as usize >= LIMIT {
            return Err(Error::bad_request(format!("A project has at most {LIMIT} protection bypasses")));
        }
        let secret = wanted.secret.unwrap_or_else(|| core.entropy.base62(LENGTH));
        let installation = scope.installation();
        let is_env_var = match installation {
            Some(_) => false,
            None => in_place || self.team_has().await?.iter().all(|(_, bypass)| !bypass.is_env_var),
        };
        if in_place && is_env_var {
            self.no_env_var().await?;
        }
        let bypass = Bypass {
            created_at: now,
            created_by: match &scope.principal {
                Principal::User { id, .. } => id.to_string(),
                _ => String::new(),
            },
            scope: if installation.is_some() { "integration-automation-bypass" } else { "automation-bypass" }
                .to_owned(),
            integration_id: installation.map(|installation| installation.integration.clone()),
            configuration_id: scope.configuration().cloned(),
            is_env_var,
            note: wanted.note,
        };
        let id = id(&project.id, &secret);
        let sealed = core.vault.seal(&id, secret.as_bytes(), &core.entropy)?;
        let sql =
            "INSERT INTO protection_bypasses (id, project_id, configuration_id, created_at, secret, doc)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let doc = serde_json::to_string(&bypass)?;
        let params = params![id, &project.id, bypass.configuration_id.as_ref(), now, sealed, doc];
        let taken = || Error::conflict("conflict", "The project has this protection bypass already");
        let inserted = tx.execute(sql, &params).await.on_unique("protection_bypasses_pkey", taken);
        inserted.on_missing_parent(|| Error::not_found("Project"))?;
        self.record("created").await
    }

    /// In the place of the one that deployments are told of comes the oldest that is left.
    async fn revoke(&self, secret: &str) -> Result<Bypass> {
        let gone = self.load(secret).await?;
        let sql = "DELETE FROM protection_bypasses WHERE id = $1";
        self.tx.execute(sql, &params![id(&self.project.id, secret)]).await?;
        if gone.is_env_var
            && let Some((id, oldest)) = self.team_has().await?.into_iter().next()
        {
            self.save(&id, &Bypass { is_env_var: true, ..oldest }).await?;
        }
        self.record("revoked").await?;
        Ok(gone)
    }

    async fn update(&self, wanted: Update) -> Result<()> {
        let id = id(&self.project.id, &wanted.secret);
        let mut bypass = self.load(&wanted.secret).await?;
        match wanted.is_env_var {
            Some(true) if bypass.configuration_id.is_some() => {
                let text =
                    "What an integration made is not the protection bypass that deployments are told of";
                return Err(Error::bad_request(text));
            }
            Some(true) => self.no_env_var().await?,
            Some(false) if bypass.is_env_var => self.pass_on(&id).await?,
            _ => {}
        }
        bypass.is_env_var = wanted.is_env_var.unwrap_or(bypass.is_env_var);
        bypass.note = wanted.note.or(bypass.note);
        self.save(&id, &bypass).await?;
        self.record("changed").await
    }

    /// Another one becomes the one that deployments are told of.
    async fn no_env_var(&self) -> Result<()> {
        for (id, bypass) in self.team_has().await?.into_iter().filter(|(_, bypass)| bypass.is_env_var) {
            self.save(&id, &Bypass { is_env_var: false, ..bypass }).await?;
        }
        Ok(())
    }

    /// The oldest other one becomes the one that deployments are told of.
    async fn pass_on(&self, from: &str) -> Result<()> {
        match self.team_has().await?.into_iter().find(|(id, _)| id != from) {
            Some((id, oldest)) => self.save(&id, &Bypass { is_env_var: true, ..oldest }).await,
            None => Err(Error::bad_request(
                "Deployments are told of the project's only protection bypass: make another first",
            )),
        }
    }

    /// Those that no installation made, oldest first.
    async fn team_has(&self) -> Result<Vec<(String, Bypass)>> {
        let sql = "SELECT id, doc FROM protection_bypasses
            WHERE project_id = $1 AND configuration_id IS NULL ORDER BY created_at, id";
        let rows: Vec<(String, String)> = self.tx.all(sql, &params![&self.project.id]).await?;
        rows.into_iter().map(|(id, doc)| Ok((id, serde_json::from_str(&doc)?))).collect()
    }

    async fn save(&self, id: &str, bypass: &Bypass) -> Result<()> {
        let sql = "UPDATE protection_bypasses SET doc = $2 WHERE id = $1";
        self.tx.execute(sql, &params![id, serde_json::to_string(bypass)?]).await?;
        Ok(())
    }

    async fn load(&self, secret: &str) -> Result<Bypass> {
        let sql = "SELECT doc FROM protection_bypasses
            WHERE id = $1 AND (CAST($2 AS TEXT) IS NULL OR configuration_id = $2)";
        let params = params![id(&self.project.id, secret), self.scope.configuration()];
        let row: Option<(String,)> = self.tx.opt(sql, &params).await?;
        let (doc,) = row.ok_or_else(|| Error::not_found("Protection bypass"))?;
        Ok(serde_json::from_str(&doc)?)
    }

    async fn record(&self, did: &str) -> Result<()> {
        let Change { tx, core, scope, project, now } = *self;
        let text = format!("{did} a protection bypass of project {}", project.name);
        let payload = json!({ "projectId": project.id, "projectName": project.name, "action": did });
        let event = Event::new("project-automation-bypass", text, payload).in_project(&project.id);
        events::record(tx, core, scope, now, event).await.map(drop)
    }
}

/// Under which a secret is kept: it tells nothing of it, and finds it.
fn id(project: &ProjectId, secret: &str) -> String {
    credential::hash(&format!("{project} {secret}")).as_str().to_owned()
}

/// Those of a project, by secret; `own`: only those of this installation.
pub(super) async fn read(
    conn: &Conn,
    core: &Core,
    project: &ProjectId,
    own: Option<&ConfigurationId>,
) -> Result<Map<String, Json>> {
    let sql = "SELECT id, secret, doc FROM protection_bypasses
        WHERE project_id = $1 AND (CAST($2 AS TEXT) IS NULL OR configuration_id = $2) ORDER BY created_at, id";
    let rows: Vec<(String, Vec<u8>, String)> = conn.all(sql, &params![project, own]).await?;
    let open = |(id, sealed, doc): (String, Vec<u8>, String)| {
        Ok((core.vault.open_text(&id, &sealed)?, serde_json::from_str(&doc)?))
    };
    rows.into_iter().map(open).collect()
}
