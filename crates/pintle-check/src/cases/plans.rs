//! Plans: what the user chooses from, and so what Pintle must be able to show.

use super::cases;
use super::installation::note_plan;
use crate::ask::{Answer, Ask};
use crate::expect::{Miss, Verdict, failed, fine, skipped};
use crate::world::World;
use pintle_core::marketplace::plans::BillingPlan;
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
    let installation = world.first()?;
    let id = installation.id.clone();
    let listed = world.send(Ask::get(format!("/v1/installations/{id}/plans")).by_system(Some(&id))).await?;
    let Some(plan) = listed.json["plans"].as_array().and_then(|plans| plans.last()?["id"].as_str()) else {
        return skipped("this partner has no plans for installations");
    };
    let body = serde_json::json!({ "billingPlanId": plan });
    let answer = world.send(Ask::patch(format!("/v1/installations/{id}"), &body).by_user(&id)).await?;
    if answer.must_be(&[200, 204])?.status == 200 && answer.json["billingPlan"]["id"] != plan {
        return failed(format!("200 with `billingPlan` {plan}, or 204"));
    }
    note_plan(world, &installation, &answer).await?;
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

/// `{plans}`, each as Pintle takes it.
pub(super) fn well_formed(answer: &Answer) -> Result<&[Json], Miss> {
    let plans = answer.must_be_object(&[200])?.json["plans"].as_array();
    let Some(plans) = plans.filter(|plans| !plans.is_empty()) else {
        return failed("200 with {\"plans\":[…]}, with a plan in it");
    };
    for (at, plan) in plans.iter().enumerate() {
        if let Err(error) = BillingPlan::read(&format!("plans[{at}]"), plan) {
            return failed(format!("200 with plans that Pintle takes; it says: {}", error.message));
        }
    }
    Ok(plans)
}
