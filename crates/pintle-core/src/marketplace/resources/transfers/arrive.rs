//! What follows from the partner's answer to an acceptance: the resources move with their ids and secrets, or stay.

use super::accept::Moving;
use super::{Transfer, find, of_installation};
use crate::clock::Millis;
use crate::configurations::{self, Configuration};
use crate::ids::ConfigurationId;
use crate::marketplace::calls::Call;
use crate::marketplace::resources::connections::Link;
use crate::marketplace::resources::record::{self, Resource, Stage, free_name};
use crate::marketplace::resources::secrets::Secret;
use crate::marketplace::resources::{leave, life};
use crate::marketplace::{Outcome, billing};
use crate::{Core, Result, Scope};
use pintle_store::{Conn, params};

pub(crate) async fn settle(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    let moving: Moving = serde_json::from_value(call.data.clone())?;
    match outcome {
        Outcome::Answered { .. } => arrive(tx, core, call, &moving).await,
        Outcome::Refused { .. } | Outcome::Unknown { given_up: true, .. } => {
            match find(tx, &moving.transfer.id).await? {
                Some(found) if found.target.as_ref() == Some(&call.configuration) => {
                    found.transfer.release(tx).await
                }
                _ => Ok(()),
            }
        }
        Outcome::Unknown { .. } => Ok(()),
    }
}

/// The partner has moved them: whatever happened here meanwhile follows.
async fn arrive(tx: &Conn, core: &Core, call: &Call, moving: &Moving) -> Result<()> {
    let Moving { transfer, partner_ids } = moving;
    let scope = call.actor.scope();
    // Removed meanwhile: the partner was told, and has ended them with the installation.
    let Ok(target) = configurations::load(tx, &scope, &call.configuration).await else { return Ok(()) };
    let from = giver(tx, transfer).await?;
    for (id, partner_id) in transfer.store_ids.iter().zip(partner_ids) {
        match (of_installation(tx, &transfer.configuration_id, id).await?, &from) {
            (Some(resource), Some(from)) => {
                Move { tx, core, from, to: &scope, target: &target }.run(resource).await?
            }
            _ if record::find_partners(tx, &target.id, partner_id).await?.is_some() => {}
            // The team that gave it has removed it meanwhile.
            _ => leave::orphan(tx, core, call, partner_id).await?,
        }
    }
    transfer.delete(tx).await
}

/// The team that gives, where it still has the installation.
async fn giver(tx: &Conn, transfer: &Transfer) -> Result<Option<Scope>> {
    let sql = "SELECT doc FROM configurations WHERE id = $1";
    let row: Option<(String,)> = tx.opt(sql, &params![&transfer.configuration_id]).await?;
    let Some((doc,)) = row else { return Ok(None) };
    let Configuration { owner_id, team_id, .. } = serde_json::from_str(&doc)?;
    Ok(Some(Scope::system(owner_id, team_id.is_none())))
}

/// One resource on its way.
struct Move<'a> {
    tx: &'a Conn,
    core: &'a Core,
    from: &'a Scope,
    to: &'a Scope,
    target: &'a Configuration,
}

impl Move<'_> {
    async fn run(&self, mut resource: Resource) -> Result<()> {
        let Move { tx, core, from, to, target } = *self;
        let now = core.clock.now();
        Link { tx, core, scope: from, resource: &resource, now }.end(None).await?;
        life::announce(tx, core, from, &resource, now, "storage-update", "gave away").await?;
        let source = std::mem::replace(&mut resource.configuration_id, target.id.clone());
        resource.owner_id = target.owner_id.clone();
        resource.stage = Stage::Present;
        resource.updated_at = now;
        let told = self.told(&resource).await?;
        resource.name = free_name(tx, &target.owner_id, &resource.name, Some(&resource.id)).await?;
        settle_bills(tx, &source, &target.id, resource.known_as(), now).await?;
        resource.changed_hands(tx, now).await?;
        if !told.is_empty() {
            life::keep(tx, core, to, &mut resource, told, now).await?;
        }
        life::announce(tx, core, to, &resource, now, "storage-create", "took over").await
    }

    /// The partner may have told the new installation of it before it answered. That row was the same resource, and its secrets are newer.
    async fn told(&self, resource: &Resource) -> Result<Vec<Secret>> {
        let Move { tx, core, target, .. } = *self;
        let Some(told) = record::find_partners(tx, &target.id, resource.known_as()).await? else {
            return Ok(Vec::new());
        };
        let secrets = told.secrets(tx, core).await?;
        record::move_rows(tx, "resource_connections", &told.id, &resource.id).await?;
        told.delete(tx, resource.updated_at).await?;
        Ok(secrets)
    }
}

/// The plan ends for the one and begins, with the resource's writing, for the other; what is left of credits goes along.
async fn settle_bills(
    tx: &Conn,
    from: &ConfigurationId,
    to: &ConfigurationId,
    resource: &str,
    now: Millis,
) -> Result<()> {
    billing::terms::note(tx, from, Some(resource), None, now).await?;
    billing::balances::follow(tx, from, to, resource).await
}
