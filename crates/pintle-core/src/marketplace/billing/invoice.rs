//! The record of an invoice, and how it goes from one state to the next.

use super::lines::{Discount, Item, Subject};
use super::moment::{Moment, Period};
use super::money::Amount;
use crate::clock::{DAY, Millis};
use crate::ids::{ConfigurationId, IntegrationId, InvoiceId, OwnerId, UserId};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// After which time without payment it is overdue (semantics.md 4.4).
pub const OVERDUE_AFTER: Millis = 15 * DAY;
/// How long a payment that failed is left alone.
pub const RETRY_AFTER: Millis = DAY;
/// A payment is tried again nine times.
pub const ATTEMPTS: u32 = 1 + 9;

/// What a partner sees (getInvoice).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    pub invoice_id: InvoiceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    pub state: State,
    pub invoice_number: String,
    pub invoice_date: Moment,
    pub period: Period,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    pub items: Vec<Item>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    pub total: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_total: Option<Amount>,
    pub created: Moment,
    pub updated: Moment,
}

/// What is stored, and what the team sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    #[serde(flatten)]
    pub invoice: Invoice,
    pub installation_id: ConfigurationId,
    pub integration_id: IntegrationId,
    pub owner_id: OwnerId,
    /// The owner is a personal account, not a team.
    pub personal: bool,
    /// On whose behalf the installation was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    pub purpose: Purpose,
    /// The partner's last one, for an installation that closes.
    #[serde(rename = "final", default, skip_serializing_if = "std::ops::Not::not")]
    pub last: bool,
    /// How often its payment has failed.
    pub attempts: u32,
    /// When it was first asked to be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Millis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The partner's bill for a plan that is paid for by the period.
    Subscription,
    /// Credits that the team buys ahead.
    Prepayment,
}

/// Of the contract's states these are met. Nothing stands between Pintle and a payment, so none is `draft`, `invoiced` or
/// `refund_requested`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its date is still ahead.
    Scheduled,
    /// To be paid.
    Pending,
    Paid,
    /// Its payment failed. It is tried again, unless that was done often enough.
    Notpaid,
    /// Not paid in time.
    Overdue,
    Refunded,
}

impl State {
    pub const ALL: [&'static str; 6] = ["scheduled", "pending", "paid", "notpaid", "overdue", "refunded"];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Scheduled => "scheduled",
            State::Pending => "pending",
            State::Paid => "paid",
            State::Notpaid => "notpaid",
            State::Overdue => "overdue",
            State::Refunded => "refunded",
        }
    }
}

/// What happens to an invoice.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Its date has come.
    Issue,
    /// It was paid.
    Pay,
    /// The payment failed.
    Fail,
    /// The payment is tried again.
    Retry,
    /// The time to pay it is over.
    Lapse,
    /// Nobody will pay it.
    Abandon,
    /// The partner gives back a part or all.
    Refund { reason: String, total: Amount },
}

impl Step {
    /// The webhook event that tells of it, and what whoever took it did to the invoice.
    pub fn told(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Step::Issue | Step::Retry => None,
            Step::Pay => Some(("marketplace.invoice.paid", "paid")),
            Step::Fail => Some(("marketplace.invoice.notpaid", "failed to pay")),
            Step::Abandon => Some(("marketplace.invoice.notpaid", "gave up")),
            Step::Lapse => Some(("marketplace.invoice.overdue", "found overdue")),
            Step::Refund { .. } => Some(("marketplace.invoice.refunded", "refunded")),
        }
    }
}

