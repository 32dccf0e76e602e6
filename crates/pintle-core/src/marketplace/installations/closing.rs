//! The end on the partner's side: a window for final invoices, and what ends it (semantics.md 3.5).

use super::{Installation, State, find, load};
use crate::clock::{DAY, Millis};
use crate::configurations::{self, Configuration};
use crate::ids::ConfigurationId;
use crate::marketplace::billing;
use crate::{Core, Error, Kind, Result, Scope, planted};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// How long a partner may send final invoices.
pub const WINDOW: Millis = DAY;

/// What is known of the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// The configuration as it was when it was removed.
    pub configuration: Configuration,
    pub delete_requested_at: Millis,
    pub closes_at: Millis,
    pub partner: Told,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// What the partner said to the removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// It has not answered yet: it is told again for a day.
    Waiting,
    /// It took note, and may send final invoices.
    TookNote,
    /// It has nothing left to settle.
    Finalized,
    /// It does not know the installation.
    Unknown,
    /// It refused when the team's part had ended already.
    Refused,
    /// It did not answer for a day.
    Unreachable,
}

/// What ended the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The partner had nothing left to settle, or said so since.
    Finalized,
    WindowPassed,
    /// An owner of the team did not wait.
    Forced,
}

/// The team's part ends in this transaction: the partner's tokens are good for billing from now on, and only until it is closed.
pub(super) async fn begin(
    tx: &Conn,
    core: &Core,
    mut installation: Installation,
    configuration: &Configuration,
    partner: Told,
) -> Result<()> {
    let now = core.clock.now();
    let tokens = "INSERT INTO closing_tokens (id, installation_id) SELECT id, configuration_id FROM tokens WHERE configuration_id = $1";
    tx.execute(tokens, &params![&configuration.id]).await?;
    installation.state = State::Closing;
    installation.closing = Some(Closing {
        configuration: configuration.clone(),
        delete_requested_at: now,
        closes_at: now + WINDOW,
        partner,
        closed_at: None,
        end: None,
    });
    installation.save(tx).await?;
    if matches!(partner, Told::Finalized | Told::Unknown) {
        close(tx, core, installation, End::Finalized).await?;
    }
    Ok(())
}

/// Notes what the partner says to a removal when the team's part has ended already.
pub(super) async fn told(
    tx: &Conn,
    core: &Core,
    mut installation: Installation,
    partner: Told,
) -> Result<()> {
    let Some(closing) = &mut installation.closing else { return Ok(()) };
    closing.partner = partner;
    installation.save(tx).await?;
    if installation.state == State::Closing && matches!(partner, Told::Finalized | Told::Unknown) {
        close(tx, core, installation, End::Finalized).await?;
    }
    Ok(())
}

/// Closes an installation, unless an invoice is open; only force does not ask for that. Answers whether it is closed.
async fn close(tx: &Conn, core: &Core, mut installation: Installation, end: End) -> Result<bool> {
    let Some(closing) = &mut installation.closing else { return Ok(false) };
    let unasked = end == End::Forced || planted::on("closed-with-open-invoices");
    if !unasked && !billing::open_invoices(tx, &installation.id).await?.is_empty() {
        return Ok(false);
    }
    closing.closed_at = Some(core.clock.now());
    closing.end = Some(end);
    installation.state = State::Closed;
    installation.save(tx).await?;
    tx.execute("DELETE FROM closing_tokens WHERE installation_id = $1", &params![&installation.id]).await?;
    planted::point("close.writing");
    Ok(true)
}

/// The partner has nothing more to settle (`billing/finalize`).
///
/// # Errors
/// 400 before the removal, 410 `gone` after the end, 409 `invoices_open`, naming them.
pub async fn finalize(core: &Core, id: &ConfigurationId) -> Result<()> {
    let (core, id) = (core.clone(), id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let installation = load(tx, &id).await?;
            match installation.state {
                State::Closing => {}
                State::Closed => {
                    return Err(Error::new(Kind::Gone, "gone", "The installation is closed already"));
                }
                _ => return Err(Error::bad_request("The installation is not being removed")),
            }
            let open = billing::open_invoices(tx, &id).await?;
            match close(tx, &core, installation, End::Finalized).await? {
                true => Ok(()),
                false => Err(invoices_open(&open)),
            }
        })
        .await
}

