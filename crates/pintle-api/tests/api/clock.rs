//! The clock of a server in development.

use pintle_api::Options;
use pintle_core::clock::{self, DAY, HOUR, MINUTE};
use pintle_testing::on_each_engine;
use serde_json::json;

const PATH: &str = "/pintle/v1/clock";

#[tokio::test]
async fn it_moves_forward_in_three_ways() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let start = ada.get(PATH).await.ok(200);
        assert_eq!(start["aheadMs"], 0);
        let now = start["now"].as_i64().unwrap();
        assert!((now - pintle.clock.now()).abs() < MINUTE, "{now}");

        assert_eq!(ada.post(PATH, json!({ "advance": "24h" })).await.ok(200)["aheadMs"], DAY);
        assert_eq!(ada.post(PATH, json!({ "advanceMs": HOUR })).await.ok(200)["aheadMs"], DAY + HOUR);
        let to = now + 3 * DAY;
        let moved = ada.post(PATH, json!({ "to": to })).await.ok(200);
        assert!((0..MINUTE).contains(&(moved["now"].as_i64().unwrap() - to)), "{moved}");
        assert_eq!(ada.get(PATH).await.ok(200)["aheadMs"], moved["aheadMs"]);
    })
    .await;
}

#[tokio::test]
async fn it_never_goes_back_and_says_what_it_cannot_read() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let now = pintle.clock.now();
        let cases = [
            (json!({ "advanceMs": -1 }), "Time only moves forward"),
            (json!({ "to": now - DAY }), "Time only moves forward"),
            (json!({ "to": i64::MIN }), "Time only moves forward"),
            (json!({ "advanceMs": i64::MAX }), "Time ends with the year 9999"),
            (json!({ "to": i64::MAX }), "Time ends with the year 9999"),
            (
                json!({ "advance": "1w" }),
                "`advance` should be a number and a unit (ms, s, m, h, d), such as 24h.",
            ),
            (json!({}), "exactly one of `advance`, `advanceMs` and `to` is needed."),
            (
                json!({ "advance": "1h", "to": now }),
                "exactly one of `advance`, `advanceMs` and `to` is needed.",
            ),
        ];
        for (body, text) in cases {
            let error = ada.post(PATH, body.clone()).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().ends_with(text), "{body}: {error}");
        }
        assert_eq!(pintle.clock.ahead(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_code_expires_in_no_time() {
    on_each_engine(async |pintle| {
        let owner = pintle.team("acme").await;
        let app = json!({ "name": "app", "slug": "app", "redirectUrl": "https://example.com/callback" });
        let app = owner.post("/pintle/v1/integrations", app).await.ok(201);
        let made = owner.post("/pintle/v1/integrations/app/install", json!({})).await.ok(201);
        owner.post(PATH, json!({ "advance": "31m" })).await.ok(200);
        let exchange = json!({
            "client_id": app["id"], "client_secret": app["clientSecret"], "code": made["code"],
            "redirect_uri": "https://example.com/callback",
        });
        assert_eq!(owner.post("/v2/oauth/access_token", exchange).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_later_start_finds_it_as_far_ahead() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        ada.post(PATH, json!({ "advance": "30d" })).await.ok(200);
        ada.post(PATH, json!({ "advance": "1h" })).await.ok(200);
        let core = pintle.reopened().await.core;
        assert_eq!(core.clock.ahead(), 0, "only --dev asks for it");
        clock::restore(&core).await.unwrap();
        assert_eq!(core.clock.ahead(), 30 * DAY + HOUR);
    })
    .await;
}

#[tokio::test]
async fn without_dev_it_is_not_there() {
    on_each_engine(async |pintle| {
        let server = pintle.beside(Options::default(), false).await;
        let ada = pintle.user("ada").await.at(&server);
        let text = "This path is for development: start the server with --dev";
        assert_eq!(ada.get(PATH).await.fails(404, "not_found")["message"], text);
        assert_eq!(ada.post(PATH, json!({ "advance": "1h" })).await.fails(404, "not_found")["message"], text);
        assert_eq!(server.clock.ahead(), 0);
    })
    .await;
}
