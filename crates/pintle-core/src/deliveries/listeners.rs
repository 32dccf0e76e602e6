//! Shells that listen: `pintle listen` is one more subscriber for as long as it is connected. What it is told are deliveries like others,
//! which it takes from here, forwards itself, and reports on. So a server that restarts in between loses nothing.
//!
//! A listener lives in the system's time, not in Pintle's: whoever sits before it does not grow older when the clock is moved.

use super::tries::{Attempt, Exchange, Try, beginning, record};
use super::{CANCEL, Delivery, Headers, State, cancel_of};
use crate::clock::{MINUTE, Millis};
use crate::ids::{DeliveryId, EventId, IntegrationId, ListenerId, OwnerId};
use crate::{Core, Error, OnConstraint, Result, Scope, integrations, signature, validate, webhooks};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long one is kept that does not come back.
const KEPT: Millis = 10 * MINUTE;
/// How many an owner may have at a time: each makes every event dearer.
const LIMIT: i64 = 20;
/// How many deliveries are in its hands at a time.
const WINDOW: i64 = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    pub id: ListenerId,
    pub owner_id: OwnerId,
    /// It hears what this integration is told, wherever it is installed; absent: all that the owner is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<IntegrationId>,
    /// Absent: all events, or those that the integration chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// Where it says that it sends things on to.
    pub forward_to: String,
    pub created_at: Millis,
}

/// The body of createListener.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewListener {
    pub integration_id: Option<String>,
    pub events: Option<Vec<String>>,
    pub forward_to: String,
}

/// The answer to a creation: the only place where the secret shows, which signs what a team's listener is told. An integration's is
/// signed with its client secret.
#[derive(Debug, Serialize)]
pub struct Created {
    #[serde(flatten)]
    pub listener: Listener,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What is handed to it: the very bytes to send, and their signature.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handed {
    pub id: DeliveryId,
    pub event_id: Option<EventId>,
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    pub created_at: Millis,
    /// Since when it waits: one that is sent again waits anew.
    #[serde(skip)]
    pub due: Millis,
    pub body: String,
    pub signature: String,
}

/// What became of one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    pub delivery_id: DeliveryId,
    pub duration_ms: u32,
    pub status: Option<u16>,
    /// Why no answer came.
    pub error: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
}

/// # Errors
/// 400 for an unknown event, or for one listener too many; 404 for an integration that the owner does not develop.
pub async fn create(core: &Core, scope: &Scope, input: NewListener) -> Result<Created> {
    validate::http_url("forwardTo", &input.forward_to)?;
    for event in input.events.iter().flatten() {
        validate::one_of("events", event, webhooks::EVENTS)?;
    }
    let integration = match &input.integration_id {
        Some(id) => Some(integrations::get(core, scope, id).await?.id),
        None => None,
    };
    let id = ListenerId::new(&core.entropy);
    let secret = integration.is_none().then(|| core.entropy.base62(24));
    let seal = |secret: &String| core.vault.seal(id.as_str(), secret.as_bytes(), &core.entropy);
    let sealed = secret.as_ref().map(seal).transpose()?;
    let listener = Listener {
        id: id.clone(),
        owner_id: scope.owner().clone(),
        integration_id: integration,
        events: input.events,
        forward_to: input.forward_to,
        created_at: core.clock.now(),
    };
    let (record, now) = (listener.clone(), core.clock.unmoved());
    let expires = now + KEPT;
    let doc = serde_json::to_string(&listener)?;
    core.db
        .write(async move |tx| {
            room(tx, &record.owner_id, now).await?;
            let sql = "INSERT INTO listeners (id, owner_id, integration_id, expires_at, secret, doc)
              VALUES ($1, $2, $3, $4, $5, $6)";
            let Listener { id, owner_id, integration_id, .. } = &record;
            let params = params![id, owner_id, integration_id.as_ref(), expires, sealed.clone(), &doc];
            tx.execute(sql, &params).await.on_missing_parent(not_found)?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(Created { listener, secret })
}

async fn room(tx: &Conn, owner: &OwnerId, now: Millis) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM listeners WHERE owner_id = $1 AND expires_at > $2";
    let (count,): (i64,) = tx.one(sql, &params![owner, now]).await?;
    if count >= LIMIT {
        let text = format!(
            "The limit of {LIMIT} listeners is reached: close one first, or wait until they are forgotten"
        );
        return Err(Error::bad_request(text).coded("listeners_limit_reached"));
    }
    Ok(())
}

fn not_found() -> Error {
    Error::not_found("Listener")
}

/// # Errors
/// 404 for one that the owner does not have, or that was away for too long.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<Listener> {
    let sql = "SELECT doc FROM listeners WHERE id = $1 AND owner_id = $2 AND expires_at > $3";
    let params = params![id, scope.owner(), core.clock.unmoved()];
    let row: Option<(String,)> = core.db.read().await?.opt(sql, &params).await?;
    Ok(serde_json::from_str(&row.ok_or_else(not_found)?.0)?)
}

