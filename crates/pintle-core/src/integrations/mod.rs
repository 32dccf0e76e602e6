//! Integrations: the apps that can be installed. The real platform has only a console for them; Pintle has `/pintle/v1/integrations`.

mod input;
mod native;
mod rules;

pub use input::{IntegrationPatch, NewIntegration};
pub use native::{Listing, Policy};

use crate::clock::Millis;
use crate::events::{self, Event};
use crate::ids::{IntegrationId, OwnerId};
use crate::marketplace::installations;
use crate::{Core, Error, OnConstraint, Result, Scope, configurations, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Which side hosts the account (semantics.md 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A connectable account: redirect and code exchange.
    #[default]
    External,
    /// A native integration of the marketplace.
    Marketplace,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::External => "external",
            Kind::Marketplace => "marketplace",
        }
    }
}

/// What is stored, and what `/pintle/v1/integrations` shows. Its id is also its OAuth client id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    pub id: IntegrationId,
    /// The team or account that develops it.
    pub owner_id: OwnerId,
    pub name: String,
    pub slug: String,
    pub kind: Kind,
    pub icon: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Where the browser goes with the code after consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// Where the events of all installations go, signed with the client secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    pub events: Vec<String>,
    pub scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_url: Option<String>,
    /// Where the partner of a native integration is: its `/v1/installations/…` is below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Where the partner's single sign-on begins (semantics.md 4.7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_login_url: Option<String>,
    /// Where a person brings a resource that exists at the partner already (semantics.md 4.8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_resource_url: Option<String>,
    /// The plan is the installation's, not each resource's.
    #[serde(default)]
    pub installation_level_billing_plans: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eula_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_url: Option<String>,
    #[serde(default, skip_serializing_if = "Listing::is_empty")]
    pub listing: Listing,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// The answer to a creation or a rotation: the only places where the client secret shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WithSecret {
    #[serde(flatten)]
    pub integration: Integration,
    pub client_secret: String,
}

/// Registers an integration for the scope's owner.
///
/// # Errors
/// 400 for a field beyond its limits or a URL that Pintle does not send to, 409 `slug_taken`.
pub async fn create(core: &Core, scope: &Scope, input: NewIntegration) -> Result<WithSecret> {
    let integration = Integration::new(core, scope.owner(), input)?;
    admit(core, integration.webhook_url.as_ref(), integration.base_url.as_ref()).await?;
    let client_secret = core.entropy.base62(24);
    let sealed = core.vault.seal(integration.id.as_str(), client_secret.as_bytes(), &core.entropy)?;
    let record = integration.clone();
    core.db.write(async move |tx| insert(tx, &record, &sealed).await).await?;
    Ok(WithSecret { integration, client_secret })
}

/// The URLs that Pintle itself sends to must be ones that it may.
async fn admit(core: &Core, webhook_url: Option<&String>, base_url: Option<&String>) -> Result<()> {
    for (field, url) in [("webhookUrl", webhook_url), ("baseUrl", base_url)] {
        if let Some(url) = url {
            validate::http_url(field, url)?;
            validate::admitted(core, field, url).await?;
        }
    }
    Ok(())
}

impl Integration {
    /// A record that is not stored yet.
    pub(crate) fn new(core: &Core, owner: &OwnerId, input: NewIntegration) -> Result<Self> {
        Self::draft(IntegrationId::new(&core.entropy), owner.clone(), core.clock.now(), input)
    }

    pub(crate) fn draft(
        id: IntegrationId,
        owner_id: OwnerId,
        now: Millis,
        input: NewIntegration,
    ) -> Result<Self> {
        let slug = input.slug.unwrap_or_else(|| validate::slugify(&input.name));
        let mut integration = Self {
            id,
            owner_id,
            icon: input.icon.unwrap_or_default(),
            description: input.description,
            website: input.website,
            name: input.name,
            slug,
            kind: input.kind,
            redirect_url: input.redirect_url,
            webhook_url: input.webhook_url,
            events: input.events,
            scopes: input.scopes,
            configuration_url: input.configuration_url,
            base_url: input.base_url,
            redirect_login_url: input.redirect_login_url,
            import_resource_url: input.import_resource_url,
            installation_level_billing_plans: input.installation_level_billing_plans,
            eula_url: input.eula_url,
            privacy_url: input.privacy_url,
            listing: input.listing,
            created_at: now,
            updated_at: now,
        };
        integration.check()?;
        Ok(integration)
    }
}

