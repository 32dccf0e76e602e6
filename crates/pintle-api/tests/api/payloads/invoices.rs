use super::{later, recorded};
use pintle_core::clock::{self, DAY};
use pintle_core::marketplace::billing::settle;
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn of_an_invoice() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = team.install_native("db").await;
        let base = format!("/v1/installations/{}", partner.id);
        let moment = |days: i64| clock::text(pintle.clock.now() + days * DAY);
        later(pintle);
        let since = pintle.clock.now();
        let plan = json!({ "billingPlan": { "id": "pro", "type": "subscription", "name": "Pro" } });
        partner.caller.patch(&base, plan).await.ok(204);
        later(pintle);
        let item = json!({
            "billingPlanId": "pro", "name": "Pro", "price": "20.00", "quantity": 1, "units": "month", "total": "20.00",
        });
        let bill = json!({
            "externalId": "inv-1", "invoiceDate": moment(0), "period": { "start": moment(-1), "end": moment(29) },
            "items": [item],
        });
        let made = partner.caller.post(&format!("{base}/billing/invoices"), bill).await.ok(200);
        let id = made["invoiceId"].as_str().unwrap();
        later(pintle);
        team.post(&format!("/pintle/v1/invoices/{id}/fail"), json!({})).await.ok(200);
        pintle.clock.advance(16 * DAY);
        assert_eq!(settle::sweep(&pintle.core).await.unwrap(), 1);
        later(pintle);
        team.post(&format!("/pintle/v1/invoices/{id}/pay"), json!({})).await.ok(200);
        later(pintle);
        let refund = json!({ "action": "refund", "reason": "The service was down", "total": "12.50" });
        partner.caller.post(&format!("{base}/billing/invoices/{id}/actions"), refund).await.ok(204);
        insta::assert_json_snapshot!("invoice", recorded(pintle, since).await);
    })
    .await;
}
