//! The life of an invoice: every step of the state machine over the wire, and what is told of it.

use super::{at, day, invoice, on_a_plan, state, submit};
use pintle_core::clock::DAY;
use pintle_core::ids::ConfigurationId;
use pintle_core::marketplace::billing::{open_invoices, settle};
use pintle_testing::{Caller, Installed, Pintle, on_each_engine};
use serde_json::{Value, json};

async fn act(team: &Caller, id: &str, what: &str) -> pintle_testing::Answer {
    team.post(&format!("/pintle/v1/invoices/{id}/{what}"), json!({})).await
}

async fn shown(team: &Caller, id: &str) -> Value {
    team.get(&format!("/pintle/v1/invoices/{id}")).await.ok(200)
}

async fn refund(partner: &Installed, id: &str, total: &str) -> pintle_testing::Answer {
    let body = json!({ "action": "refund", "reason": "The service was down", "total": total });
    partner.caller.post(&at(partner, &format!("/billing/invoices/{id}/actions")), body).await
}

async fn days_later(pintle: &Pintle, days: i64) -> usize {
    pintle.clock.advance(days * DAY);
    settle::sweep(&pintle.core).await.unwrap()
}

async fn open(pintle: &Pintle, partner: &Installed) -> Vec<String> {
    let conn = pintle.core.db.read().await.unwrap();
    open_invoices(&conn, &ConfigurationId::from(&*partner.id)).await.unwrap()
}

#[tokio::test]
async fn it_is_paid_and_given_back() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let mut bill = invoice(pintle);
        bill["memo"] = json!("Thank you");
        bill["discounts"] = json!([{ "billingPlanId": "pro", "name": "First month", "amount": "5.5" }]);
        let id = submit(&partner, bill).await;
        let path = at(&partner, &format!("/billing/invoices/{id}"));
        let seen = partner.caller.get(&path).await.ok(200);
        assert_eq!(
            (&seen["state"], &seen["total"], &seen["externalId"]),
            (&json!("pending"), &json!("14.50"), &json!("inv-1"))
        );
        assert_eq!((&seen["items"][0]["price"], &seen["memo"]), (&json!("20"), &json!("Thank you")));
        assert!(seen.get("installationId").is_none() && seen.get("attempts").is_none(), "{seen}");
        assert_eq!(open(pintle, &partner).await, std::slice::from_ref(&id));
        refund(&partner, &id, "1.00").await.fails(409, "invoice_state");
        assert_eq!(act(&team, &id, "pay").await.ok(200)["state"], "paid");
        assert!(open(pintle, &partner).await.is_empty());
        act(&team, &id, "pay").await.fails(409, "invoice_state");
        act(&team, &id, "fail").await.fails(409, "invoice_state");
        for total in ["14.51", "0", "0.005"] {
            refund(&partner, &id, total).await.fails(400, "bad_request");
        }
        refund(&partner, &id, "4.5").await.ok(204);
        let seen = partner.caller.get(&path).await.ok(200);
        assert_eq!((&seen["state"], &seen["refundTotal"]), (&json!("refunded"), &json!("4.50")));
        assert_eq!(seen["refundReason"], "The service was down");
        refund(&partner, &id, "1.00").await.fails(409, "invoice_state");
        let told = &pintle.outbox("marketplace.invoice.refunded").await[0];
        assert_eq!(
            (&told.payload["amount"], &told.payload["reason"]),
            (&json!("4.50"), &json!("The service was down"))
        );
        assert!(told.payload.get("invoiceTotal").is_none() && told.kind == "invoice-refunded");
    })
    .await;
}