pub(crate) async fn insert(tx: &Conn, integration: &Integration, sealed_secret: &[u8]) -> Result<()> {
    let doc = serde_json::to_string(integration)?;
    let Integration { id, owner_id, slug, created_at, .. } = integration;
    tx.execute(
        "INSERT INTO integrations (id, owner_id, slug, created_at, client_secret, doc) VALUES ($1, $2, $3, $4, $5, $6)",
        &params![id, owner_id, slug, *created_at, sealed_secret, doc],
    )
    .await
    .on_unique("integrations_slug_key", || slug_taken(slug))
    .map(drop)
}

fn slug_taken(slug: &str) -> Error {
    Error::conflict("slug_taken", format!("An integration with the slug `{slug}` exists: choose another"))
}

/// The integrations that the scope's owner develops, newest first.
pub async fn list(core: &Core, scope: &Scope) -> Result<Vec<Integration>> {
    let sql = "SELECT doc FROM integrations WHERE owner_id = $1 ORDER BY created_at DESC, id DESC";
    let docs: Vec<(String,)> = core.db.read().await?.all(sql, &params![scope.owner()]).await?;
    Ok(docs.iter().map(|(doc,)| serde_json::from_str(doc)).collect::<Result<_, _>>()?)
}

/// One of them, by id or slug.
///
/// # Errors
/// 404 also for another's.
pub async fn get(core: &Core, scope: &Scope, id_or_slug: &str) -> Result<Integration> {
    own(&core.db.read().await?, scope, id_or_slug).await
}

pub(crate) async fn own(conn: &Conn, scope: &Scope, id_or_slug: &str) -> Result<Integration> {
    let integration = find(conn, id_or_slug).await?;
    integration.filter(|i| i.owner_id == *scope.owner()).ok_or_else(not_found)
}

/// Any integration, by id or slug: whoever may install it need not develop it.
pub async fn find(conn: &Conn, id_or_slug: &str) -> Result<Option<Integration>> {
    let sql =
        "SELECT doc FROM integrations WHERE id = $1 UNION ALL SELECT doc FROM integrations WHERE slug = $1";
    let row: Option<(String,)> = conn.opt(sql, &params![id_or_slug]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}

/// Whether it has a partner who could be asked.
pub(crate) async fn has_partner(conn: &Conn, id: &IntegrationId) -> Result<bool> {
    Ok(find(conn, id.as_str()).await?.is_some_and(|app| app.base_url.is_some()))
}

/// The same where it must be there.
///
/// # Errors
/// 404.
pub(crate) async fn require(conn: &Conn, id_or_slug: &str) -> Result<Integration> {
    find(conn, id_or_slug).await?.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("Integration")
}

/// What a person calls it.
pub(crate) async fn name(conn: &Conn, id: &IntegrationId) -> Result<String> {
    Ok(find(conn, id.as_str()).await?.map(|app| app.name).unwrap_or_default())
}

/// The client secret, for signing and for checking an exchange.
pub async fn client_secret(conn: &Conn, core: &Core, id: &IntegrationId) -> Result<String> {
    let row: Option<(Vec<u8>,)> =
        conn.opt("SELECT client_secret FROM integrations WHERE id = $1", &params![id]).await?;
    let (sealed,) = row.ok_or_else(not_found)?;
    core.vault.open_text(id.as_str(), &sealed)
}

/// Changes an integration. Removed scopes leave its installations at once; added ones wait for each to confirm them.
///
/// # Errors
/// 400 for a field beyond its limits or a URL that Pintle does not send to, 404, 409 `slug_taken`.
pub async fn update(
    core: &Core,
    scope: &Scope,
    id_or_slug: &str,
    patch: IntegrationPatch,
) -> Result<Integration> {
    patch.note.as_ref().map_or(Ok(()), |note| validate::at_most("note", note, 1_024))?;
    admit(core, patch.webhook_url.as_set(), patch.base_url.as_set()).await?;
    let (core, scope, id_or_slug) = (core.clone(), scope.clone(), id_or_slug.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let before = own(tx, &scope, &id_or_slug).await?;
            change(tx, &core, &scope, &before, patch.clone()).await
        })
        .await
}

