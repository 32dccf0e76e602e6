//! Billing plans: what a partner offers for an installation or a resource (semantics.md 1.5).

use crate::clock;
use crate::integrations::Policy;
use crate::marketplace::billing::Amount;
use crate::{Error, Result, validate, violation};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// A plan as the wire shows it. Amounts are decimal texts in USD; only the one to authorize beforehand is a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BillingPlan {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: PlanKind,
    #[serde(default)]
    pub scope: PlanScope,
    pub name: String,
    pub description: String,
    #[serde(default = "by_default")]
    pub payment_method_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preauthorization_amount: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_charge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_amount_auto_purchase_per_period: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Detail>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highlighted_details: Option<Vec<Detail>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Vec<QuoteLine>>,
    /// ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    /// It is shown, and cannot be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// What choosing it needs to be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_policies: Option<Vec<Policy>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanKind {
    Prepayment,
    Subscription,
}

/// What a plan is chosen for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanScope {
    Installation,
    #[default]
    Resource,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteLine {
    pub line: String,
    pub amount: String,
}

fn by_default() -> bool {
    true
}

impl BillingPlan {
    /// Reads a plan that somebody sent; `path` is where it stands. What the contract does not know is left out.
    ///
    /// # Errors
    /// 400 with the first violation.
    pub fn read(path: &str, value: &Json) -> Result<Self> {
        let plan = Self::parse(path, value)?;
        plan.check(path)?;
        Ok(plan)
    }

    /// Reads the plan that something is on, as its partner tells: that may leave out more than an offer, and its amounts are for people.
    /// `scope` is what it is for where it does not say.
    ///
    /// # Errors
    /// 400 with the first violation.
    pub fn told(path: &str, value: &Json, scope: PlanScope) -> Result<Self> {
        let mut whole = json!({ "description": "", "scope": scope });
        match (whole.as_object_mut(), value) {
            (Some(whole), Json::Object(told)) => whole.extend(told.clone()),
            _ => whole = value.clone(),
        }
        let plan = Self::parse(path, &whole)?;
        plan.check_names(path)?;
        Ok(plan)
    }

    fn parse(path: &str, value: &Json) -> Result<Self> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let inner = error.path().to_string();
            let place = if inner == "." { path.to_owned() } else { format!("{path}.{inner}") };
            Error::invalid(violation::of(&place, &error.inner().to_string()))
        })
    }

    fn check_names(&self, path: &str) -> Result<()> {
        validate::length(&format!("{path}.id"), &self.id, 256)?;
        validate::length(&format!("{path}.name"), &self.name, 1_024)
    }

    fn check(&self, path: &str) -> Result<()> {
        self.check_names(path)?;
        let amounts = [
            ("initialCharge", &self.initial_charge),
            ("minimumAmount", &self.minimum_amount),
            ("maximumAmount", &self.maximum_amount),
            ("maximumAmountAutoPurchasePerPeriod", &self.maximum_amount_auto_purchase_per_period),
        ];
        for (field, amount) in amounts {
            amount.as_ref().map_or(Ok(()), |text| check_amount(&format!("{path}.{field}"), text))?;
        }
        if self.preauthorization_amount.is_some_and(|amount| amount < 0.0) {
            return Err(Error::invalid(format_args!("`{path}.preauthorizationAmount` should be >= 0.")));
        }
        if self.effective_date.as_ref().is_some_and(|date| clock::parse(date).is_none()) {
            let field = format_args!("`{path}.effectiveDate`");
            return Err(Error::invalid(format_args!("{field} should match format \"date-time\".")));
        }
        Ok(())
    }
}

/// The plan of this id.
///
/// # Errors
/// 400 `billing_plan_required` where it is not offered.
pub(super) fn offered<'a>(id: &str, plans: &'a [BillingPlan]) -> Result<&'a BillingPlan> {
    let found = plans.iter().find(|plan| plan.id == id && plan.disabled != Some(true));
    found.ok_or_else(|| no_plan(Some(id), plans))
}

/// What speaks against a plan that is not offered, or against none where none is free: 400 `billing_plan_required`.
pub(super) fn no_plan(wanted: Option<&str>, offered: &[BillingPlan]) -> Error {
    let ids: Vec<&str> = offered.iter().map(|plan| plan.id.as_str()).collect();
    let text = match wanted {
        Some(id) => format!("The plan `{id}` is not offered; there are: {}", ids.join(", ")),
        None => format!("No plan is free: name `billingPlanId`, one of: {}", ids.join(", ")),
    };
    Error::bad_request(text).coded("billing_plan_required").with("billingPlanIds", ids)
}

