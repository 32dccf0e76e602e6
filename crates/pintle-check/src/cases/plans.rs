//! Plans: what the user chooses from, and so what Pintle must be able to show.

use super::cases;
use crate::ask::{Answer, Ask};
use crate::expect::{Miss, Verdict, failed, fine, skipped};
use crate::world::World;
use serde_json::Value as Json;

cases! { pub(super) BEFORE:
    "product-plans", "lists the plans of the product before anything is installed",
        "a user sees what it costs before deciding; the system's token has no installation then" => of_product;
}

cases! { pub(super) INSTALLED:
    "installation-plans", "lists the plans of an installation",
        "Pintle shows them where the integration has plans of its own for a whole installation" => of_installation;
    "change-plan", "changes the plan of an installation",
        "Pintle shows the plan that the answer names, or the one that was asked for" => change;
    "unknown-plan-of-installation", "refuses a plan that there is not",
        "the user sees what the answer says" => unknown;
}

async fn of_product(world: &mut World) -> Verdict {
    let slug = world.product()?.slug;
    let answer =
        world.send(Ask::get(format!("/v1/products/{slug}/plans?metadata=%7B%7D")).by_system(None)).await?;
    let plans = well_formed(&answer)?;
    world.there.plan = chosen(plans);
    fine()
}

/// The first that needs no payment, else the first.
fn chosen(plans: &[Json]) -> Option<String> {
    let open = |plan: &&Json| plan["disabled"] != true;
    let free = plans.iter().filter(open).find(|plan| plan["paymentMethodRequired"] == false);
    let plan = free.or_else(|| plans.iter().find(open))?;
    plan["id"].as_str().map(str::to_owned)
}

async fn of_installation(world: &mut World) -> Verdict {
    let id = world.first()?.id;
    let answer = world.send(Ask::get(format!("/v1/installations/{id}/plans")).by_system(Some(&id))).await?;
    if answer.status == 404 {
        return skipped("this partner has no plans for installations (404)");
    }
    well_formed(&answer)?;
    fine()
}

async fn change(world: &mut World) -> Verdict {
    let id = world.first()?.id;
    let listed = world.send(Ask::get(format!("/v1/installations/{id}/plans")).by_system(Some(&id))).await?;
    let Some(plan) = listed.json["plans"].as_array().and_then(|plans| plans.last()?["id"].as_str()) else {
        return skipped("this partner has no plans for installations");
    };
    let body = serde_json::json!({ "billingPlanId": plan });
    let answer = world.send(Ask::patch(format!("/v1/installations/{id}"), &body).by_user(&id)).await?;
    if answer.must_be(&[200, 204])?.status == 200 && answer.json["billingPlan"]["id"] != plan {
        return failed(format!("200 with `billingPlan` {plan}, or 204"));
    }
    fine()
}

async fn unknown(world: &mut World) -> Verdict {
    let id = world.first()?.id;
    let listed = world.send(Ask::get(format!("/v1/installations/{id}/plans")).by_system(Some(&id))).await?;
    if !listed.is_good() {
        return skipped("this partner has no plans for installations");
    }
    let body = serde_json::json!({ "billingPlanId": "there-is-no-such-plan" });
    let ask = Ask::patch(format!("/v1/installations/{id}"), &body).by_user(&id);
    world.send(ask).await?.must_refuse(&[400, 404, 409, 422])?;
    fine()
}

/// `{plans}`, each as semantics.md 1.5 has it.
pub(super) fn well_formed(answer: &Answer) -> Result<&[Json], Miss> {
    let plans = answer.must_be_object(&[200])?.json["plans"].as_array();
    let Some(plans) = plans.filter(|plans| !plans.is_empty()) else {
        return failed("200 with {\"plans\":[…]}, with a plan in it");
    };
    for (at, plan) in plans.iter().enumerate() {
        if let Some(wrong) = wrong(plan) {
            return failed(format!("200 with {{\"plans\":[…]}}, where in plans[{at}] {wrong}"));
        }
    }
    Ok(plans)
}

/// What is wrong with a plan.
fn wrong(plan: &Json) -> Option<String> {
    const AMOUNTS: [&str; 5] =
        ["cost", "initialCharge", "minimumAmount", "maximumAmount", "maximumAmountAutoPurchasePerPeriod"];
    let text = |key: &str| plan[key].as_str().is_some_and(|text| !text.is_empty());
    if let Some(key) = ["id", "name", "type"].into_iter().find(|key| !text(key)) {
        return Some(format!("`{key}` is a text"));
    }
    if !["prepayment", "subscription"].iter().any(|known| plan["type"] == *known) {
        return Some("`type` is prepayment or subscription".into());
    }
    if !plan["scope"].is_null() && !["installation", "resource"].iter().any(|known| plan["scope"] == *known) {
        return Some("`scope` is installation or resource, or is absent".into());
    }
    let key = AMOUNTS
        .into_iter()
        .find(|key| !plan[*key].is_null() && !plan[*key].as_str().is_some_and(is_amount))?;
    Some(format!("`{key}` is an amount in dollars as a text, such as \"19.00\""))
}

fn is_amount(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, cents)) => digits(whole) && digits(cents),
        None => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_has_its_fields() {
        let good = json!({ "id": "a", "name": "A", "type": "subscription", "cost": "1.50" });
        assert_eq!(wrong(&good), None);
        for (key, value) in [
            ("id", json!("")),
            ("type", json!("gift")),
            ("scope", json!("team")),
            ("cost", json!(1.5)),
            ("cost", json!("1,50")),
            ("cost", json!("$1")),
            ("minimumAmount", json!(".5")),
        ] {
            let mut plan = good.clone();
            plan[key] = value.clone();
            assert!(wrong(&plan).is_some_and(|text| text.contains(key)), "{key}: {value}");
        }
    }
}
