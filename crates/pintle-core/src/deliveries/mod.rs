//! Deliveries: what is sent to somebody's endpoint, and each try of it (semantics.md 5.3).
//!
//! A delivery is written in the transaction of the change that it tells of, with its address and its bytes, so that neither a crash
//! nor a removal can lose it. The relay leases what is due, sends it, and records the try; until it does, the delivery is due again when
//! the lease runs out. So each arrives at least once, is given up visibly after a day, or is canceled by somebody.

mod fan_out;
mod head;
mod leases;
pub mod listeners;
mod shown;
mod tries;

pub use fan_out::{FanOut, fan_out};
pub use head::Headers;
pub use leases::{Address, Claim, Lane, Leased, claim, lanes, signer};
pub use shown::Shown;
pub(crate) use shown::public;
pub use tries::{Attempt, BODY_KEPT, Exchange, Pauses, Try, beginning, record};

use crate::clock::{DAY, Millis};
use crate::ids::{
    ConfigurationId, DeliveryId, DrainId, EventId, IntegrationId, ListenerId, OwnerId, WebhookId,
};
use crate::marketplace::calls;
use crate::page::{self, Page, Pagination};
use crate::select::Select;
use crate::{Core, Error, Result, Scope, drains};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use shown::{COLUMNS, Row};

/// How long a delivery is tried before it is given up.
pub const RETRIED_FOR: Millis = DAY;
/// How long finished deliveries are kept.
const KEPT: Millis = 7 * DAY;
/// And those of drains that arrived.
const KEPT_OF_DRAINS: Millis = DAY;
/// Deliveries that are forgotten in one transaction.
const STEP: u64 = 500;

/// What a delivery is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An event, to a webhook's or an integration's URL.
    Webhook,
    /// A piece of the log stream, to a drain's endpoint.
    Drain,
    /// An event, to a shell that listens.
    Listener,
    /// A call that changes something at a marketplace partner.
    Partner,
}

impl Kind {
    pub const ALL: [&'static str; 4] = ["webhook", "drain", "listener", "partner"];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook",
            Kind::Drain => "drain",
            Kind::Listener => "listener",
            Kind::Partner => "partner",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is tried now, or will be.
    Pending,
    /// The endpoint took it.
    Delivered,
    /// It was given up.
    Failed,
    /// Somebody ended it.
    Canceled,
}

impl State {
    pub const ALL: [&'static str; 4] = ["pending", "delivered", "failed", "canceled"];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Delivered => "delivered",
            State::Failed => "failed",
            State::Canceled => "canceled",
        }
    }
}

/// What does not change about a delivery: its document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub id: DeliveryId,
    pub owner_id: OwnerId,
    pub kind: Kind,
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<WebhookId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<IntegrationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_id: Option<DrainId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener_id: Option<ListenerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_id: Option<ConfigurationId>,
    pub created_at: Millis,
    /// What else a kind knows: a drain's piece of the stream; of a transfer's callback, whose it is and how it is signed.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Json>,
}

impl Delivery {
    /// What it is sent for, which names its lane.
    pub fn source(&self) -> &str {
        if self.kind == Kind::Partner {
            return self.configuration_id.as_ref().map_or("", ConfigurationId::as_str);
        }
        let listener = self.listener_id.as_ref().map(ListenerId::as_str);
        let webhook = self.webhook_id.as_ref().map(WebhookId::as_str);
        let integration = self.integration_id.as_ref().map(IntegrationId::as_str);
        let drain = self.drain_id.as_ref().map(DrainId::as_str);
        let transfer = self.rest.get("projectTransfer").and_then(Json::as_str);
        listener.or(webhook).or(integration).or(drain).or(transfer).unwrap_or_default()
    }

    /// Writes it, due at once.
    pub async fn insert(&self, tx: &Conn, secret: Option<Vec<u8>>, body: Option<&str>) -> Result<()> {
        self.insert_due(tx, self.created_at, secret, body).await
    }

    /// Writes it, due then.
    pub(crate) async fn insert_due(
        &self,
        tx: &Conn,
        due: Millis,
        secret: Option<Vec<u8>>,
        body: Option<&str>,
    ) -> Result<()> {
        tx.execute(
            "INSERT INTO deliveries (id, owner_id, kind, source_id, configuration_id, state, due_at, retry_until, tries, created_at)
             VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, 0, $8)",
            &params![
                &self.id,
                &self.owner_id,
                self.kind.as_str(),
                self.source(),
                self.configuration_id.as_ref(),
                due,
                self.created_at + RETRIED_FOR,
                self.created_at
            ],
        )
        .await?;
        tx.execute(
            "INSERT INTO delivery_contents (delivery_id, secret, body, doc) VALUES ($1, $2, $3, $4)",
            &params![&self.id, secret, body, serde_json::to_string(self)?],
        )
        .await?;
        Ok(())
    }
}

