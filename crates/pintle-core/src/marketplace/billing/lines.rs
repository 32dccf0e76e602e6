//! The lines of bills: what costs how much, and what is taken off.

use super::moment::{Moment, Period};
use super::money::Amount;
use serde::{Deserialize, Serialize};
use serde_json::Number;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    pub billing_plan_id: String,
    /// The partner's id; absent: it is for the installation as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Where they differ from the bill's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Moment>,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Of one unit.
    pub price: Amount,
    pub quantity: Number,
    pub units: String,
    pub total: Amount,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Discount {
    pub billing_plan_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Moment>,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    pub amount: Amount,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Empty for the installation as a whole.
    pub resource: &'a str,
    pub plan: &'a str,
    pub period: Period,
}

impl Item {
    pub fn subject(&self, bill: Period) -> Subject<'_> {
        subject(self.resource_id.as_deref(), &self.billing_plan_id, self.start, self.end, bill)
    }
}

impl Discount {
    pub fn subject(&self, bill: Period) -> Subject<'_> {
        subject(self.resource_id.as_deref(), &self.billing_plan_id, self.start, self.end, bill)
    }
}

fn subject<'a>(
    resource: Option<&'a str>,
    plan: &'a str,
    start: Option<Moment>,
    end: Option<Moment>,
    bill: Period,
) -> Subject<'a> {
    let period = Period { start: start.unwrap_or(bill.start), end: end.unwrap_or(bill.end) };
    Subject { resource: resource.unwrap_or_default(), plan, period }
}