impl Record {
    /// Takes a step.
    ///
    /// # Errors
    /// 409 `invoice_state` where its state knows no such step; 400 for a refund of more than was paid.
    pub fn take(&mut self, step: &Step, now: Millis) -> Result<()> {
        use State::{Notpaid, Overdue, Paid, Pending, Refunded, Scheduled};
        self.invoice.state = match (self.invoice.state, step) {
            (Scheduled, Step::Issue) => {
                self.issued_at = Some(now);
                Pending
            }
            (Pending | Notpaid | Overdue, Step::Pay) => Paid,
            (Pending, Step::Fail) => {
                self.attempts += 1;
                Notpaid
            }
            (Overdue, Step::Fail) => self.abandoned(),
            (Scheduled | Pending | Notpaid | Overdue, Step::Abandon) => self.abandoned(),
            (Notpaid, Step::Retry) if self.is_open() => Pending,
            (Pending, Step::Lapse) => Overdue,
            (Notpaid, Step::Lapse) if self.is_open() => Overdue,
            (Paid, Step::Refund { reason, total }) => {
                self.refund(reason, *total)?;
                Refunded
            }
            (state, _) => return Err(wrong_state(state)),
        };
        self.invoice.updated = Moment(now);
        Ok(())
    }

    fn abandoned(&mut self) -> State {
        self.attempts = ATTEMPTS;
        State::Notpaid
    }

    fn refund(&mut self, reason: &str, total: Amount) -> Result<()> {
        if total > self.invoice.total || total == Amount::ZERO || !total.is_of_cents() {
            let most = self.invoice.total;
            return Err(Error::invalid(format_args!(
                "`total` should be more than 0, at most {most}, and in cents."
            )));
        }
        self.invoice.refund_reason = Some(reason.to_owned());
        self.invoice.refund_total = Some(total.in_cents());
        Ok(())
    }

    /// Whether something is still to happen: it holds up the end of its installation.
    pub fn is_open(&self) -> bool {
        match self.invoice.state {
            State::Scheduled | State::Pending | State::Overdue => true,
            State::Notpaid => self.attempts < ATTEMPTS,
            State::Paid | State::Refunded => false,
        }
    }

    /// When the clock takes the next step.
    pub fn due_at(&self) -> Option<Millis> {
        let lapses = self.issued_at.map(|at| at + OVERDUE_AFTER);
        match self.invoice.state {
            State::Scheduled => Some(self.invoice.invoice_date.0),
            State::Pending => lapses,
            State::Notpaid if self.is_open() => {
                let again = self.invoice.updated.0 + RETRY_AFTER;
                Some(lapses.map_or(again, |at| at.min(again)))
            }
            _ => None,
        }
    }

    /// The step that the clock takes then.
    pub fn due(&self, now: Millis) -> Option<Step> {
        self.due_at().filter(|at| *at <= now)?;
        match self.invoice.state {
            State::Scheduled => Some(Step::Issue),
            State::Notpaid if self.issued_at.is_none_or(|at| at + OVERDUE_AFTER > now) => Some(Step::Retry),
            _ => Some(Step::Lapse),
        }
    }

    /// As its partner sees it: the contract's state for what is overdue is `notpaid`, and older clients know no other.
    pub fn for_partner(mut self) -> Invoice {
        if self.invoice.state == State::Overdue {
            self.invoice.state = State::Notpaid;
        }
        self.invoice
    }

    /// The payload of its events (semantics.md 5.4).
    pub fn payload(&self) -> Json {
        let Invoice { invoice_id, external_id, period, invoice_date, total, .. } = &self.invoice;
        let id = &self.installation_id;
        let mut payload = json!({
            "configuration": { "id": id }, "installationId": id, "invoiceId": invoice_id,
            "externalInvoiceId": external_id, "period": period,
        });
        match self.invoice.state {
            State::Refunded => {
                payload["amount"] = json!(self.invoice.refund_total);
                payload["reason"] = json!(self.invoice.refund_reason);
            }
            _ => {
                payload["invoiceDate"] = json!(invoice_date);
                payload["invoiceTotal"] = json!(total);
            }
        }
        if let Some(user) = &self.user_id {
            payload["user"] = json!({ "id": user });
        }
        payload
    }

    /// What it is for, each once.
    pub fn subjects(&self) -> Vec<Subject<'_>> {
        let mut subjects: Vec<Subject<'_>> = Vec::new();
        for item in &self.invoice.items {
            let subject = item.subject(self.invoice.period);
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects
    }
}

