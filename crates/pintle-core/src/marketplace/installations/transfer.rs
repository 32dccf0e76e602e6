//! The transfer of an installation to another team (semantics.md 3.5): it keeps its id, its partner's token, resources, webhooks, drains and edge configs.
//! The earlier team keeps its history and nothing else.

use super::{closing, load};
use crate::clock::Millis;
use crate::configurations::{self, Configuration, Selection};
use crate::events::{self, Event};
use crate::ids::{ConfigurationId, OwnerId, UserId};
use crate::integrations::{self, Kind};
use crate::marketplace::resources::{self, transfers};
use crate::marketplace::{billing, calls};
use crate::permissions::Permission;
use crate::teams::members;
use crate::{Core, Error, Result, Scope, drains, edge_config, webhooks};
use pintle_store::{Conn, params};
use serde_json::json;

/// Gives a native installation to another team of the caller's, by its id or slug. The caller owns it there, and it reaches all projects.
///
/// # Errors
/// 404 for an unknown configuration or a team that is not the caller's; 400 for a connectable account; 403 where the caller may not in
/// either team; 409 where something is in the way, which the error names: the team has the integration, projects are connected, invoices
/// are open, names of resources are taken, or the partner has not answered something.
pub async fn transfer(
    core: &Core,
    scope: &Scope,
    id: ConfigurationId,
    team: String,
) -> Result<Configuration> {
    let user = scope.user().cloned().ok_or_else(|| Error::forbidden("Not authorized"))?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            members::require_still(tx, &scope, Permission::Install).await?;
            let configuration = configurations::require_native(tx, &scope, &id).await?;
            let target = members::acting_in(tx, &scope, &team).await?;
            if target.owner() == scope.owner() {
                return Err(Error::bad_request("The installation is this team's already"));
            }
            require_free(tx, &configuration, &target).await?;
            let now = core.clock.now();
            let moved = hand_over(tx, configuration, target.owner(), &user, now).await?;
            tell(tx, &core, [&scope, &target], &moved, now).await?;
            Ok(moved)
        })
        .await
}

/// # Errors
/// 409 with what is in the way.
async fn require_free(tx: &Conn, configuration: &Configuration, target: &Scope) -> Result<()> {
    let id = &configuration.id;
    let app = integrations::find(tx, configuration.integration_id.as_str()).await?;
    let app = app.ok_or_else(configurations::not_found)?;
    if let Some(other) = configurations::install::existing(tx, target, &app, Kind::Marketplace).await? {
        return Err(configurations::install::already_installed(&app, &other));
    }
    transfers::withdraw_all(tx, id).await?;
    let pending = calls::pending(tx, id).await?;
    if !pending.is_empty() {
        let text = format!("The partner has not answered {} calls yet", pending.len());
        return Err(Error::conflict("calls_pending", text).with("deliveries", json!(pending)));
    }
    let open = billing::open_invoices(tx, id).await?;
    if !open.is_empty() {
        return Err(closing::invoices_open(&open));
    }
    let projects = names(tx, CONNECTED, &params![id]).await?;
    if !projects.is_empty() {
        let text = format!("Disconnect the installation from {} first", projects.join(", "));
        return Err(Error::conflict("projects_connected", text).with("projects", projects));
    }
    let taken = names(tx, TAKEN, &params![id, target.owner()]).await?;
    if !taken.is_empty() {
        let text = format!("The other team has resources of the same names: {}", taken.join(", "));
        return Err(Error::conflict("names_taken", text).with("resources", taken));
    }
    Ok(())
}

/// Projects with variables or connections of an installation.
const CONNECTED: &str = "SELECT name FROM projects WHERE id IN (
    SELECT project_id FROM resource_connections WHERE configuration_id = $1
    UNION SELECT project_id FROM envs WHERE configuration_id = $1) ORDER BY name";

/// Names of an installation's resources that another owner has too.
const TAKEN: &str = "SELECT r.name FROM resources r JOIN resources o ON o.owner_id = $2 AND o.name = r.name
  WHERE r.configuration_id = $1 ORDER BY r.name";

async fn names(tx: &Conn, sql: &str, params: &[pintle_store::Value]) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = tx.all(sql, params).await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Everything that refers to the installation changes hands, or goes.
async fn hand_over(
    tx: &Conn,
    configuration: Configuration,
    to: &OwnerId,
    user: &UserId,
    now: Millis,
) -> Result<Configuration> {
    let moved = Configuration {
        owner_id: to.clone(),
        team_id: Some(to.clone()),
        user_id: user.clone(),
        project_selection: Selection::All,
        projects: None,
        updated_at: now,
        ..configuration
    };
    moved.save(tx).await?;
    let id = &moved.id;
    for table in ["configuration_projects", "codes", "sso_codes", "resource_imports"] {
        tx.execute(&format!("DELETE FROM {table} WHERE configuration_id = $1"), &params![id]).await?;
    }
    let mut installation = load(tx, id).await?;
    (installation.owner_id, installation.personal) = (to.clone(), false);
    installation.save(tx).await?;
    let sql = "UPDATE tokens SET team_id = $2, user_id = $3 WHERE configuration_id = $1";
    tx.execute(sql, &params![id, to, user]).await?;
    resources::hand_over(tx, id, to, now).await?;
    edge_config::hand_over(tx, id, to, now).await?;
    webhooks::hand_over(tx, id, to).await?;
    drains::hand_over(tx, id, to).await?;
    billing::hand_over(tx, id, to).await?;
    Ok(moved)
}

/// Tells both teams. The integration is told with the new one, where it is now.
async fn tell(
    tx: &Conn,
    core: &Core,
    [from, to]: [&Scope; 2],
    moved: &Configuration,
    now: Millis,
) -> Result<()> {
    let name = integrations::name(tx, &moved.integration_id).await?;
    let payload = json!({
        "configuration": { "id": moved.id }, "installationId": moved.id,
        "previousTeamId": from.team_id(), "previousAccountId": from.owner(),
        "newTeamId": to.team_id(), "newAccountId": to.owner(),
    });
    let sides = [
        (
            from,
            "integration-configuration-transfer-out-success",
            format!("transferred {name} to another team"),
        ),
        (to, "integration-configuration-transfer-in-success", format!("took {name} over from another team")),
    ];
    for (scope, kind, text) in sides {
        let mut audit = moved.audit(&name);
        audit["ownerId"] = json!(scope.owner());
        let event = Event::new(kind, text, audit).hook(
            scope,
            "integration-configuration.transferred",
            payload.clone(),
        );
        events::record(tx, core, scope, now, event).await?;
    }
    Ok(())
}
