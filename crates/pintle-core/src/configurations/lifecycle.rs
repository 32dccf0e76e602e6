//! Between installation and removal: disabled when the installing user loses the right, taken over by an owner, removed after
//! thirty days (semantics.md 3.2).

use super::removal::{self, Reason};
use super::{Configuration, DisabledReason, load};
use crate::clock::{DAY, Millis};
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, OwnerId, UserId};
use crate::{Core, Error, Result, Scope};
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
      WHERE owner_id = $1 AND user_id = $2 AND installation_type = 'external' AND disabled_at IS NULL";
    let now = core.clock.now();
    let mut disabled = Vec::new();
    for (doc,) in tx.all::<(String,)>(sql, &params![team, user]).await? {
        let mut configuration: Configuration = serde_json::from_str(&doc)?;
        configuration.disabled_at = Some(now);
        configuration.disabled_reason = Some(reason);
        configuration.updated_at = now;
        configuration.save(tx).await?;
        disabled.push(configuration.audit(""));
    }
    if disabled.is_empty() {
        return Ok(());
    }
    let text = format!("disabled {} integration configurations", disabled.len());
    let payload = json!({ "configurations": disabled, "ownerId": team });
    events::record(tx, core, scope, now, Event::new("integration-configurations-disabled", text, payload))
        .await?;
    Ok(())
}

/// Disables one installation, as an owner may.
pub async fn disable(core: &Core, scope: &Scope, id: ConfigurationId) -> Result<Configuration> {
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let mut configuration = load(tx, &scope, &id).await?;
            if configuration.disabled_at.is_none() {
                configuration.disabled_at = Some(now);
                configuration.disabled_reason = Some(DisabledReason::DisabledByOwner);
                configuration.updated_at = now;
                configuration.save(tx).await?;
                let payload =
                    json!({ "configurations": [configuration.audit("")], "ownerId": scope.owner() });
                let text = format!("disabled {}", configuration.slug);
                let event = Event::new("integration-configurations-disabled", text, payload);
                events::record(tx, &core, &scope, now, event).await?;
            }
            Ok(configuration)
        })
        .await
}

/// Makes the acting user the owner of an installation, which enables it again. Its tokens stay good.
pub async fn take_over(core: &Core, scope: &Scope, id: ConfigurationId) -> Result<Configuration> {
    let now = core.clock.now();
    let user =
        scope.user().cloned().ok_or_else(|| Error::forbidden("Only a user can own an installation"))?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let mut configuration = load(tx, &scope, &id).await?;
            configuration.user_id = user.clone();
            configuration.disabled_at = None;
            configuration.disabled_reason = None;
            configuration.updated_at = now;
            configuration.save(tx).await?;
            let sql = "UPDATE tokens SET user_id = $2 WHERE configuration_id = $1";
            tx.execute(sql, &params![&configuration.id, &user]).await?;
            let payload = json!({
                "userId": user, "integrationId": configuration.integration_id, "configurationId": configuration.id,
                "integrationSlug": configuration.slug, "newOwner": { "id": user },
            });
            let text = format!("took over {}", configuration.slug);
            let event = Event::new("integration-configuration-owner-changed", text, payload);
            events::record(tx, &core, &scope, now, event).await?;
            Ok(configuration)
        })
        .await
}

/// The background job: removes what has been disabled for thirty days, and forgets codes that expired. Answers how many
/// installations it removed.
pub async fn sweep(core: &Core) -> Result<usize> {
    let now = core.clock.now();
    let sql =
        "SELECT id, owner_id FROM configurations WHERE disabled_at <= $1 ORDER BY disabled_at LIMIT 100";
    let due: Vec<(String, String)> = core.db.read().await?.all(sql, &params![now - DISABLED_FOR]).await?;
    let mut removed = 0;
    for (id, owner) in due {
        let scope = Scope::system(OwnerId::from(owner));
        match removal::remove(core, &scope, ConfigurationId::from(id), Reason::DisabledTooLong).await {
            Ok(()) => removed += 1,
            // Somebody else was quicker.
            Err(error) if error.kind == crate::Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    core.db
        .write(async move |tx| {
            tx.execute("DELETE FROM codes WHERE expires_at <= $1", &params![now]).await?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(removed)
}
