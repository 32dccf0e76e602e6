//! editProjectEnv.

use super::create::{OneOrMany, author, unique};
use super::insert::{INDEX, conflict, look, too_many};
use super::rules::{self, failure};
use super::{Kind, Reach, Stored, Target, UPDATED, Variable, Visibility, announce, load};
use crate::ids::ProjectId;
use crate::patch::Patch;
use crate::projects::environments;
use crate::{Core, OnConstraint, Result, Scope, projects};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// The body. What is absent stays as it is; `null` takes the branch or the targets away.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Change {
    pub key: Option<String>,
    pub target: Patch<OneOrMany<Target>>,
    pub git_branch: Patch<String>,
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    pub value: Option<String>,
    pub custom_environment_ids: Patch<Vec<String>>,
    pub comment: Patch<String>,
    pub visibility: Option<Visibility>,
}

impl Change {
    /// # Errors
    /// 400 where it would make a sensitive value readable, or rename a sensitive variable.
    fn apply(&self, before: &Variable) -> Result<Variable> {
        let mut after = before.clone();
        if before.kind == Kind::Sensitive {
            let renamed = self.key.as_ref().is_some_and(|key| *key != before.key);
            let retyped = self.kind.is_some_and(|kind| kind != Kind::Sensitive);
            if renamed || retyped {
                let text = "The key and the type of a sensitive environment variable cannot be changed";
                return Err(failure("BAD_REQUEST", text).with("key", before.key.as_str()));
            }
        }
        if let Some(key) = &self.key {
            after.key.clone_from(key);
        }
        after.kind = self.kind.unwrap_or(before.kind);
        after.visibility = self.visibility.or(before.visibility);
        match &self.target {
            Patch::Absent => {}
            Patch::Null => after.target.clear(),
            Patch::Set(target) => after.target = target.clone().into_vec(),
        }
        match &self.custom_environment_ids {
            Patch::Absent => {}
            Patch::Null => after.custom_environment_ids.clear(),
            Patch::Set(ids) => after.custom_environment_ids.clone_from(ids),
        }
        unique(&mut after.target);
        unique(&mut after.custom_environment_ids);
        self.git_branch.clone().apply(&mut after.git_branch);
        after.git_branch.take_if(|branch| branch.is_empty());
        self.comment.clone().apply(&mut after.comment);
        Ok(after)
    }
}

/// editProjectEnv: the variable as it goes on the wire, its value sealed. The owner stays the owner.
///
/// # Errors
/// 400 with the code of the rule that is broken, such as `ENV_CONFLICT`; 404 for what is unknown or another installation's; 403 for
/// production, before or after, without the right to it.
pub async fn edit(core: &Core, scope: &Scope, project: &str, id: &str, change: Change) -> Result<String> {
    let branch = match &change.git_branch {
        Patch::Set(branch) => Some(branch.as_str()),
        _ => None,
    };
    let comment = match &change.comment {
        Patch::Set(comment) => Some(comment.as_str()),
        _ => None,
    };
    rules::lengths("", branch, comment)?;
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    let (project, id) = (project.to_owned(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let project = projects::locate(tx, &scope, &project).await?;
            let reach = Reach::of(&scope, project.role);
            let (before, mut sealed) = load(tx, &reach, &project.id, &id).await?;
            let mut after = change.apply(&before)?;
            let value = change.value.as_deref().unwrap_or_default();
            rules::check(&after, value)?;
            reach.check(&after)?;
            let named = after.custom_environment_ids.iter();
            let new = named.filter(|id| !before.custom_environment_ids.contains(id));
            if let Some(id) = environments::unknown(tx, &project.id, new).await? {
                return Err(rules::no_environment(id, &after));
            }
            if change.value.is_some() || after.kind == Kind::System {
                sealed = core.vault.seal(&id, value.as_bytes(), &core.entropy)?;
            }
            after.updated_at = now;
            after.updated_by = author(&scope);
            let doc = serde_json::to_string(&after)?;
            let sql = "UPDATE envs SET value = $2, doc = $3 WHERE id = $1";
            tx.execute(sql, &params![&id, sealed.as_slice(), &doc]).await?;
            make_room(tx, &project.id, &before, &after).await?;
            announce(tx, &core, &scope, &project, &after, now, UPDATED).await?;
            Stored { id: &id, doc: &doc, value: &sealed }.wire(&core, false)
        })
        .await
}

/// Gives the variable its rows of `env_targets`, where they are other ones than before.
async fn make_room(tx: &Conn, project: &ProjectId, before: &Variable, after: &Variable) -> Result<()> {
    let place = |variable: &Variable| {
        let environments = variable.environments().into_iter().map(str::to_owned);
        (variable.key.clone(), variable.branch().to_owned(), environments.collect::<Vec<_>>())
    };
    if place(before) == place(after) {
        return Ok(());
    }
    let found = look(tx, project, after, Some(before)).await?;
    if found.taken.is_some() {
        return Err(conflict(after));
    }
    if found.full {
        return Err(too_many(&after.key));
    }
    tx.execute("DELETE FROM env_targets WHERE env_id = $1", &params![&after.id]).await?;
    after.insert_targets(tx, project).await.on_unique(INDEX, || conflict(after))
}