/// An account's caller sees all of the owner's deliveries, and those of the integrations that it develops; an installation its own.
const VISIBLE: &str =
    "(d.owner_id = $1 OR d.source_id IN (SELECT i.id FROM integrations i WHERE i.owner_id = $1))
   AND (CAST($2 AS TEXT) IS NULL OR d.configuration_id = $2)";

/// What to list.
#[derive(Debug, Default)]
pub struct Filter {
    pub kind: Option<String>,
    /// A webhook, an integration, a drain or a listener.
    pub source: Option<String>,
    pub configuration: Option<String>,
    pub state: Option<String>,
    pub event_type: Option<String>,
}

/// Deliveries, newest first.
pub async fn list(
    core: &Core,
    scope: &Scope,
    filter: Filter,
    page: Page,
) -> Result<(Vec<Shown>, Pagination)> {
    let visible = match filter.source {
        Some(_) => VISIBLE,
        // Without a source this is a walk along the owner's own.
        None => "d.owner_id = $1 AND (CAST($2 AS TEXT) IS NULL OR d.configuration_id = $2)",
    };
    let mut select = Select::new(
        format!("SELECT {COLUMNS} WHERE {visible}"),
        params![scope.owner(), scope.configuration()].to_vec(),
    );
    select.and("d.kind = $?", filter.kind);
    select.and("d.source_id = $?", filter.source);
    select.and("d.configuration_id = $?", filter.configuration);
    select.and("d.state = $?", filter.state);
    select.and("c.doc LIKE '%\"eventType\":\"' || $? || '\"%'", filter.event_type);
    let conn = core.db.read().await?;
    let (rows, pagination) =
        page::rows::<Row>(&conn, &select.sql, "d.created_at", &select.params, page).await?;
    Ok((rows.into_iter().map(|row| Shown::new(scope, row)).collect::<Result<_>>()?, pagination))
}

/// A delivery with what is sent and each of its tries.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    #[serde(flatten)]
    shown: Shown,
    /// The bytes that are sent, as text; `null` for a drain's, of which each try shows the beginning.
    body: Option<String>,
    attempts: Vec<Box<RawValue>>,
}

/// One delivery.
///
/// # Errors
/// 404 where the caller sees no such delivery.
pub async fn get(core: &Core, scope: &Scope, id: &str) -> Result<Detail> {
    let conn = core.db.read().await?;
    let shown = find(&conn, scope, id).await?;
    let sql = "SELECT doc FROM delivery_tries WHERE delivery_id = $1 ORDER BY number";
    let attempts: Vec<(String,)> = conn.all(sql, &params![id]).await?;
    let attempts = attempts.into_iter().map(|(doc,)| shown.attempt(doc)).collect::<Result<_>>()?;
    let (body,) = conn.one("SELECT body FROM delivery_contents WHERE delivery_id = $1", &params![id]).await?;
    Ok(Detail { shown, body, attempts })
}

async fn find(conn: &Conn, scope: &Scope, id: &str) -> Result<Shown> {
    let sql = format!("SELECT {COLUMNS} WHERE {VISIBLE} AND d.id = $3");
    let row = conn.opt(&sql, &params![scope.owner(), scope.configuration(), id]).await?;
    Shown::new(scope, row.ok_or_else(|| Error::not_found("Delivery"))?)
}

/// Sends a delivery again, whatever became of it: it is due now, and tried for another day. A try of before that is still under way
/// settles nothing of it.
///
/// # Errors
/// 404 as `get`; 403 where it goes to somebody else's integration; 409 `receiver_gone` where nobody is left who would send it, or
/// `call_answered` for a call that a partner has answered.
pub async fn redeliver(core: &Core, scope: &Scope, id: &str) -> Result<Shown> {
    let now = core.clock.now();
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let found = find(tx, &scope, &id).await?;
            found.drivable()?;
            reachable(tx, &core, &found.delivery).await?;
            renew(tx, &found.delivery.id, now, now).await?;
            find(tx, &scope, &id).await
        })
        .await
}

/// Makes it pending for another day, which tells this order from those before.
pub(crate) async fn renew(tx: &Conn, id: &DeliveryId, now: Millis, due: Millis) -> Result<bool> {
    let sql = "UPDATE deliveries SET state = 'pending', due_at = $2,
        retry_until = CASE WHEN retry_until < $3 THEN $3 ELSE retry_until + 1 END
      WHERE id = $1";
    Ok(tx.execute(sql, &params![id, due, now + RETRIED_FOR]).await? == 1)
}

/// An event can be sent to an endpoint that is not subscribed any more. A piece of the log stream needs its drain, and a shell must be
/// there to take what is for it.
async fn reachable(tx: &Conn, core: &Core, delivery: &Delivery) -> Result<()> {
    let (there, gone) = match delivery.kind {
        Kind::Webhook => return Ok(()),
        Kind::Partner => return calls::require_open(tx, core, &delivery.id).await,
        Kind::Drain => (
            drains::cursors::reads(tx, delivery).await?,
            "The drain that it was for was deleted, or does not get these events any more",
        ),
        Kind::Listener => (
            listeners::is_there(tx, delivery.source()).await?,
            "The shell that it was for listens no more: start pintle listen and trigger the event again",
        ),
    };
    if there { Ok(()) } else { Err(Error::conflict("receiver_gone", gone)) }
}

