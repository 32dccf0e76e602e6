//! Between installation and removal: disabled when the installing user loses the right, taken over by an owner, removed after
//! thirty days (semantics.md 3.2).

use super::removal::{self, Reason};
use super::{Configuration, DisabledReason, load, not_found};
use crate::clock::{DAY, Millis};
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, OwnerId, UserId};
use crate::permissions::Permission;
use crate::teams::members;
use crate::{Core, Error, Result, Scope, integrations, planted};
use pintle_store::{Conn, params};
use serde_json::json;

/// How long a disabled installation is kept for somebody to take it over.
pub const DISABLED_FOR: Millis = 30 * DAY;

/// Disables the connectable installations that a user made for a team; native ones belong to the team and stay.
pub(crate) async fn disable_of_user(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    team: &OwnerId,
    user: &UserId,
    reason: DisabledReason,
) -> Result<()> {
    let sql = "SELECT doc FROM configurations
      WHERE owner_id = $1 AND user_id = $2 AND installation_type = 'external' AND disabled_at IS NULL ORDER BY id";
    let rows: Vec<(String,)> = tx.all(sql, &params![team, user]).await?;
    let configurations = rows.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect::<Result<_>>()?;
    disable_all(tx, core, scope, configurations, reason).await.map(drop)
}

/// Disables one installation, as an owner may.
///
/// # Errors
/// 404 for an unknown configuration.
pub async fn disable(core: &Core, scope: &Scope, id: ConfigurationId) -> Result<Configuration> {
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = load(tx, &scope, &id).await?;
            if configuration.disabled_at.is_some() {
                return Ok(configuration);
            }
            let disabled =
                disable_all(tx, &core, &scope, vec![configuration], DisabledReason::DisabledByOwner).await?;
            disabled.into_iter().next().ok_or_else(not_found)
        })
        .await
}

/// Disables these, with one event for all.
async fn disable_all(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    mut configurations: Vec<Configuration>,
    reason: DisabledReason,
) -> Result<Vec<Configuration>> {
    let now = core.clock.now();
    let mut audits = Vec::new();
    for configuration in &mut configurations {
        configuration.disabled_at = Some(now);
        configuration.disabled_reason = Some(reason);
        configuration.updated_at = now;
        configuration.save(tx).await?;
        audits.push(configuration.audit(&integrations::name(tx, &configuration.integration_id).await?));
    }
    if let [first, rest @ ..] = configurations.as_slice() {
        let text = match rest.len() {
            0 => format!("disabled {}", first.slug),
            _ => format!("disabled {} integration configurations", configurations.len()),
        };
        let payload = json!({ "configurations": audits, "ownerId": first.owner_id });
        let event = Event::new("integration-configurations-disabled", text, payload);
        events::record(tx, core, scope, now, event).await?;
    }
    Ok(configurations)
}

/// Makes the acting user the owner of an installation, which enables it again. Its tokens stay good.
///
/// # Errors
/// 404 for an unknown configuration.
pub async fn take_over(core: &Core, scope: &Scope, id: ConfigurationId) -> Result<Configuration> {
    let user =
        scope.user().cloned().ok_or_else(|| Error::forbidden("Only a user can own an installation"))?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let now = core.clock.now();
            members::require_still(tx, &scope, Permission::Install).await?;
            let mut configuration = load(tx, &scope, &id).await?;
            configuration.disabled_at = None;
            configuration.disabled_reason = None;
            configuration.updated_at = now;
            let text = format!("took over {}", configuration.slug);
            give(tx, &core, &scope, &mut configuration, &user, text).await?;
            Ok(configuration)
        })
        .await
}

