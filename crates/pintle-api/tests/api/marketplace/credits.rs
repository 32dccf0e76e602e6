//! Credits that are paid ahead.

use super::{at, on_a_plan};
use pintle_core::clock::HOUR;
use pintle_core::marketplace::calls;
use pintle_testing::{Caller, Installed, on_each_engine};
use serde_json::{Value, json};
use std::collections::HashSet;

async fn tell(partner: &Installed, told: &str, balances: Value) {
    let body = json!({ "timestamp": told, "balances": balances });
    let answer = partner.caller.post(&at(partner, "/billing/balance"), body).await;
    assert_eq!(answer.text, "");
    answer.ok(201);
}

async fn overview(team: &Caller, partner: &Installed) -> Value {
    team.get(&format!("/v1/integrations/installations/{}/billing/balance", partner.id)).await.ok(200)
}

async fn invoices(team: &Caller) -> Vec<Value> {
    let found = team.get("/pintle/v1/invoices").await.ok(200);
    found["invoices"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_newest_balance_counts() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let [early, late] = ["2026-01-01T10:00:00.000Z", "2026-01-01T11:00:00.000Z"];
        tell(&partner, late, json!([{ "currencyValueInCents": 250.5, "credit": "25 Tokens", "nameLabel": "Tokens" }])).await;
        tell(&partner, early, json!([{ "currencyValueInCents": 900 }, { "resourceId": "db-1", "currencyValueInCents": 5 }])).await;
        let seen = overview(&team, &partner).await;
        assert_eq!(seen["balances"], json!([
            { "timestamp": late, "credit": "25 Tokens", "nameLabel": "Tokens", "currencyValueInCents": 250.5 },
            { "resourceId": "db-1", "timestamp": early, "currencyValueInCents": 5.0 },
        ]));
        assert_eq!((&seen["installationId"], &seen["ownerId"]), (&json!(partner.id), &json!(team.team)));
        let path = format!("/v1/integrations/installations/{}/billing/balance", partner.id);
        pintle.team("other").await.get(&path).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn below_a_threshold_more_is_bought_until_the_months_limit() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        pintle.product(&partner, "db").await;
        let (resource, store) = ("db-1", partner.import("db-1", json!([])).await);
        let base = format!("/v1/integrations/installations/{}", partner.id);
        let threshold = json!({
            "billingPlanId": "credits", "minimumAmountInCents": 1000, "purchaseAmountInCents": 5000,
            "maximumAmountPerPeriodInCents": 10000, "metadata": "{}",
        });
        let path = format!("{base}/resources/{store}/billing/threshold");
        assert_eq!(team.post(&path, threshold.clone()).await.ok(200)["store"]["id"], json!(store));
        let batch = format!("{base}/billing/threshold/batch");
        team.post(&batch, json!([threshold])).await.ok(204);
        team.post(&batch, json!({ "items": [threshold] })).await.ok(204);
        let seen = overview(&team, &partner).await;
        assert_eq!(seen["thresholds"].as_array().unwrap().len(), 2);
        assert_eq!(seen["thresholds"][1]["resourceId"], json!(resource));
        team.post(&format!("{base}/resources/store_none/billing/threshold"), threshold.clone())
            .await
            .fails(404, "not_found");

        let low = json!([{ "resourceId": resource, "currencyValueInCents": 999 }]);
        tell(
            &partner,
            "2026-01-01T10:00:00Z",
            json!([{ "resourceId": resource, "currencyValueInCents": 1000 }]),
        )
        .await;
        assert!(invoices(&team).await.is_empty());
        for round in 1..=3 {
            let now = format!("2026-01-01T1{round}:00:00Z");
            tell(&partner, &now, low.clone()).await;
            // One that is to be paid is enough.
            tell(&partner, &now, low.clone()).await;
            let bought = invoices(&team).await;
            assert_eq!(bought.len(), round.min(2));
            assert_eq!((&bought[0]["total"], &bought[0]["purpose"]), (&json!("50.00"), &json!("prepayment")));
            assert_eq!(bought[0]["items"][0]["resourceId"], json!(resource));
            for invoice in bought.iter().filter(|invoice| invoice["state"] == "pending") {
                let id = invoice["invoiceId"].as_str().unwrap();
                team.post(&format!("/pintle/v1/invoices/{id}/pay"), json!({})).await.ok(200);
            }
        }
        pintle.clock.advance(32 * pintle_core::clock::DAY);
        tell(&partner, "2026-01-02T10:00:00Z", low).await;
        assert_eq!(invoices(&team).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_threshold_does_not_contradict_itself() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let path = format!("/v1/integrations/installations/{}/billing/threshold/batch", partner.id);
        for (minimum, purchase, limit) in [(10, 49, 100), (100, 60, 100), (10, 60, 59)] {
            let threshold = json!({
                "billingPlanId": "credits", "minimumAmountInCents": minimum, "purchaseAmountInCents": purchase,
                "maximumAmountPerPeriodInCents": limit,
            });
            team.post(&path, json!([threshold])).await.fails(400, "bad_request");
        }
        let order = format!("/pintle/v1/integrations/installations/{}/credits", partner.id);
        for amount in ["0.49", "1.005", "x"] {
            let body = json!({ "billingPlanId": "credits", "amount": amount });
            team.post(&order, body).await.fails(400, "bad_request");
        }
    })
    .await;
}

