//! A partner says that something changed, and is asked what it is now.

use super::{at, on_a_plan};
use pintle_testing::partner::Act;
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};
use std::time::Duration;

/// What a path answers once it is as expected: the question is asked in the background.
async fn soon(caller: &Caller, path: &str, expected: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let answer = caller.get(path).await.ok(200);
        if expected(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{path} is not as expected: {}", caller.get(path).await.text);
}

#[tokio::test]
async fn its_answer_holds() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        pintle.product(&partner, "db").await;
        let store = partner.import("db-1", json!([])).await;
        let server = pintle.partner_of(&partner).await;
        let asked = server.asked().len();
        server.script(|asked| {
            let answer = match asked.path.ends_with("/resources/db-1") {
                true => json!({ "id": "db-1", "name": "renamed", "status": "suspended", "more": 1 }),
                false => json!({
                    "billingPlan": { "id": "max", "type": "subscription", "name": "Max" },
                    "notification": { "level": "warn", "title": "Soon full" },
                }),
            };
            Some(Act::Answer(200, answer))
        });
        let events = at(&partner, "/events");
        let answer = partner
            .caller
            .post(&events, json!({ "event": { "type": "installation.updated", "billingPlanId": "max" } }))
            .await;
        assert_eq!(answer.text, "");
        answer.ok(201);
        let shown = format!("/v1/integrations/configuration/{}", partner.id);
        let now = soon(&team, &shown, |seen| seen["billingPlan"]["id"] == "max").await;
        assert_eq!(now["notification"]["title"], "Soon full");
        let event = json!({ "type": "resource.updated", "resourceId": "db-1", "productId": "db" });
        partner.caller.post(&events, json!({ "event": event })).await.ok(201);
        let shown = format!("/v1/storage/stores/{store}");
        soon(&team, &shown, |seen| {
            seen["store"]["name"] == "renamed" && seen["store"]["status"] == "suspended"
        })
        .await;
        let questions = server.asked().split_off(asked);
        assert_eq!(questions.len(), 2);
        assert!(
            questions.iter().all(|asked| asked.method == "GET" && asked.header("x-vercel-auth") == "system")
        );
        let unknown = json!({ "event": { "type": "resource.updated", "resourceId": "none" } });
        partner.caller.post(&events, unknown).await.fails(404, "not_found");
        for (event, message) in [
            (json!({ "type": "other" }), "`event.type` should be equal to one of the allowed values"),
            (json!({ "type": "resource.updated" }), "missing required property `event.resourceId`."),
        ] {
            let error =
                partner.caller.post(&events, json!({ "event": event })).await.fails(400, "bad_request");
            let text = error["message"].as_str().unwrap();
            assert!(text.starts_with(&format!("Invalid request: {message}")), "{text}");
        }
    })
    .await;
}

async fn bought(pintle: &Pintle, act: Act) -> (Value, Value) {
    let team = pintle.team(&format!("team-{}", pintle.core.entropy.base62(6).to_lowercase())).await;
    let partner = on_a_plan(&team, &format!("db-{}", pintle.core.entropy.base62(6).to_lowercase())).await;
    let server = pintle.partner_of(&partner).await;
    let order = format!("/pintle/v1/integrations/installations/{}/credits", partner.id);
    let made = team.post(&order, json!({ "billingPlanId": "credits", "amount": "50" })).await.ok(201);
    server.then(act);
    let pay = format!("/pintle/v1/invoices/{}/pay", made["invoiceId"].as_str().unwrap());
    let paid = team.post(&pay, json!({})).await.ok(200);
    let asked = server.asked_for("POST", "/billing/provision");
    assert_eq!(asked[0].body, json!({ "invoiceId": made["invoiceId"] }));
    assert_eq!(asked[0].header("x-vercel-auth"), "system");
    let balances = format!("/v1/integrations/installations/{}/billing/balance", partner.id);
    (paid, team.get(&balances).await.ok(200)["balances"].clone())
}

#[tokio::test]
async fn credits_that_are_paid_for_are_handed_out_or_given_back() {
    on_each_engine(async |pintle| {
        let answer = json!({ "timestamp": "2026-01-01T10:00:00Z", "balances": [{ "currencyValueInCents": 5000, "more": 1 }] });
        let (paid, balances) = bought(pintle, Act::Answer(200, answer)).await;
        assert_eq!((&paid["state"], &balances[0]["currencyValueInCents"]), (&json!("paid"), &json!(5000.0)));
        let refused = json!({ "error": { "code": "conflict", "message": "No such plan" } });
        let (paid, balances) = bought(pintle, Act::Answer(422, refused)).await;
        assert_eq!((&paid["state"], &paid["refundReason"], balances), (&json!("refunded"), &json!("No such plan"), json!([])));
    })
    .await;
}
