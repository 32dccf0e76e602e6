//! How much a plan lets be paid ahead (semantics.md 1.5).

use super::money::Amount;
use crate::ids::ConfigurationId;
use crate::marketplace::plans::{BillingPlan, PlanKind};
use crate::{Error, Result};
use pintle_store::{Conn, params};
use serde::Deserialize;
use serde_json::Value as Json;

/// That so much can be paid ahead at once; `field` is where the amount stands.
///
/// # Errors
/// 400 for a plan that is not paid ahead, and for less or more than it takes.
pub(crate) fn check(plan: &BillingPlan, field: &str, amount: Amount) -> Result<()> {
    let name = &plan.name;
    if plan.kind != PlanKind::Prepayment {
        return Err(Error::bad_request(format!("The plan `{name}` is not paid beforehand")));
    }
    if let Some(least) = known(plan.minimum_amount.as_ref()).filter(|least| amount < *least) {
        let text = format_args!("`{field}` should be at least {least} USD for the plan `{name}`.");
        return Err(Error::invalid(text));
    }
    if let Some(most) = known(plan.maximum_amount.as_ref()).filter(|most| amount > *most) {
        let text = format_args!("`{field}` should be at most {most} USD for the plan `{name}`.");
        return Err(Error::invalid(text));
    }
    Ok(())
}

/// The same by the plan's id, of an installation or with the partner's id one of its resources; a plan that neither is on says nothing.
///
/// # Errors
/// As [`check`].
pub(super) async fn check_by_id(
    conn: &Conn,
    installation: &ConfigurationId,
    resource: Option<&str>,
    id: &str,
    (field, amount): (&str, Amount),
) -> Result<()> {
    match plan(conn, installation, resource, id).await? {
        Some(plan) => check(&plan, field, amount),
        None => Ok(()),
    }
}

/// How much is bought in a month without anybody's order, where the plan says that.
pub(super) fn by_itself(plan: &BillingPlan) -> Option<Amount> {
    known(plan.maximum_amount_auto_purchase_per_period.as_ref())
}

/// What a partner tells of the plan that something is on may be for people: then it is no limit.
fn known(text: Option<&String>) -> Option<Amount> {
    text.and_then(|text| Amount::parse(text))
}

/// The plan of this id that an installation is on, or with the partner's id one of its resources; `None` where neither is on it.
pub(super) async fn plan(
    conn: &Conn,
    installation: &ConfigurationId,
    resource: Option<&str>,
    id: &str,
) -> Result<Option<BillingPlan>> {
    let sql = "SELECT doc FROM resources WHERE configuration_id = $1 AND partner_id = $2
      UNION ALL SELECT doc FROM configurations WHERE id = $1";
    let rows: Vec<(String,)> = conn.all(sql, &params![installation, resource]).await?;
    for (doc,) in rows {
        let OnPlan { billing_plan } = serde_json::from_str(&doc)?;
        let plan = billing_plan.filter(|plan| plan["id"] == id);
        // Where the partner has left open what it is, only its id and name are known.
        if let Some(plan) = plan.and_then(|plan| serde_json::from_value(plan).ok()) {
            return Ok(Some(plan));
        }
    }
    Ok(None)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnPlan {
    billing_plan: Option<Json>,
}
