//! updateDrain.

use super::cursors;
use super::delivery::{Delivery, Shown};
use super::filter::{Filter, Sampling, Schemas, Transform};
use super::record::Change;
use super::{
    DisabledReason, Drain, NAME_LENGTH, Projects, Source, SourceField, Status, find, get, no_projects, open,
    verification,
};
use crate::clock::Millis;
use crate::events;
use crate::ids::ProjectId;
use crate::patch::Patch;
use crate::scope::Principal;
use crate::{Core, Error, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::Deserialize;

/// The body of updateDrain: what is absent stays, `null` clears.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrainPatch {
    pub name: Option<String>,
    pub projects: Option<Projects>,
    #[serde(default)]
    pub project_ids: Patch<Vec<ProjectId>>,
    #[serde(default)]
    pub filter: Patch<Filter>,
    pub schemas: Option<Schemas>,
    pub delivery: Option<Delivery>,
    #[serde(default)]
    pub sampling: Patch<Vec<Sampling>>,
    #[serde(default)]
    pub transforms: Patch<Vec<Transform>>,
    pub status: Option<Switch>,
    pub source: Option<SourceField>,
}

/// `status` of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    Enabled,
    Disabled,
}

impl DrainPatch {
    fn check(&self) -> Result<()> {
        self.name.as_ref().map_or(Ok(()), |name| validate::length("name", name, NAME_LENGTH))?;
        if let Patch::Set(ids) = &self.project_ids {
            validate::items("projectIds", ids, 1, usize::MAX)?;
        }
        self.delivery.as_ref().map_or(Ok(()), Delivery::check)?;
        match &self.sampling {
            Patch::Set(rules) => Sampling::check_all(rules),
            _ => Ok(()),
        }
    }

    fn apply(self, drain: &mut Drain, scope: &Scope) -> Result<()> {
        drain.name = self.name.unwrap_or_else(|| drain.name.clone());
        match (self.projects, self.project_ids) {
            (Some(Projects::All), _) | (None, Patch::Null) => drain.set_projects(None),
            (_, Patch::Set(ids)) => drain.set_projects(Some(ids)),
            (Some(Projects::Some), Patch::Null) => return Err(no_projects()),
            (Some(Projects::Some), Patch::Absent) if drain.project_ids.is_none() => return Err(no_projects()),
            (_, Patch::Absent) => {}
        }
        match self.filter {
            Patch::Absent => {}
            Patch::Null => drain.set_filter(None),
            Patch::Set(filter) => drain.set_filter(Some(filter)),
        }
        drain.schemas = self.schemas.unwrap_or_else(|| std::mem::take(&mut drain.schemas));
        self.sampling.apply(&mut drain.sampling);
        self.transforms.apply(&mut drain.transforms);
        if let Some(field) = self.source {
            let source = Source::wanted(scope, Some(field))?;
            if source.created_from() != drain.created_from {
                return Err(Error::bad_request("`source.kind` of a drain cannot be changed"));
            }
            drain.source = source;
        }
        Ok(())
    }
}

impl Drain {
    /// Pauses or resumes it; resuming clears an error. Answers whether that changed anything.
    fn switch(&mut self, switch: Switch, scope: &Scope, now: Millis) -> bool {
        let disabled = switch == Switch::Disabled;
        let status = if disabled { Status::Disabled } else { Status::Enabled };
        if self.status == status {
            return false;
        }
        self.status = status;
        self.first_error_timestamp = None;
        self.disabled_at = disabled.then_some(now);
        self.disabled_reason = disabled.then_some(DisabledReason::DisabledByOwner);
        self.disabled_by = disabled.then(|| match &scope.principal {
            Principal::User { id, .. } => id.to_string(),
            Principal::Installation(installation) => installation.integration.to_string(),
            Principal::Closing { integration, .. } => integration.to_string(),
            Principal::System => "system".to_owned(),
        });
        true
    }
}

/// What was pending is tried at once, where there is reason to think that it will arrive now.
async fn hurry(tx: &Conn, drain: &Drain, now: Millis) -> Result<()> {
    let sql = "UPDATE deliveries SET due_at = $2 WHERE source_id = $1 AND state = 'pending'";
    tx.execute(sql, &params![&drain.id, now]).await?;
    Ok(())
}

/// A drain that was switched stands as its status says, and its health counts from now on.
async fn switched(tx: &Conn, core: &Core, scope: &Scope, drain: &Drain, now: Millis) -> Result<()> {
    let change = if drain.status == Status::Enabled { Change::Enabled } else { Change::Disabled };
    events::record(tx, core, scope, now, drain.event(change)).await?;
    let sql = "UPDATE drains SET healthy_from = $2 WHERE id = $1";
    tx.execute(sql, &params![&drain.id, now]).await?;
    cursors::set_status(tx, drain).await
}

/// updateDrain. A delivery without a secret keeps the one that was. The answer shows the secret only where the body set one, or
/// the new delivery made one necessary.
///
/// # Errors
/// 400 for a body that breaks the contract or a URL that Pintle does not send to; 404 for an unknown drain or project.
pub async fn update(core: &Core, scope: &Scope, id: &str, patch: DrainPatch) -> Result<Drain> {
    patch.check()?;
    if let Some(delivery) = &patch.delivery {
        delivery.admit(core).await?;
        if get(core, scope, id).await?.delivery.url() != delivery.url() {
            verification::verify(core, scope, delivery).await?;
        }
    }
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let (before, secrets_before) = open(&core, &find(tx, &scope, &id).await?)?;
            let (mut drain, mut secrets) = (before.clone(), secrets_before.clone());
            let (status, delivery) = (patch.status, patch.delivery.clone());
            let filtered = !matches!(patch.filter, Patch::Absent);
            patch.clone().apply(&mut drain, &scope)?;
            if filtered {
                drain.check_filter()?;
            }
            if let Some(delivery) = delivery {
                drain.delivery = delivery;
                secrets = drain.delivery.take_secrets(Some(&secrets_before), &core.entropy);
            }
            let changed = drain != before || secrets != secrets_before;
            let switch = status.is_some_and(|switch| drain.switch(switch, &scope, now));
            if changed {
                drain.check_projects(tx, &scope).await?;
                cursors::begin(tx, &drain).await?;
                events::record(tx, &core, &scope, now, drain.event(Change::Updated)).await?;
            }
            if switch {
                switched(tx, &core, &scope, &drain, now).await?;
            }
            if changed || switch {
                hurry(tx, &drain, now).await?;
                drain.updated_at = now;
                let row = params![&drain.id, secrets.seal(&core, &drain.id)?, serde_json::to_string(&drain)?];
                tx.execute("UPDATE drains SET secret = $2, doc = $3 WHERE id = $1", &row).await?;
            }
            let fresh = secrets.secret != secrets_before.secret;
            drain.delivery.show(secrets, if fresh { Shown::Everything } else { Shown::Headers });
            Ok(drain)
        })
        .await
}