/// An amount in USD as the wire has it: `12.50`.
fn check_amount(field: &str, text: &str) -> Result<()> {
    let amount = Amount::parse(text.strip_prefix('-').unwrap_or(text));
    amount.map(drop).ok_or_else(|| {
        Error::invalid(format_args!("`{field}` should match pattern \"^-?[0-9]+(\\.[0-9]+)?$\"."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_gets_its_defaults_and_loses_what_nobody_knows() {
        let sent = json!({ "id": "pro", "type": "subscription", "name": "Pro", "description": "All", "color": "red" });
        let plan = BillingPlan::read("plans[0]", &sent).unwrap();
        let shown = json!({
            "id": "pro", "type": "subscription", "scope": "resource", "name": "Pro", "description": "All",
            "paymentMethodRequired": true,
        });
        assert_eq!(serde_json::to_value(&plan).unwrap(), shown);
        let whole = json!({
            "id": "pre", "type": "prepayment", "scope": "installation", "name": "Pre", "description": "",
            "paymentMethodRequired": false, "preauthorizationAmount": 5.0, "initialCharge": "1.00", "minimumAmount": "10.00",
            "maximumAmount": "100.00", "maximumAmountAutoPurchasePerPeriod": "50", "cost": "$1 each",
            "details": [{ "label": "Size", "value": "1 GB" }], "highlightedDetails": [{ "label": "Fast" }],
            "quote": [{ "line": "Base", "amount": "1.00" }], "effectiveDate": "2026-01-01T00:00:00.000Z", "disabled": true,
            "requiredPolicies": [{ "id": "dpa", "name": "DPA", "url": "https://partner.example/dpa" }],
        });
        let plan = BillingPlan::read("billingPlan", &whole).unwrap();
        assert_eq!(serde_json::to_value(&plan).unwrap(), whole);
    }

    #[test]
    fn what_is_wrong_with_a_plan_is_named() {
        let cases = [
            (json!({ "id": null }), "`plans[2].id` should be string."),
            (json!({ "id": "" }), "`plans[2].id` should NOT be shorter than 1 characters."),
            (
                json!({ "type": "free" }),
                "`plans[2].type` should be equal to one of the allowed values \"prepayment, subscription\".",
            ),
            (
                json!({ "minimumAmount": "ten" }),
                "`plans[2].minimumAmount` should match pattern \"^-?[0-9]+(\\.[0-9]+)?$\".",
            ),
            (json!({ "preauthorizationAmount": -1 }), "`plans[2].preauthorizationAmount` should be >= 0."),
            (
                json!({ "effectiveDate": "soon" }),
                "`plans[2].effectiveDate` should match format \"date-time\".",
            ),
            (json!({ "details": [{}] }), "missing required property `plans[2].details[0].label`."),
        ];
        for (change, message) in cases {
            let mut plan = json!({ "id": "a", "type": "subscription", "name": "A", "description": "" });
            plan.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let error = BillingPlan::read("plans[2]", &plan).unwrap_err();
            assert_eq!(error.message, format!("Invalid request: {message}"), "{plan}");
        }
        let error = BillingPlan::read("plans[0]", &json!("free")).unwrap_err();
        assert_eq!(error.message, "Invalid request: `plans[0]` should be object.");
    }

    #[test]
    fn an_amount_is_a_decimal_number() {
        for (text, good) in
            [("0", true), ("12.50", true), ("-0.000001", true), ("", false), (".5", false), ("1e3", false)]
        {
            assert_eq!(check_amount("amount", text).is_ok(), good, "{text}");
        }
        for text in ["-", "--1", "5.", "+1", "$1"] {
            check_amount("amount", text).unwrap_err();
        }
    }

    #[test]
    fn a_plan_that_is_told_of_may_say_less_than_an_offer() {
        let told = json!({ "id": "pro", "type": "subscription", "name": "Pro", "minimumAmount": "$10", "color": "red" });
        let plan = BillingPlan::told("billingPlan", &told, PlanScope::Installation).unwrap();
        let kept = json!({
            "id": "pro", "type": "subscription", "scope": "installation", "name": "Pro", "description": "",
            "paymentMethodRequired": true, "minimumAmount": "$10",
        });
        assert_eq!(serde_json::to_value(&plan).unwrap(), kept);
        let wrong = [
            (json!({ "details": "x" }), "`billingPlan.details` should be array."),
            (
                json!({ "highlightedDetails": [{ "label": 1 }] }),
                "`billingPlan.highlightedDetails[0].label` should be string.",
            ),
            (json!({ "quote": {} }), "`billingPlan.quote` should be array."),
            (json!({ "minimumAmount": 10 }), "`billingPlan.minimumAmount` should be string."),
            (json!({ "name": "" }), "`billingPlan.name` should NOT be shorter than 1 characters."),
        ];
        for (change, message) in wrong {
            let mut plan = told.clone();
            plan.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let error = BillingPlan::told("billingPlan", &plan, PlanScope::Resource).unwrap_err();
            assert_eq!(error.message, format!("Invalid request: {message}"), "{plan}");
        }
    }
}