#[tokio::test]
async fn a_plan_says_how_much_is_paid_ahead() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        pintle.product(&partner, "db").await;
        let store = partner.import("db-1", json!([])).await;
        let plan = json!({
            "id": "credits", "type": "prepayment", "name": "Credits", "minimumAmount": "10.00",
            "maximumAmount": "50.00", "maximumAmountAutoPurchasePerPeriod": "70.00",
        });
        partner.caller.patch(&at(&partner, "/resources/db-1"), json!({ "billingPlan": plan })).await.ok(200);
        let base = format!("/v1/integrations/installations/{}", partner.id);

        let order = async |body: Value| team.post(&format!("/pintle{base}/credits"), body).await;
        for (amount, limit) in [("9.99", "at least 10.00 USD"), ("50.01", "at most 50.00 USD")] {
            let refused =
                order(json!({ "billingPlanId": "credits", "amount": amount, "storeId": store })).await;
            let message = refused.fails(400, "bad_request")["message"].as_str().unwrap().to_owned();
            assert!(message.contains(limit), "{message}");
        }
        // The installation is on a subscription, and for plans that nothing is on there are no limits.
        order(json!({ "billingPlanId": "pro", "amount": "20.00" })).await.fails(400, "bad_request");
        order(json!({ "billingPlanId": "credits", "amount": "5.00" })).await.ok(201);

        let threshold = async |purchase: u32| {
            let body = json!({
                "billingPlanId": "credits", "minimumAmountInCents": 500, "purchaseAmountInCents": purchase,
            });
            team.post(&format!("{base}/resources/{store}/billing/threshold"), body).await
        };
        threshold(999).await.fails(400, "bad_request");
        threshold(5001).await.fails(400, "bad_request");
        threshold(4000).await.ok(200);
        for round in 1..=2 {
            let low = json!([{ "resourceId": "db-1", "currencyValueInCents": 1 }]);
            tell(&partner, &format!("2026-01-01T1{round}:00:00Z"), low).await;
            let of_resource = |invoice: &&Value| invoice["items"][0]["resourceId"] == "db-1";
            let found = invoices(&team).await;
            let bought: Vec<&Value> = found.iter().filter(of_resource).collect();
            assert_eq!(bought.len(), 1, "a second one of 40 would be more than 70 in a month");
            if round == 1 {
                let id = bought[0]["invoiceId"].as_str().unwrap();
                team.post(&format!("/pintle/v1/invoices/{id}/pay"), json!({})).await.ok(200);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_paid_for_and_never_handed_out_is_given_back_also_after_the_removal() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        // Its partner cannot be reached.
        let partner = on_a_plan(&team, "db").await;
        let order = format!("/pintle/v1/integrations/installations/{}/credits", partner.id);
        let body = json!({ "billingPlanId": "credits", "amount": "10.00" });
        let bought = team.post(&order, body).await.ok(201);
        let id = bought["invoiceId"].as_str().unwrap();
        team.post(&format!("/pintle/v1/invoices/{id}/pay"), json!({})).await.ok(200);
        team.delete(&format!("/v1/integrations/configuration/{}", partner.id)).await.ok(204);
        assert_eq!(invoices(&team).await[0]["state"], "paid");

        pintle.clock.advance(25 * HOUR);
        loop {
            let due = calls::claim(&pintle.core, &HashSet::new()).await.unwrap();
            if due.is_empty() {
                break;
            }
            for call in due {
                calls::run_claimed(&pintle.core, &call).await.unwrap();
            }
        }
        assert_eq!(invoices(&team).await[0]["state"], "refunded");
        // With its money back the team gets no credits.
        let calls = team.get("/pintle/v1/deliveries?kind=partner").await.ok(200)["deliveries"].clone();
        let told =
            calls.as_array().unwrap().iter().find(|call| call["operation"] == "provision-credits").unwrap();
        let again = format!("/pintle/v1/deliveries/{}/redeliver", told["id"].as_str().unwrap());
        team.post(&again, json!({})).await.fails(409, "invoice_state");
    })
    .await;
}
