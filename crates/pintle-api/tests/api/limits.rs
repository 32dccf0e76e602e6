//! Rate limits: how many requests a token may make in a minute, and what is said of it.

use pintle_api::Options;
use pintle_core::clock::MINUTE;
use pintle_core::tokens::{self, NewToken};
use pintle_testing::{Answer, Caller, Pintle, on_each_engine};
use serde_json::json;

/// Another token of the same user, with a limit of its own.
async fn limited(pintle: &Pintle, user: &Caller, limit: i64) -> Caller {
    let token = NewToken { name: "limited".into(), rate_limit: Some(limit), ..NewToken::default() };
    user.with_token(tokens::issue(&pintle.core, &user.user, token).await.unwrap().bearer_token)
}

fn header(answer: &Answer, name: &str) -> i64 {
    answer.header(name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

/// Moves the clock to the start of a minute, so that a test does not straddle two.
fn start_of_minute(pintle: &Pintle) {
    pintle.clock.advance(MINUTE - pintle.clock.now() % MINUTE);
}

#[tokio::test]
async fn every_answer_says_what_is_left() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        start_of_minute(pintle);
        for (n, path) in ["/v2/user", "/v1/webhooks/none", "/v2/teams?limit=0"].into_iter().enumerate() {
            let answer = ada.get(path).await;
            assert_eq!(header(&answer, "x-ratelimit-limit"), Options::default().rate_limit);
            assert_eq!(
                header(&answer, "x-ratelimit-remaining"),
                Options::default().rate_limit - 1 - n as i64
            );
            let reset = header(&answer, "x-ratelimit-reset");
            let now = pintle.clock.now() / 1000;
            assert!(reset > now && reset <= now + 60, "seconds, within the minute: {reset} at {now}");
            assert_eq!(answer.header("retry-after"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_that_used_up_its_minute_waits_for_the_next() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let slow = limited(pintle, &ada, 2).await;
        start_of_minute(pintle);
        assert_eq!(header(&slow.get("/v2/user").await, "x-ratelimit-remaining"), 1);
        let last = slow.get("/v2/user").await;
        assert_eq!((last.status, header(&last, "x-ratelimit-remaining")), (200, 0));

        let refused = slow.get("/v2/user").await;
        assert_eq!(header(&refused, "x-ratelimit-limit"), 2);
        assert_eq!(header(&refused, "x-ratelimit-remaining"), 0);
        let (reset, wait) = (header(&refused, "x-ratelimit-reset"), header(&refused, "retry-after"));
        assert!((1..=60).contains(&wait), "{wait}");
        let error = refused.fails(429, "rate_limited");
        assert!(error["message"].is_string());
        let reset_ms = error["limit"]["resetMs"].as_i64().unwrap();
        assert_eq!(
            error["limit"],
            json!({ "remaining": 0, "reset": reset, "resetMs": reset_ms, "total": 2 })
        );
        assert_eq!(reset_ms / 1000, reset);

        ada.get("/v2/user").await.ok(200);
        pintle.clock.advance(wait * 1000);
        slow.get("/v2/user").await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_does_nothing() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let slow = limited(pintle, &ada, 1).await;
        start_of_minute(pintle);
        slow.post("/v1/teams", json!({ "slug": "one" })).await.ok(200);
        slow.post("/v1/teams", json!({ "slug": "two" })).await.fails(429, "rate_limited");
        assert_eq!(ada.get("/v2/teams").await.ok(200)["pagination"]["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn the_servers_limit_holds_for_tokens_without_one_of_their_own() {
    on_each_engine(async |pintle| {
        let strict = pintle.beside(Options { rate_limit: 1, ..Options::default() }, false).await;
        let ada = pintle.user("ada").await;
        let quick = limited(pintle, &ada, 50).await;
        start_of_minute(pintle);
        let here = ada.at(&strict);
        here.get("/v2/user").await.ok(200);
        here.get("/v2/user").await.fails(429, "rate_limited");
        let generous = quick.at(&strict).get("/v2/user").await;
        assert_eq!((generous.status, header(&generous, "x-ratelimit-limit")), (200, 50));
        ada.get("/v2/user").await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_request_without_a_good_token_is_not_counted() {
    on_each_engine(async |pintle| {
        let ada = pintle.user("ada").await;
        let unknown = ada.with_token("vcp_unknown").get("/v2/user").await;
        assert_eq!(unknown.header("x-ratelimit-limit"), None);
        unknown.fails(403, "forbidden");
    })
    .await;
}