/// Ends a pending delivery. A try that is under way may still arrive.
///
/// # Errors
/// 404 as `get`; 403 where it goes to somebody else's integration; 409 `delivery_finished` where it is not pending.
pub async fn cancel(core: &Core, scope: &Scope, id: &str) -> Result<Shown> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.to_owned());
    core.clone()
        .db
        .write(async move |tx| {
            let found = find(tx, &scope, &id).await?;
            found.drivable()?;
            if !found.is_pending() {
                let text = format!("The delivery is {} already", found.state);
                return Err(Error::conflict("delivery_finished", text));
            }
            cancel_one(tx, &found.delivery.id).await?;
            if found.delivery.kind == Kind::Partner {
                calls::give_up(tx, &core, &found.delivery.id).await?;
            }
            find(tx, &scope, &id).await
        })
        .await
}

const CANCEL: &str = "UPDATE deliveries SET state = 'canceled', due_at = NULL";

/// Ends what is pending for a source that its owner takes away.
pub(crate) async fn cancel_of(tx: &Conn, source: &str) -> Result<()> {
    let sql = format!("{CANCEL} WHERE source_id = $1 AND state = 'pending'");
    tx.execute(&sql, &params![source]).await?;
    Ok(())
}

/// Ends one that is pending, whoever it is for.
pub(crate) async fn cancel_one(tx: &Conn, id: &DeliveryId) -> Result<()> {
    let sql = format!("{CANCEL} WHERE id = $1 AND state = 'pending'");
    tx.execute(&sql, &params![id]).await?;
    Ok(())
}

/// Ends the pieces of one stream, `log` or `trace`, that are pending for a drain which does not get it any more.
pub(crate) async fn cancel_of_stream(tx: &Conn, drain: &DrainId, stream: &str) -> Result<()> {
    let sql = format!(
        "{CANCEL} WHERE source_id = $1 AND state = 'pending' AND EXISTS
           (SELECT 1 FROM delivery_contents c
            WHERE c.delivery_id = deliveries.id AND c.doc LIKE '%\"stream\":\"' || $2 || '\"%')"
    );
    tx.execute(&sql, &params![drain, stream]).await?;
    Ok(())
}

/// Ends what is pending for the drains of an installation that is about to be removed: nobody reads their stream any more. Events that
/// wait for its webhooks happened while it was there, and are still told.
pub(crate) async fn cancel_of_drains(tx: &Conn, configuration: &ConfigurationId) -> Result<()> {
    let sql = format!(
        "{CANCEL} WHERE state = 'pending' AND source_id IN (SELECT id FROM drains WHERE configuration_id = $1)"
    );
    tx.execute(&sql, &params![configuration]).await?;
    Ok(())
}

/// The same for all drains and shells of an owner that is about to be deleted.
pub(crate) async fn cancel_of_owner(tx: &Conn, owner: &OwnerId) -> Result<()> {
    let sql = format!(
        "{CANCEL} WHERE state = 'pending' AND source_id IN
           (SELECT id FROM drains WHERE owner_id = $1 UNION ALL SELECT id FROM listeners WHERE owner_id = $1)"
    );
    tx.execute(&sql, &params![owner]).await?;
    Ok(())
}

/// Forgets deliveries that were finished long ago, and listeners that do not come back; answers how many deliveries. A busy drain has
/// several a second, so those that arrived are kept for a day only.
pub async fn sweep(core: &Core) -> Result<u64> {
    let now = core.clock.now();
    let today = core.clock.unmoved();
    core.db.write(async move |tx| listeners::sweep(tx, today).await).await?;
    let finished = forget(core, now - KEPT, "due_at IS NULL AND state <> 'pending'").await?;
    Ok(finished + forget(core, now - KEPT_OF_DRAINS, "kind = 'drain' AND state = 'delivered'").await?)
}

/// Forgets what is older and as `which` says, a few at a time: others want to write too.
async fn forget(core: &Core, before: Millis, which: &'static str) -> Result<u64> {
    let sql = format!(
        "DELETE FROM deliveries WHERE id IN
           (SELECT id FROM deliveries WHERE created_at < $1 AND {which} ORDER BY created_at LIMIT {STEP})"
    );
    let mut forgotten = 0;
    loop {
        let sql = sql.clone();
        let step = core.db.write(async move |tx| Ok::<_, Error>(tx.execute(&sql, &params![before]).await?));
        let count = step.await?;
        forgotten += count;
        if count < STEP {
            return Ok(forgotten);
        }
    }
}