/// Makes a user the owner of an installation.
async fn give(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    configuration: &mut Configuration,
    user: &UserId,
    text: String,
) -> Result<()> {
    configuration.user_id = user.clone();
    configuration.save(tx).await?;
    let sql = "UPDATE tokens SET user_id = $2 WHERE configuration_id = $1";
    tx.execute(sql, &params![&configuration.id, user]).await?;
    let payload = json!({
        "userId": user, "integrationId": configuration.integration_id, "configurationId": configuration.id,
        "integrationSlug": configuration.slug, "newOwner": { "id": user },
    });
    let event = Event::new("integration-configuration-owner-changed", text, payload);
    events::record(tx, core, scope, core.clock.now(), event).await.map(drop)
}

/// What a user who is about to be deleted installed for the scope's team becomes the oldest owner's. What is disabled stays so.
pub(crate) async fn hand_over(tx: &Conn, core: &Core, scope: &Scope, user: &UserId) -> Result<()> {
    let sql = "SELECT user_id FROM members WHERE team_id = $1 AND user_id <> $2 AND role = 'OWNER'
      ORDER BY created_at, user_id LIMIT 1";
    let (heir,): (String,) = tx.one(sql, &params![scope.owner(), user]).await?;
    let heir = UserId::from(heir);
    let sql = "SELECT doc FROM configurations WHERE owner_id = $1 AND user_id = $2 ORDER BY id";
    for (doc,) in tx.all::<(String,)>(sql, &params![scope.owner(), user]).await? {
        let mut configuration: Configuration = serde_json::from_str(&doc)?;
        let text = format!("handed over {}", configuration.slug);
        give(tx, core, scope, &mut configuration, &heir, text).await?;
    }
    Ok(())
}

/// How many installations one reading of the sweep finds.
const BATCH: i64 = 100;

/// The background job: removes what has been disabled for thirty days, and forgets codes that expired. Answers how many
/// installations it removed.
///
/// # Errors
/// The first that a removal ran into, once all others were tried: one installation must not keep the rest.
pub async fn sweep(core: &Core) -> Result<usize> {
    let due = core.clock.now() - if planted::on("swept-too-early") { DISABLED_FOR / 2 } else { DISABLED_FOR };
    let sql = "SELECT c.disabled_at, c.id, c.owner_id, o.kind FROM configurations c JOIN owners o ON o.id = c.owner_id
      WHERE c.disabled_at <= $1 AND (c.disabled_at, c.id) > ($2, $3) ORDER BY c.disabled_at, c.id LIMIT $4";
    let (mut removed, mut failure) = (0, None);
    let mut last = (0, String::new());
    loop {
        let conn = core.db.read().await?;
        let batch: Vec<(i64, String, String, String)> =
            conn.all(sql, &params![due, last.0, &last.1, BATCH]).await?;
        drop(conn);
        let Some((at, id, ..)) = batch.last() else { break };
        last = (*at, id.clone());
        for (_, id, owner, kind) in batch {
            let scope = Scope::system(OwnerId::from(owner), kind == "user");
            match remove_due(core, scope, ConfigurationId::from(id), due).await {
                Ok(count) => removed += count,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
    }
    forget_codes(core).await?;
    failure.map_or(Ok(removed), Err)
}

/// Removes one, unless somebody else was quicker to remove it or to take it over. Answers how many it removed.
async fn remove_due(core: &Core, scope: Scope, id: ConfigurationId, due: Millis) -> Result<usize> {
    let core = core.clone();
    core.clone()
        .db
        .write(async move |tx| {
            let configuration = match load(tx, &scope, &id).await {
                Err(error) if error.kind == crate::Kind::NotFound => return Ok(0),
                configuration => configuration?,
            };
            if configuration.disabled_at.is_none_or(|at| at > due) {
                return Ok(0);
            }
            removal::remove_in(tx, &core, &scope, &configuration, Reason::DisabledTooLong, None).await?;
            Ok(1)
        })
        .await
}

async fn forget_codes(core: &Core) -> Result<()> {
    let now = core.clock.now();
    core.db
        .write(async move |tx| {
            tx.execute("DELETE FROM codes WHERE expires_at <= $1", &params![now]).await?;
            Ok(())
        })
        .await
}
