//! Running a call: mint a token, send, and draw the consequences in the transaction that records the try.

use super::{Call, LEASE, Operation, Stored, bugs, redact, settle};
use crate::clock::Millis;
use crate::configurations::removal;
use crate::deliveries::{self, Attempt, Delivery, Headers, Pauses, State, Try};
use crate::ids::DeliveryId;
use crate::marketplace::Outcome;
use crate::marketplace::partner::{self, Asked, PATIENCE, PAUSE, QUICK, Question};
use crate::{Core, Error, Kind, Result};
use http::{Method, header};
use pintle_store::{Conn, params};
use std::sync::atomic::AtomicU32;
use std::time::Instant;

/// A call that waits to be run.
struct Open {
    stored: Stored,
    /// Where the partner was when it was written down.
    url: String,
    body: Option<String>,
    /// The tries before.
    tries: i64,
    retry_until: Millis,
}

/// Runs a call that was intended, and answers what became of it: for somebody who waits, so twice in quick succession where it is new.
/// Who comes second gets the first one's outcome.
///
/// # Errors
/// 404 where there is no such call; where the database fails, and then the call is due again.
pub async fn run(core: &Core, id: &DeliveryId) -> Result<Outcome> {
    let began = Instant::now();
    let mut tried = 0;
    loop {
        let open = match Open::load(core, id).await? {
            Ok(open) => open,
            Err(outcome) => return Ok(outcome),
        };
        let operation = open.stored.call.operation;
        operation.comes_to("intended");
        let asked = open.ask(core, began).await;
        operation.comes_to("asked");
        tried += 1;
        let again = open.tries == 0 && tried < QUICK && partner::worth_another(&asked.answer);
        let outcome = record(core, &open, &asked, again).await?;
        operation.comes_to("settled");
        if !again {
            return Ok(outcome);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Open {
    /// The call, or what became of it.
    async fn load(core: &Core, id: &DeliveryId) -> Result<Result<Self, Outcome>> {
        let sql = "SELECT d.state, d.tries, d.retry_until, c.body, c.secret, c.doc, p.doc
          FROM partner_calls p JOIN deliveries d ON d.id = p.id JOIN delivery_contents c ON c.delivery_id = p.id
          WHERE p.id = $1";
        type Row = (String, i64, Millis, Option<String>, Option<Vec<u8>>, String, String);
        let conn = core.db.read().await?;
        let row: Option<Row> = conn.opt(sql, &params![id]).await?;
        let (state, tries, retry_until, body, secret, delivery, doc) =
            row.ok_or_else(|| Error::not_found("Delivery"))?;
        if state != State::Pending.as_str() {
            let kept = outcome(&conn, core, id).await?;
            return Ok(Err(kept.unwrap_or_else(ended)));
        }
        let stored: Stored = serde_json::from_str(&doc)?;
        let Delivery { url, .. } = serde_json::from_str(&delivery)?;
        let body = match secret.filter(|_| stored.sealed) {
            Some(sealed) => Some(core.vault.open_text(stored.call.configuration.as_str(), &sealed)?),
            None => body,
        };
        Ok(Ok(Self { stored, url, body, tries, retry_until }))
    }

    async fn ask(&self, core: &Core, began: Instant) -> Asked {
        let Stored { call, method, path, .. } = &self.stored;
        let key = bugs::key(core, call);
        let question = Question {
            integration: &call.integration,
            installation: Some(&call.configuration),
            actor: &call.actor,
            speaker: call.operation.speaker(),
            method: method.parse().unwrap_or(Method::POST),
            path,
            then: Some(&self.url),
            key: Some(key.as_str()),
            body: self.body.clone(),
        };
        partner::ask(core, &question, PATIENCE.saturating_sub(began.elapsed())).await
    }

    /// When it is tried again; `None` where its time is up.
    fn due(&self, core: &Core, asked: &Asked) -> Option<Millis> {
        Pauses::OF_PARTNERS.next(core, self.tries, asked.answer.as_ref().ok(), self.retry_until)
    }
}

/// Records a try and draws its consequences. `again`: the same run tries once more at once, so nothing follows yet.
async fn record(core: &Core, open: &Open, asked: &Asked, again: bool) -> Result<Outcome> {
    let due = open.due(core, asked);
    let outcome = match Outcome::of(&asked.answer) {
        Outcome::Unknown { reason, .. } => Outcome::Unknown { reason, given_up: due.is_none() },
        known => known,
    };
    let made = shown(open, asked);
    if again {
        return note(core, &open.stored.call, &made, outcome).await;
    }
    match write(core, &open.stored.call, &made, outcome, due).await {
        // The partner says that it did something, but not what: so nothing can follow from it yet.
        Err(error) if error.kind != Kind::Internal => {
            let reason = format!("its answer cannot be: {}", error.message);
            let unusable = Outcome::Unknown { reason, given_up: due.is_none() };
            write(core, &open.stored.call, &made, unusable, due).await
        }
        written => written,
    }
}

/// Records a try that another follows at once: the call stays in the hands of this run.
async fn note(core: &Core, call: &Call, made: &Try<'_>, outcome: Outcome) -> Result<Outcome> {
    let held = core.clock.now() + LEASE;
    let attempt = Attempt::new(call.id.clone(), None, made, State::Pending, Some(held));
    core.db.write(async move |tx| deliveries::record(tx, &attempt).await).await?;
    Ok(outcome)
}

async fn write(
    core: &Core,
    call: &Call,
    made: &Try<'_>,
    outcome: Outcome,
    due: Option<Millis>,
) -> Result<Outcome> {
    let made = match &outcome {
        Outcome::Unknown { reason, .. } if made.error.is_none() => {
            Try { error: Some(reason.clone()), ..made.clone() }
        }
        _ => made.clone(),
    };
    let state = match &outcome {
        Outcome::Answered { .. } => State::Delivered,
        Outcome::Unknown { given_up: false, .. } => State::Pending,
        Outcome::Refused { .. } | Outcome::Unknown { .. } => State::Failed,
    };
    let due = due.filter(|_| state == State::Pending);
    bugs::before(core, call, &made, state).await?;
    let attempt = Attempt::new(call.id.clone(), None, &made, state, due);
    let (core, call, lost) = (core.clone(), call.clone(), AtomicU32::new(0));
    core.clone()
        .db
        .write(async move |tx| {
            if call.operation == Operation::DeleteInstallation {
                removal::go_first(tx, &lost).await?;
            }
            if let Some(earlier) = self::outcome(tx, &core, &call.id).await?.filter(Outcome::is_known) {
                return Ok(earlier);
            }
            deliveries::record(tx, &attempt).await?;
            conclude(tx, &core, &call, &outcome).await?;
            call.operation.comes_to("settling");
            Ok(outcome.clone())
        })
        .await
}

/// Draws the consequences of an outcome, and keeps it where it is the last.
async fn conclude(tx: &Conn, core: &Core, call: &Call, outcome: &Outcome) -> Result<()> {
    settle::settle(tx, core, call, outcome).await?;
    if !outcome.ends() {
        return Ok(());
    }
    let text = serde_json::to_vec(outcome)?;
    let sealed = core.vault.seal(call.id.as_str(), &text, &core.entropy)?;
    let sql = "UPDATE partner_calls SET outcome = $2 WHERE id = $1";
    tx.execute(sql, &params![&call.id, sealed]).await?;
    if outcome.is_known() {
        // Nobody sends it any more.
        tx.execute("UPDATE delivery_contents SET secret = NULL WHERE delivery_id = $1", &params![&call.id])
            .await?;
    }
    Ok(())
}

/// Somebody ended it. Should a try that is under way be answered, that still counts.
pub(crate) async fn give_up(tx: &Conn, core: &Core, id: &DeliveryId) -> Result<()> {
    let stored = Stored::load(tx, id).await?.ok_or_else(|| Error::not_found("Delivery"))?;
    conclude(tx, core, &stored.call, &ended()).await
}

fn ended() -> Outcome {
    Outcome::Unknown { reason: "somebody ended it".into(), given_up: true }
}

/// What became of a call, where that is kept.
pub(super) async fn outcome(conn: &Conn, core: &Core, id: &DeliveryId) -> Result<Option<Outcome>> {
    let sql = "SELECT outcome FROM partner_calls WHERE id = $1";
    let row: Option<(Option<Vec<u8>>,)> = conn.opt(sql, &params![id]).await?;
    let Some(sealed) = row.and_then(|(sealed,)| sealed) else { return Ok(None) };
    Ok(Some(serde_json::from_str(&core.vault.open_text(id.as_str(), &sealed)?)?))
}

/// The try as it is kept.
fn shown<'a>(open: &Open, asked: &'a Asked) -> Try<'a> {
    let hidden = [header::AUTHORIZATION.as_str(), header::SET_COOKIE.as_str()];
    let secret = open.stored.sealed || open.stored.call.operation.answers_secrets();
    let response = asked.answer.as_ref().ok();
    Try {
        at: asked.at,
        duration_ms: asked.took.as_millis() as Millis,
        status: response.map(|response| response.status),
        error: asked.answer.as_ref().err().map(ToString::to_string),
        request: deliveries::Exchange { headers: Headers::shown(&asked.sent, &hidden), body: None },
        response: response.map(|response| deliveries::Exchange {
            headers: Headers::shown(&response.headers, &hidden),
            body: Some(redact::answer(&response.body, !response.truncated, secret)),
        }),
    }
}