pub(super) fn invoices_open(open: &[String]) -> Error {
    let text = format!("{} invoices are not settled yet: {}", open.len(), open.join(", "));
    Error::conflict("invoices_open", text).with("invoices", open.to_vec())
}

/// An owner does not wait for the partner: the installation is closed whatever is open.
///
/// # Errors
/// 404 where the scope's owner has no such installation that closes.
pub async fn force(core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<Json> {
    let (core, scope, id) = (core.clone(), scope.clone(), id.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let own = find(tx, &id).await?.filter(|found| found.owner_id == *scope.owner());
            let closing = own.filter(|found| found.state == State::Closing);
            let installation = closing.ok_or_else(|| Error::not_found("Removal that waits for its end"))?;
            close(tx, &core, installation, End::Forced).await?;
            Ok(shown(tx, &id).await?.unwrap_or_default())
        })
        .await
}

/// How the end stands, for the receipt: `None` for what has no partner.
pub async fn shown(conn: &Conn, id: &ConfigurationId) -> Result<Option<Json>> {
    let Some(Installation { state, closing: Some(closing), .. }) = find(conn, id).await? else {
        return Ok(None);
    };
    let open = billing::open_invoices(conn, id).await?;
    Ok(Some(json!({
        "state": state, "partner": closing.partner, "deleteRequestedAt": closing.delete_requested_at,
        "closesAt": closing.closes_at, "closedAt": closing.closed_at, "end": closing.end, "openInvoices": open,
    })))
}

/// getConfiguration of one that is removed and not closed: as it was, with `deleteRequestedAt`.
///
/// # Errors
/// 404 for any other.
pub(crate) async fn removed(conn: &Conn, scope: &Scope, id: &str) -> Result<String> {
    let installation = find(conn, &ConfigurationId::from(id)).await?;
    let own = installation.filter(|found| found.owner_id == *scope.owner() && found.state == State::Closing);
    let closing = own.and_then(|found| found.closing).ok_or_else(configurations::not_found)?;
    let mut shown = serde_json::to_value(&closing.configuration)?;
    shown["deleteRequestedAt"] = json!(closing.delete_requested_at);
    Ok(shown.to_string())
}

/// How many installations one transaction of the sweep closes.
const BATCH: i64 = 100;

/// The background job: closes what its window has passed for, unless the partner is still to be told or an invoice is open. Answers how
/// many it closed.
pub async fn sweep(core: &Core) -> Result<usize> {
    let (mut count, mut after) = (0, String::new());
    while let Some((closed, last)) = step(core, after).await? {
        count += closed;
        after = last;
    }
    Ok(count)
}

/// Closes what it can of one batch; answers how many, and where to go on.
async fn step(core: &Core, after: String) -> Result<Option<(usize, String)>> {
    let sql = "SELECT id, doc FROM installations WHERE closes_at <= $1 AND id > $2 ORDER BY id LIMIT $3";
    let (core, now) = (core.clone(), core.clock.now());
    core.clone()
        .db
        .write(async move |tx| {
            let rows: Vec<(String, String)> = tx.all(sql, &params![now, &after, BATCH]).await?;
            let Some((last, _)) = rows.last().cloned() else { return Ok(None) };
            let mut closed = 0;
            for (_, doc) in rows {
                let installation: Installation = serde_json::from_str(&doc)?;
                let waits =
                    installation.closing.as_ref().is_some_and(|closing| closing.partner == Told::Waiting);
                let waits = waits || planted::on("window-never-passes");
                if !waits && close(tx, &core, installation, End::WindowPassed).await? {
                    closed += 1;
                }
            }
            Ok(Some((closed, last)))
        })
        .await
}
