use super::{at, day, on_a_plan};
use pintle_testing::{Installed, Pintle, on_each_engine};
use serde_json::{Value, json};

fn report(pintle: &Pintle, told: &str, value: i64) -> Value {
    let usage = json!({
        "name": "Storage", "type": "total", "units": "GB", "dayValue": value, "periodValue": value, "planValue": 100,
    });
    let item = json!({
        "billingPlanId": "pro", "resourceId": "db-1", "name": "Storage", "price": "0.000125", "quantity": 8_000,
        "units": "GB", "total": "1.00",
    });
    json!({
        "timestamp": told, "eod": day(pintle, 0), "period": { "start": day(pintle, -10), "end": day(pintle, 20) },
        "billing": { "items": [item], "discounts": [] }, "usage": [usage],
    })
}

async fn send(partner: &Installed, report: Value) -> pintle_testing::Answer {
    partner.caller.post(&at(partner, "/billing"), report).await
}

#[tokio::test]
async fn the_newest_report_of_a_day_is_kept() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let [early, late] = ["2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z"];
        for (told, value) in [(late, 7), (early, 5)] {
            let answer = send(&partner, report(pintle, told, value)).await;
            assert_eq!(answer.text, "");
            answer.ok(201);
        }
        let path = format!("/pintle/v1/integrations/installations/{}/billing", partner.id);
        let days = team.get(&path).await.ok(200)["days"].clone();
        assert_eq!(days.as_array().unwrap().len(), 1);
        assert_eq!(days[0]["usage"][0]["dayValue"], 7);
        assert_eq!(days[0]["billing"]["items"][0]["price"], "0.000125");
        // Items alone will do, and the next day is one of its own.
        pintle.clock.advance(pintle_core::clock::DAY);
        let mut next = report(pintle, late, 9);
        next["billing"] = next["billing"]["items"].clone();
        send(&partner, next).await.ok(201);
        let days = team.get(&path).await.ok(200)["days"].clone();
        assert_eq!((days.as_array().unwrap().len(), &days[0]["usage"][0]["dayValue"]), (2, &json!(9)));
        let stranger = pintle.team("other").await;
        stranger.get(&path).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn what_is_old_or_misshapen_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let partner = on_a_plan(&team, "db").await;
        let change = |change: &dyn Fn(&mut Value)| {
            let mut report = report(pintle, "2026-01-01T10:00:00Z", 1);
            change(&mut report);
            report
        };
        let refused = [
            (
                change(&|r| r["period"]["end"] = json!(day(pintle, -2))),
                "`period.end` should NOT be older than 24 hours.",
            ),
            (change(&|r| r["eod"] = json!(day(pintle, -2))), "`eod` should NOT be older than 24 hours."),
            (change(&|r| r["eod"] = json!(day(pintle, 21))), "`eod` should be within the period."),
            (change(&|r| r["timestamp"] = json!("today")), "`timestamp` should match format \"date-time\"."),
            (
                change(&|r| r["billing"]["items"][0]["price"] = json!("1e3")),
                "`billing.items[0].price` should match pattern",
            ),
            (
                change(&|r| r["billing"] = json!([{ "name": "x" }])),
                "missing required property `billing[0].billingPlanId`.",
            ),
            (
                change(&|r| r["usage"][0]["type"] = json!("other")),
                "`usage[0].type` should be equal to one of",
            ),
            (change(&|r| r["more"] = json!(1)), "should NOT have additional property `more`."),
        ];
        for (body, message) in refused {
            let error = send(&partner, body).await.fails(400, "bad_request");
            let text = error["message"].as_str().unwrap();
            assert!(text.starts_with(&format!("Invalid request: {message}")), "{text}");
        }
    })
    .await;
}