/// Changes an integration, and what follows from it in its installations, in this transaction.
pub(crate) async fn change(
    tx: &Conn,
    core: &Core,
    scope: &Scope,
    before: &Integration,
    patch: IntegrationPatch,
) -> Result<Integration> {
    let mut after = before.clone();
    let note = patch.note.clone();
    patch.apply(&mut after)?;
    if before.base_url.is_some() && after.base_url.is_none() {
        installations::require_none_open(tx, &before.id).await?;
    }
    after.updated_at = core.clock.now();
    let sql = "UPDATE integrations SET slug = $2, doc = $3 WHERE id = $1";
    tx.execute(sql, &params![&after.id, &after.slug, serde_json::to_string(&after)?])
        .await
        .on_unique("integrations_slug_key", || slug_taken(&after.slug))?;
    if before.scopes != after.scopes || before.slug != after.slug {
        configurations::scopes::follow(tx, &after, note.as_deref()).await?;
    }
    if before.scopes != after.scopes {
        let payload = json!({
            "integrationId": after.id, "integrationSlug": after.slug, "integrationName": after.name,
            "ownerId": after.owner_id, "scopes": after.scopes,
        });
        let text = format!("changed the scopes of {}", after.name);
        let event = Event::new("integration-scope-changed", text, payload);
        events::record(tx, core, scope, after.updated_at, event).await?;
    }
    Ok(after)
}

/// Removes an integration that nobody has installed.
///
/// # Errors
/// 404; 409 `integration_installed` while installations exist: they are other teams' and end by their own removal.
pub async fn delete(core: &Core, scope: &Scope, id_or_slug: &str) -> Result<()> {
    let (scope, id_or_slug) = (scope.clone(), id_or_slug.to_owned());
    core.db
        .write(async move |tx| {
            let integration = own(tx, &scope, &id_or_slug).await?;
            let sql = "SELECT COUNT(*) FROM configurations WHERE integration_id = $1";
            let (count,): (i64,) = tx.one(sql, &params![&integration.id]).await?;
            if count > 0 {
                return Err(still_installed(count));
            }
            installations::require_none_open(tx, &integration.id).await?;
            tx.execute("DELETE FROM integrations WHERE id = $1", &params![&integration.id]).await?;
            Ok(())
        })
        .await
}

pub(crate) fn still_installed(count: i64) -> Error {
    let text = format!("The integration has {count} installations: they must be removed first");
    Error::conflict("integration_installed", text).with("installations", count)
}

/// Replaces the client secret. Issued tokens stay good; signatures and exchanges use the new secret from now on.
pub async fn rotate_secret(core: &Core, scope: &Scope, id_or_slug: &str) -> Result<WithSecret> {
    let integration = get(core, scope, id_or_slug).await?;
    let client_secret = core.entropy.base62(24);
    let sealed = core.vault.seal(integration.id.as_str(), client_secret.as_bytes(), &core.entropy)?;
    let now = core.clock.now();
    let (core, scope, record) = (core.clone(), scope.clone(), integration.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let sql = "UPDATE integrations SET client_secret = $2 WHERE id = $1";
            tx.execute(sql, &params![&record.id, sealed.clone()]).await?;
            let payload = json!({ "integrationId": record.id, "integrationSlug": record.slug });
            let text = format!("rotated the client secret of {}", record.name);
            let event = Event::new("integration-configuration-credential-rotated", text, payload);
            events::record(tx, &core, &scope, now, event).await.map(drop)
        })
        .await?;
    Ok(WithSecret { integration, client_secret })
}
