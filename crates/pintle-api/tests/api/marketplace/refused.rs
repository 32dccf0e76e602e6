//! Invoices that break the contract's rules.

use super::{at, day, invoice, on_a_plan, plan, submit};
use pintle_core::clock::DAY;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};

#[tokio::test]
async fn each_rule_refuses_what_breaks_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let change = |change: &dyn Fn(&mut Value)| {
            let mut invoice = invoice(pintle);
            change(&mut invoice);
            invoice
        };
        let refused = [
            (
                change(&|i| i["invoiceDate"] = json!(day(pintle, 30))),
                "`invoiceDate` should be within the period.",
            ),
            (
                change(&|i| i["period"]["end"] = i["period"]["start"].clone()),
                "`period.end` should be after `period.start`.",
            ),
            (
                change(&|i| i["items"][0]["end"] = json!(day(pintle, 31))),
                "`start` and `end` of each line should be within",
            ),
            (
                change(&|i| i["items"][0]["total"] = json!("20.001")),
                "`items[0].total` should have at most two decimals.",
            ),
            (
                change(&|i| i["items"][0]["total"] = json!("20.01")),
                "`items[0].total` should be the price of the quantity",
            ),
            (
                change(&|i| {
                    i["discounts"] = json!([{ "billingPlanId": "pro", "name": "x", "amount": "19.51" }])
                }),
                "The total should be at least 0.50 USD.",
            ),
            (
                change(&|i| {
                    i["discounts"] = json!([{ "billingPlanId": "pro", "name": "x", "amount": "20.01" }])
                }),
                "The total should be at least 0.50 USD.",
            ),
            (
                change(&|i| i["items"][0]["billingPlanId"] = json!("max")),
                "Plan max was not active for the installation",
            ),
            (
                change(&|i| i["final"] = json!(true)),
                "`final` should be true only while the installation is being removed.",
            ),
            (change(&|i| i["items"] = json!([])), "`items` should NOT have fewer than 1 items."),
            (change(&|i| i["items"][0]["price"] = json!("-1")), "`items[0].price` should match pattern"),
            (change(&|i| i["test"] = json!({ "result": "free" })), "`test.result` should be equal to one of"),
        ];
        for (body, message) in refused {
            let error =
                partner.caller.post(&at(&partner, "/billing/invoices"), body).await.fails(400, "bad_request");
            let text = error["message"].as_str().unwrap();
            assert!(text.starts_with(&format!("Invalid request: {message}")), "{text}");
        }
        // The least there is.
        let least =
            change(&|i| i["discounts"] = json!([{ "billingPlanId": "pro", "name": "x", "amount": "19.50" }]));
        submit(&partner, least).await;
    })
    .await;
}

#[tokio::test]
async fn a_plan_is_billed_for_the_time_that_it_was_active() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        pintle.clock.advance(10 * DAY);
        plan(&partner, "credits", "prepayment").await;
        pintle.clock.advance(10 * DAY);
        let bill = |plan: &str, from: i64, to: i64| {
            let mut bill = invoice(pintle);
            bill["externalId"] = json!(format!("{plan}-{from}"));
            bill["period"] = json!({ "start": day(pintle, from), "end": day(pintle, to) });
            bill["invoiceDate"] = bill["period"]["start"].clone();
            bill["items"][0]["billingPlanId"] = json!(plan);
            bill
        };
        let path = at(&partner, "/billing/invoices");
        for (body, message) in [
            (bill("pro", -9, 1), "Plan pro was not active for the installation during the period"),
            (bill("pro", -40, -21), "Plan pro was not active for the installation during the period"),
            (bill("credits", -9, 1), "Plan credits of the installation is not a subscription"),
        ] {
            let error = partner.caller.post(&path, body).await.fails(400, "bad_request");
            assert_eq!(error["message"], format!("Invalid request: {message}"));
            assert_eq!(error["validationErrors"], json!([message]));
        }
        submit(&partner, bill("pro", -20, -11)).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_billed_twice() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let path = at(&partner, "/billing/invoices");
        let id = submit(&partner, invoice(pintle)).await;
        partner.caller.post(&path, invoice(pintle)).await.fails(409, "invoice_exists");
        let mut same = invoice(pintle);
        same["period"] = json!({ "start": day(pintle, 30), "end": day(pintle, 60) });
        same["invoiceDate"] = same["period"]["start"].clone();
        partner.caller.post(&path, same.clone()).await.fails(409, "invoice_exists");
        // An installation of somebody else's has ids of its own.
        submit(&on_a_plan(&team, "other").await, invoice(pintle)).await;
        let mut overlapping = invoice(pintle);
        overlapping["externalId"] = json!("inv-2");
        let error = partner.caller.post(&path, overlapping.clone()).await.fails(409, "already_billed");
        assert!(error["message"].as_str().unwrap().ends_with(&format!("see invoice {id}")), "{error}");
        // Another resource is another matter, as is the next month.
        let mut of_resource = overlapping.clone();
        of_resource["items"][0]["resourceId"] = json!("db-1");
        submit(&partner, of_resource).await;
        same["externalId"] = json!("inv-3");
        submit(&partner, same).await;
        // What was given back can be billed again.
        team.post(&format!("/pintle/v1/invoices/{id}/pay"), json!({})).await.ok(200);
        let refund = json!({ "action": "refund", "reason": "Wrong", "total": "20" });
        partner.caller.post(&format!("{path}/{id}/actions"), refund).await.ok(204);
        overlapping["externalId"] = json!("inv-4");
        submit(&partner, overlapping).await;
    })
    .await;
}