/// Notes that it is there.
///
/// # Errors
/// 404 where it was closed.
pub async fn renew(core: &Core, listener: &Listener) -> Result<()> {
    let (id, expires) = (listener.id.clone(), core.clock.unmoved() + KEPT);
    core.db
        .write(async move |tx| {
            let sql = "UPDATE listeners SET expires_at = $2 WHERE id = $1";
            match tx.execute(sql, &params![&id, expires]).await? {
                0 => Err(not_found()),
                _ => Ok(()),
            }
        })
        .await
}

/// What it has not reported on, oldest first, up to a window.
pub async fn waiting(core: &Core, listener: &Listener) -> Result<Vec<Handed>> {
    let sql = "SELECT c.doc, d.due_at, c.body, l.secret, i.client_secret
      FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id JOIN listeners l ON l.id = d.source_id LEFT JOIN integrations i ON i.id = l.integration_id
      WHERE d.kind = 'listener' AND d.source_id = $1 AND d.due_at IS NOT NULL ORDER BY d.due_at, d.id LIMIT $2";
    let conn = core.db.read().await?;
    let rows: Vec<Row> = conn.all(sql, &params![&listener.id, WINDOW]).await?;
    rows.into_iter().map(|row| handed(core, listener, row)).collect()
}

type Row = (String, Millis, Option<String>, Option<Vec<u8>>, Option<Vec<u8>>);

fn handed(core: &Core, listener: &Listener, (doc, due, body, own, client): Row) -> Result<Handed> {
    let Delivery { id, event_id, event_type, created_at, .. } = serde_json::from_str(&doc)?;
    let body = body.unwrap_or_default();
    let (source, sealed) = match &listener.integration_id {
        Some(integration) => (integration.as_str(), client),
        None => (listener.id.as_str(), own),
    };
    let secret = core.vault.open_text(source, &sealed.unwrap_or_default())?;
    let signature = signature::sign(&secret, body.as_bytes())?;
    Ok(Handed { id, event_id, event_type, created_at, due, body, signature })
}

/// Records a try. There is no second one: whoever sits before the shell sees what failed, and may have it delivered again. A delivery
/// that is gone, not its own, or reported on already is left alone.
pub async fn report(core: &Core, listener: &Listener, report: Report) -> Result<()> {
    let delivered = report.status.is_some_and(|status| (200..=299).contains(&status));
    let headers = report.headers.iter().map(|(name, value)| (name.as_str(), value.as_str().into()));
    let made = Try {
        at: core.clock.now() - Millis::from(report.duration_ms),
        duration_ms: report.duration_ms.into(),
        status: report.status,
        error: report.error.map(|error| beginning(error.as_bytes())),
        request: Exchange::default(),
        response: report.status.map(|_| Exchange {
            headers: Headers::new(headers),
            body: report.body.map(|body| beginning(body.as_bytes())),
        }),
    };
    let state = if delivered { State::Delivered } else { State::Failed };
    let attempt = Attempt::new(report.delivery_id, None, &made, state, None);
    let listener = listener.id.clone();
    core.db
        .write(async move |tx| {
            let sql = "SELECT id FROM deliveries
              WHERE id = $1 AND kind = 'listener' AND source_id = $2 AND due_at IS NOT NULL";
            let found: Option<(String,)> = tx.opt(sql, &params![&attempt.delivery, &listener]).await?;
            match found {
                Some(_) => record(tx, &attempt).await,
                None => Ok(()),
            }
        })
        .await
}

/// Closes it: what it has not taken is canceled.
///
/// # Errors
/// 404 as `get`.
pub async fn delete(core: &Core, scope: &Scope, id: &str) -> Result<()> {
    let (owner, id) = (scope.owner().clone(), id.to_owned());
    core.db
        .write(async move |tx| {
            let sql = "DELETE FROM listeners WHERE id = $1 AND owner_id = $2";
            match tx.execute(sql, &params![&id, &owner]).await? {
                0 => Err(not_found()),
                _ => cancel_of(tx, &id).await,
            }
        })
        .await
}

/// Whether a shell still listens.
pub(super) async fn is_there(tx: &Conn, id: &str) -> Result<bool> {
    let sql = "SELECT id FROM listeners WHERE id = $1";
    Ok(tx.opt::<(String,)>(sql, &params![id]).await?.is_some())
}

/// Closes those that were away for too long, and cancels what waits for one that is gone.
pub(super) async fn sweep(tx: &Conn, now: Millis) -> Result<()> {
    tx.execute("DELETE FROM listeners WHERE expires_at <= $1", &params![now]).await?;
    let sql = format!(
        "{CANCEL} WHERE kind = 'listener' AND due_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM listeners l WHERE l.id = deliveries.source_id)"
    );
    tx.execute(&sql, &[]).await?;
    Ok(())
}