#[tokio::test]
async fn a_payment_that_fails_is_tried_again_nine_times() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let id = submit(&partner, invoice(pintle)).await;
        for attempt in 1..=9 {
            assert_eq!(act(&team, &id, "fail").await.ok(200)["state"], "notpaid", "{attempt}");
            assert_eq!(open(pintle, &partner).await.len(), 1);
            act(&team, &id, "fail").await.fails(409, "invoice_state");
            assert_eq!(days_later(pintle, 1).await, 1);
            assert_eq!(state(&partner, &id).await, "pending", "{attempt}");
        }
        act(&team, &id, "fail").await.ok(200);
        assert_eq!(days_later(pintle, 30).await, 0);
        assert_eq!((state(&partner, &id).await, open(pintle, &partner).await), ("notpaid".into(), vec![]));
        assert_eq!(pintle.outbox("marketplace.invoice.notpaid").await.len(), 10);
        // Whoever wants to may still pay it.
        assert_eq!(act(&team, &id, "pay").await.ok(200)["state"], "paid");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_paid_in_fifteen_days_is_overdue() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let id = submit(&partner, invoice(pintle)).await;
        assert_eq!(days_later(pintle, 14).await, 0);
        assert_eq!(days_later(pintle, 1).await, 1);
        assert_eq!(shown(&team, &id).await["state"], "overdue");
        // The contract's older clients know no such state.
        assert_eq!(state(&partner, &id).await, "notpaid");
        assert_eq!(pintle.outbox("marketplace.invoice.overdue").await.len(), 1);
        assert_eq!(open(pintle, &partner).await.len(), 1);
        assert_eq!(act(&team, &id, "pay").await.ok(200)["state"], "paid");

        let mut second = invoice(pintle);
        second["externalId"] = json!("inv-2");
        second["period"] = json!({ "start": day(pintle, 20), "end": day(pintle, 40) });
        second["invoiceDate"] = json!(day(pintle, 20));
        let id = submit(&partner, second).await;
        assert_eq!(state(&partner, &id).await, "scheduled");
        act(&team, &id, "pay").await.fails(409, "invoice_state");
        assert_eq!(days_later(pintle, 20).await, 1);
        assert_eq!(state(&partner, &id).await, "pending");
        act(&team, &id, "fail").await.ok(200);
        assert_eq!(days_later(pintle, 16).await, 1);
        assert_eq!(shown(&team, &id).await["state"], "overdue");
        // Given up, which lets go of the installation.
        assert_eq!(act(&team, &id, "fail").await.ok(200)["state"], "notpaid");
        assert_eq!((open(pintle, &partner).await, days_later(pintle, 30).await), (vec![], 0));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_is_left_to_pay_is_given_up() {
    on_each_engine(async |pintle| {
        let [team, developer] = [pintle.team("acme").await, pintle.team("developer").await];
        let app = developer.register_native("db").await;
        let partner = team.install_native_app(&app).await;
        super::plan(&partner, "pro", "subscription").await;
        let id = submit(&partner, invoice(pintle)).await;
        super::account::close(pintle, &partner.id).await;
        team.delete(&format!("/v1/teams/{}", team.team.as_ref().unwrap())).await.ok(200);
        assert_eq!(settle::sweep(&pintle.core).await.unwrap(), 1);
        assert_eq!((state(&partner, &id).await, open(pintle, &partner).await), ("notpaid".into(), vec![]));
        let told = &pintle.outbox("marketplace.invoice.notpaid").await[0];
        assert_eq!(told.receivers[0].0, "https://example.com/hook");
        assert_eq!(settle::sweep(&pintle.core).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_trial_ends_as_it_asks_and_holds_up_nothing() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        for (result, hook) in [("paid", "paid"), ("notpaid", "notpaid"), ("overdue", "overdue")] {
            let mut trial = invoice(pintle);
            trial["externalId"] = json!(result);
            trial["test"] = json!({ "result": result });
            // What the rules would refuse.
            trial["items"][0]["billingPlanId"] = json!("unknown");
            let made = partner.caller.post(&at(&partner, "/billing/invoices"), trial).await.ok(200);
            assert_eq!(made["test"], true);
            let id = made["invoiceId"].as_str().unwrap();
            assert_eq!(
                (&shown(&team, id).await["state"], &shown(&team, id).await["test"]),
                (&json!(result), &json!(true))
            );
            assert_eq!(pintle.outbox(&format!("marketplace.invoice.{hook}")).await.len(), 1);
        }
        assert_eq!(pintle.outbox("marketplace.invoice.created").await.len(), 3);
        assert!(open(pintle, &partner).await.is_empty());
        let mut trial = invoice(pintle);
        trial["test"] = json!({ "validate": true });
        trial["items"][0]["billingPlanId"] = json!("unknown");
        trial["items"][0]["total"] = json!("0.10");
        let answer = partner.caller.post(&at(&partner, "/billing/invoices"), trial).await.ok(200);
        assert_eq!(
            answer["validationErrors"],
            json!([
                "`items[0].total` should be the price of the quantity, to the cent.",
                "The total should be at least 0.50 USD.",
                "Plan unknown was not active for the installation during the period",
            ])
        );
        assert!(answer.get("invoiceId").is_none());
        // Neither does it bill anything.
        submit(&partner, invoice(pintle)).await;
    })
    .await;
}

#[tokio::test]
async fn a_team_lists_its_own() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let [one, two] = [on_a_plan(&team, "one").await, on_a_plan(&team, "two").await];
        let [first, second] = [submit(&one, invoice(pintle)).await, submit(&two, invoice(pintle)).await];
        act(&team, &first, "pay").await.ok(200);
        let ids = async |query: &str| {
            let found = team.get(&format!("/pintle/v1/invoices{query}")).await.ok(200);
            let mut ids: Vec<String> = found["invoices"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| i["invoiceId"].as_str().unwrap().to_owned())
                .collect();
            ids.sort();
            ids
        };
        let mut both = vec![first.clone(), second.clone()];
        both.sort();
        assert_eq!(ids("").await, both);
        assert_eq!(ids(&format!("?installationId={}", two.id)).await, std::slice::from_ref(&second));
        assert_eq!(ids("?state=paid").await, [first]);
        let stranger = pintle.team("other").await;
        assert_eq!(stranger.get("/pintle/v1/invoices").await.ok(200)["invoices"], json!([]));
    })
    .await;
}
