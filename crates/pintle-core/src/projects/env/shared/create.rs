//! createSharedEnvVariable: up to 50 at once, each of which may fail alone.

use super::link::link;
use super::{CREATED, SharedVariable, announce, answer, item, links, sorted};
use crate::clock;
use crate::ids::{ProjectId, SharedEnvId};
use crate::projects::env::create::author;
use crate::projects::env::{Kind, Policy, Reach, Target, rules};
use crate::projects::require_all;
use crate::scope::Principal;
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// The body: what they have in common, and each one's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewShared {
    evs: Vec<Own>,
    #[serde(rename = "type")]
    kind: Option<SharedKind>,
    target: Option<Vec<Target>>,
    apply_to_all_custom_environments: Option<bool>,
    #[serde(default)]
    project_id: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Own {
    key: String,
    value: String,
    comment: Option<String>,
}

/// The types that a shared variable can be given.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SharedKind {
    Encrypted,
    Sensitive,
}

impl From<SharedKind> for Kind {
    fn from(kind: SharedKind) -> Kind {
        match kind {
            SharedKind::Encrypted => Kind::Encrypted,
            SharedKind::Sensitive => Kind::Sensitive,
        }
    }
}

/// One that keeps the rules by itself, with its value sealed; or why it does not.
type Draft = Result<(SharedVariable, Vec<u8>)>;

impl NewShared {
    fn check(&self) -> Result<()> {
        validate::items("evs", &self.evs, 1, 50)?;
        if self.target.is_none() && self.apply_to_all_custom_environments.is_none() {
            return Err(Error::invalid("missing required property `target`."));
        }
        for (at, own) in self.evs.iter().enumerate() {
            rules::lengths(&format!("evs[{at}]."), None, own.comment.as_deref())?;
        }
        Ok(())
    }

    fn draft(&self, core: &Core, scope: &Scope, policy: Policy, own: &Own) -> Draft {
        let now = core.clock.now();
        let target = sorted(self.target.as_deref().unwrap_or_default());
        let everywhere = self.apply_to_all_custom_environments.unwrap_or_default();
        let wanted = self.kind.map_or(Kind::Encrypted, Kind::from);
        let variable = SharedVariable {
            kind: policy.kind(wanted, &own.key, &target, everywhere)?,
            id: SharedEnvId::new(&core.entropy),
            key: own.key.clone(),
            owner_id: scope.owner().clone(),
            target,
            apply_to_all_custom_environments: everywhere,
            comment: own.comment.clone(),
            created: clock::text(now),
            created_at: now,
            updated_at: now,
            created_by: author(scope),
            updated_by: author(scope),
            last_edited_by_display_name: match &scope.principal {
                Principal::User { username, .. } => Some(username.clone()),
                _ => None,
            },
        };
        variable.check(&own.value)?;
        let sealed = core.vault.seal(variable.id.as_str(), own.value.as_bytes(), &core.entropy)?;
        Ok((variable, sealed))
    }
}

/// createSharedEnvVariable: answers `{created, failed}` as it goes on the wire.
///
/// # Errors
/// 400 for a body that breaks the contract; 403 for production without the right to it; 404 for a project that the owner does not have;
/// and as `answer`, such as 409 `existing_key_and_target`.
pub async fn create(core: &Core, scope: &Scope, new: NewShared) -> Result<String> {
    new.check()?;
    let production = new.target.as_ref().is_some_and(|target| target.contains(&Target::Production));
    Reach::of(scope, None).check_production(production)?;
    let policy = Policy::of(core, scope).await?;
    let drafts: Vec<Draft> = new.evs.iter().map(|own| new.draft(core, scope, policy, own)).collect();
    let projects: Vec<ProjectId> = new.project_id.iter().map(ProjectId::from).collect();
    let (core, scope) = (core.clone(), scope.clone());
    let outcomes = core
        .clone()
        .db
        .write(async move |tx| {
            require_all(tx, &scope, &projects).await?;
            let mut outcomes = Vec::with_capacity(drafts.len());
            for draft in &drafts {
                outcomes.push(match item(checked(tx, draft).await)? {
                    Ok((variable, sealed)) => {
                        Ok(insert(tx, &core, &scope, variable, sealed, &projects).await?)
                    }
                    Err(error) => Err(error),
                });
            }
            Ok::<_, Error>(outcomes)
        })
        .await?;
    answer("created", outcomes)
}

async fn checked<'a>(tx: &Conn, draft: &'a Draft) -> Result<&'a (SharedVariable, Vec<u8>)> {
    let draft = draft.as_ref().map_err(Error::clone)?;
    draft.0.check_room(tx, None).await?;
    Ok(draft)
}

async fn insert(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    variable: &SharedVariable,
    sealed: &[u8],
    projects: &[ProjectId],
) -> Result<String> {
    tx.execute(
        "INSERT INTO shared_envs (id, owner_id, key, created_at, value, doc) VALUES ($1, $2, $3, $4, $5, $6)",
        &params![
            &variable.id,
            &variable.owner_id,
            &variable.key,
            variable.created_at,
            sealed,
            serde_json::to_string(variable)?
        ],
    )
    .await
    .on_missing_parent(Error::team_unauthorized)?;
    variable.insert_places(tx).await?;
    for project in projects {
        link(tx, &variable.id, project).await?;
    }
    let projects = links(tx, &variable.id).await?;
    announce(tx, core, scope, variable, &projects, variable.created_at, CREATED).await?;
    variable.wire(core, sealed, &projects, false)
}