fn wrong_state(state: State) -> Error {
    Error::conflict("invoice_state", format!("An invoice that is {} cannot do this", state.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Notpaid, Overdue, Paid, Pending, Refunded, Scheduled};

    const START: Millis = 1_000 * DAY;

    fn record(state: State, attempts: u32) -> Record {
        let record = json!({
            "invoiceId": "mi_1", "state": state, "invoiceNumber": "PNT-1", "invoiceDate": "1972-09-28T00:00:00Z",
            "period": { "start": "1972-09-27T00:00:00Z", "end": "1972-10-27T00:00:00Z" }, "items": [], "total": "20.00",
            "created": "1972-09-27T00:00:00Z", "updated": "1972-09-27T00:00:00Z", "installationId": "icfg_1",
            "integrationId": "oac_1", "ownerId": "team_1", "personal": false, "purpose": "subscription",
            "attempts": attempts, "issuedAt": START,
        });
        serde_json::from_value(record).unwrap()
    }

    fn refund(total: &str) -> Step {
        Step::Refund { reason: "Down".into(), total: Amount::parse(total).unwrap() }
    }

    /// Where a step leads from each state; `None`: it is refused.
    #[test]
    fn every_transition() {
        let last = ATTEMPTS;
        let states = [
            (Scheduled, 0),
            (Pending, 0),
            (Notpaid, 1),
            (Notpaid, last),
            (Overdue, 1),
            (Paid, 0),
            (Refunded, 0),
        ];
        let table = [
            (Step::Issue, [Some(Pending), None, None, None, None, None, None]),
            (Step::Pay, [None, Some(Paid), Some(Paid), Some(Paid), Some(Paid), None, None]),
            (Step::Fail, [None, Some(Notpaid), None, None, Some(Notpaid), None, None]),
            (Step::Retry, [None, None, Some(Pending), None, None, None, None]),
            (Step::Lapse, [None, Some(Overdue), Some(Overdue), None, None, None, None]),
            (
                Step::Abandon,
                [Some(Notpaid), Some(Notpaid), Some(Notpaid), Some(Notpaid), Some(Notpaid), None, None],
            ),
            (refund("20"), [None, None, None, None, None, Some(Refunded), None]),
            (refund("20.01"), [None; 7]),
        ];
        for (step, expected) in table {
            for ((state, attempts), expected) in states.into_iter().zip(expected) {
                let before = record(state, attempts);
                let mut after = before.clone();
                let taken = after.take(&step, START + DAY).is_ok();
                assert_eq!(
                    taken.then_some(after.invoice.state),
                    expected,
                    "{step:?} from {state:?}, {attempts}"
                );
                assert!(
                    taken || after == before,
                    "{step:?} from {state:?} was refused and changed something"
                );
            }
        }
    }

    #[test]
    fn what_is_open_and_what_the_clock_does_next() {
        let table = [
            (record(Scheduled, 0), true, Some(1_001 * DAY), Some(Step::Issue)),
            (record(Pending, 0), true, Some(START + 15 * DAY), Some(Step::Lapse)),
            (record(Notpaid, 1), true, Some(START + DAY), Some(Step::Retry)),
            (record(Notpaid, ATTEMPTS), false, None, None),
            (record(Overdue, 1), true, None, None),
            (record(Paid, 0), false, None, None),
            (record(Refunded, 0), false, None, None),
        ];
        for (record, open, due_at, step) in table {
            let state = record.invoice.state;
            assert_eq!((record.is_open(), record.due_at()), (open, due_at), "{state:?}");
            assert_eq!(due_at.and_then(|at| record.due(at)), step, "{state:?}");
            assert_eq!(due_at.and_then(|at| record.due(at - 1)), None, "{state:?}");
        }
        // The last day to pay comes before the next try.
        let mut late = record(Notpaid, 1);
        late.invoice.updated = Moment(START + 14 * DAY + 1);
        assert_eq!((late.due_at(), late.due(START + 15 * DAY)), (Some(START + 15 * DAY), Some(Step::Lapse)));
    }
}
