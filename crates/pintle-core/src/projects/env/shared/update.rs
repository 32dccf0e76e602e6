//! updateSharedEnvVariable: several at once, each of which may fail alone.

use super::create::SharedKind;
use super::link::{cut, link};
use super::{SharedVariable, UPDATED, announce, answer, item, links, load, sorted};
use crate::clock::Millis;
use crate::ids::ProjectId;
use crate::projects::env::rules::{self, failure};
use crate::projects::env::{Kind, Reach, Target};
use crate::projects::require_all;
use crate::{Core, Error, Result, Scope};
use pintle_store::{Conn, params};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The body: changes by the variables' ids.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Updates {
    updates: BTreeMap<String, Change>,
}

/// What is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Change {
    key: Option<String>,
    value: Option<String>,
    target: Option<Vec<Target>>,
    apply_to_all_custom_environments: Option<bool>,
    /// These projects and no others.
    project_id: Option<Vec<String>>,
    project_id_updates: LinkUpdates,
    #[serde(rename = "type")]
    kind: Option<SharedKind>,
    comment: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LinkUpdates {
    link: Vec<String>,
    unlink: Vec<String>,
}

impl Change {
    /// # Errors
    /// 400 where it would make a sensitive value readable, or rename a sensitive variable.
    fn apply(&self, before: &SharedVariable) -> Result<SharedVariable> {
        let mut after = before.clone();
        if let Some(key) = &self.key {
            after.key.clone_from(key);
        }
        after.kind = self.kind.map_or(before.kind, Kind::from);
        if before.kind == Kind::Sensitive && (after.key != before.key || after.kind != before.kind) {
            let text = "The key and the type of a sensitive environment variable cannot be changed";
            return Err(failure("BAD_REQUEST", text).with("key", before.key.as_str()));
        }
        if let Some(target) = &self.target {
            after.target = sorted(target);
        }
        let everywhere = self.apply_to_all_custom_environments;
        after.apply_to_all_custom_environments =
            everywhere.unwrap_or(before.apply_to_all_custom_environments);
        after.comment = self.comment.clone().or(after.comment);
        Ok(after)
    }

    /// What is to be linked, and what is to be cut.
    fn links(&self, before: &[ProjectId]) -> (Vec<ProjectId>, Vec<ProjectId>) {
        let ids = |list: &[String]| list.iter().map(ProjectId::from).collect::<Vec<_>>();
        let (mut added, mut gone) =
            (ids(&self.project_id_updates.link), ids(&self.project_id_updates.unlink));
        if let Some(all) = &self.project_id {
            let all = ids(all);
            gone.extend(before.iter().filter(|project| !all.contains(project)).cloned());
            added.extend(all);
        }
        (added, gone)
    }
}

/// updateSharedEnvVariable: answers `{updated, failed}` as it goes on the wire, in the order of the ids.
///
/// # Errors
/// 400 for a body that breaks the contract, and as `answer`: 404 for what is unknown, 403 for production, before or after, without the right
/// to it, 409 `existing_key_and_target`.
pub async fn update(core: &Core, scope: &Scope, body: Updates) -> Result<String> {
    if body.updates.is_empty() {
        return Err(Error::invalid("`updates` should NOT have fewer than 1 properties."));
    }
    for (id, change) in &body.updates {
        rules::lengths(&format!("updates.{id}."), None, change.comment.as_deref())?;
    }
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let outcomes = core
        .clone()
        .db
        .write(async move |tx| {
            let writer = Writer { tx, core: &core, scope: &scope, now };
            let mut outcomes = Vec::with_capacity(body.updates.len());
            for (id, change) in &body.updates {
                outcomes.push(match item(writer.plan(id, change).await)? {
                    Ok(plan) => Ok(writer.write(&plan).await?),
                    Err(error) => Err(error),
                });
            }
            Ok::<_, Error>(outcomes)
        })
        .await?;
    answer("updated", outcomes)
}

struct Writer<'a> {
    tx: &'a Conn,
    core: &'a Core,
    scope: &'a Scope,
    now: Millis,
}

/// A change that nothing stands in the way of.
struct Plan {
    after: SharedVariable,
    sealed: Vec<u8>,
    /// Its name or its places are others than before.
    moved: bool,
    added: Vec<ProjectId>,
    gone: Vec<ProjectId>,
}

impl Writer<'_> {
    async fn plan(&self, id: &str, change: &Change) -> Result<Plan> {
        let (before, mut sealed) = load(self.tx, self.scope, id).await?;
        let mut after = change.apply(&before)?;
        let value = change.value.as_deref().unwrap_or_default();
        after.check(value)?;
        Reach::of(self.scope, None).check_production(after.in_production())?;
        let (added, gone) = change.links(&links(self.tx, &before.id).await?);
        require_all(self.tx, self.scope, &added).await?;
        let moved = (&before.key, before.places()) != (&after.key, after.places());
        if moved {
            after.check_room(self.tx, Some(&before)).await?;
        }
        if change.value.is_some() {
            sealed = self.core.vault.seal(id, value.as_bytes(), &self.core.entropy)?;
        }
        after.edited_by(self.scope, self.now);
        Ok(Plan { after, sealed, moved, added, gone })
    }

    async fn write(&self, Plan { after, sealed, moved, added, gone }: &Plan) -> Result<String> {
        let doc = serde_json::to_string(after)?;
        let sql = "UPDATE shared_envs SET key = $2, value = $3, doc = $4 WHERE id = $1";
        self.tx.execute(sql, &params![&after.id, &after.key, sealed.as_slice(), &doc]).await?;
        if *moved {
            let sql = "DELETE FROM shared_env_targets WHERE env_id = $1";
            self.tx.execute(sql, &params![&after.id]).await?;
            after.insert_places(self.tx).await?;
        }
        for project in gone {
            cut(self.tx, &after.id, project).await?;
        }
        for project in added {
            link(self.tx, &after.id, project).await?;
        }
        let projects = links(self.tx, &after.id).await?;
        announce(self.tx, self.core, self.scope, after, &projects, self.now, UPDATED).await?;
        after.wire(self.core, sealed, &projects, false)
    }
}
