//! Money between a team and a partner: what the partner tells of usage and balances, what it bills, and what becomes of the bill.
//!
//! Pintle processes no payments. That an invoice was paid, or that this failed, is said by the team (`/pintle/v1/invoices`); the rest of
//! an invoice's life is the clock's and the partner's:
//!
//! ```text
//! submitted ─┬─ its date is ahead → scheduled ─ the date comes ─┐
//!            └──────────────────────────────────────────────────┴→ pending ─ paid ───→ paid ─ refunded by the partner → refunded
//!                                                                   │  ↑
//!                                                      payment failed  a day later, nine times
//!                                                                   ↓  │
//!                                                                 notpaid ─ paid → paid
//! pending or notpaid ─ fifteen days after it was to be paid → overdue ─ paid → paid
//!                                                               └ given up → notpaid, for good
//! ```
//!
//! Also given up is what nobody is left to pay: its team is deleted. A trial (`test`) goes the same ways, but holds up nothing.

pub mod balances;
mod invoice;
pub(crate) mod limits;
mod lines;
mod moment;
mod money;
pub mod purchase;
mod rows;
mod rules;
pub mod settle;
pub mod submit;
pub(crate) mod terms;
pub mod usage;

pub use invoice::{Invoice, Record, State, Step};
pub use moment::{Moment, Period};
pub use money::Amount;
pub(crate) use rows::hand_over;
pub use rows::open_invoices;

use crate::ids::{ConfigurationId, IntegrationId, UserId};
use crate::{Error, Result};
use pintle_store::{Conn, params};

/// An installation that can be billed.
struct Installation {
    id: ConfigurationId,
    integration: IntegrationId,
    /// Who made it; unknown once it is removed.
    user: Option<UserId>,
    closing: bool,
}

/// # Errors
/// 404 for one that is closed, or has no partner.
async fn require(conn: &Conn, id: &ConfigurationId) -> Result<Installation> {
    let sql = "SELECT i.integration_id, i.state, c.user_id FROM installations i LEFT JOIN configurations c ON c.id = i.id
      WHERE i.id = $1 AND i.state <> 'closed'";
    let row: Option<(String, String, Option<String>)> = conn.opt(sql, &params![id]).await?;
    let (integration, state, user) = row.ok_or_else(|| Error::not_found("Installation"))?;
    Ok(Installation {
        id: id.clone(),
        integration: IntegrationId::from(integration),
        user: user.map(UserId::from),
        closing: state == "closing",
    })
}
