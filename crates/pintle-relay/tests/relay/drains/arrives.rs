//! Lines arrive in their encoding, signed, and none is lost to an endpoint that fails.

use super::{drain, http, log, log_with, numbers, path};
use crate::receiver::{Act, Receiver};
use crate::{deliveries, delivery, relay, until};
use flate2::read::GzDecoder;
use pintle_core::clock::{DAY, HOUR, MINUTE};
use pintle_core::signature;
use pintle_testing::on_each_engine;
use serde_json::{Value, json};
use std::io::Read;

#[tokio::test]
async fn lines_arrive_signed_in_either_encoding_from_the_drains_creation_on() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        log(pintle, &team, &project, 0..3).await;
        let (array, lines) = (Receiver::new([]).await, Receiver::new([]).await);
        let made = drain(&team, http(&array, "json"), json!({})).await;
        let compressed = json!({
            "type": "http", "endpoint": lines.url, "encoding": "ndjson", "compression": "gzip",
            "headers": { "x-key": "a-secret-value", "host": "elsewhere.example.com" }, "secret": "s3cret",
        });
        drain(&team, compressed, json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 3..6).await;
        until("both are sent to", async || array.received().len() + lines.received().len() == 2).await;

        let received = array.received().remove(0);
        assert_eq!(received.json()[0]["message"], "3");
        assert_eq!(numbers(&array), [3, 4, 5]);
        assert_eq!(received.header("content-type"), Some("application/json"));
        assert_eq!(received.header("user-agent"), Some("VercelDrain/1.0 (+https://vercel.com/docs/drains)"));
        let secret = made["delivery"]["secret"].as_str().unwrap();
        assert_eq!(
            received.header("x-vercel-signature"),
            Some(signature::sign(secret, &received.body).unwrap().as_str())
        );

        let received = lines.received().remove(0);
        assert_eq!(received.header("content-type"), Some("application/x-ndjson"));
        assert_eq!(received.header("content-encoding"), Some("gzip"));
        assert_eq!(received.header("x-key"), Some("a-secret-value"));
        assert!(received.header("host").unwrap().starts_with("127.0.0.1:"));
        let mut opened = String::new();
        GzDecoder::new(received.body.as_slice()).read_to_string(&mut opened).unwrap();
        let messages: Vec<Value> = opened
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].clone())
            .collect();
        assert_eq!(json!(messages), json!(["3", "4", "5"]));
        let signature = signature::sign("s3cret", opened.as_bytes()).unwrap();
        assert_eq!(received.header("x-vercel-signature"), Some(signature.as_str()));
    })
    .await;
}

#[tokio::test]
async fn a_delivery_shows_its_piece_and_no_secret() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        let endpoint = format!("{}?token=in-the-query", receiver.url);
        let made = drain(
            &team,
            json!({
                "type": "http", "endpoint": endpoint, "encoding": "json",
                "headers": { "Authorization": "Bearer in-a-header" }, "secret": "the-signing-secret",
            }),
            json!({}),
        )
        .await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..200).await;
        let filter = format!("state=delivered&drainId={}", made["id"].as_str().unwrap());
        until("it is delivered", async || deliveries(&team, &filter).await.len() == 1).await;
        let one = deliveries(&team, &filter).await.remove(0);
        assert_eq!(
            (&one["kind"], &one["stream"], &one["from"], &one["to"], &one["lines"]),
            (&json!("drain"), &json!("log"), &json!(1), &json!(1), &json!(200))
        );
        assert_eq!(one["url"], receiver.url);
        let detail = delivery(&team, &one["id"]).await;
        let attempt = &detail["attempts"][0];
        assert_eq!(
            (&attempt["status"], &attempt["request"]["headers"]["authorization"]),
            (&json!(200), &json!("(hidden)"))
        );
        let beginning = attempt["request"]["body"].as_str().unwrap();
        assert!(beginning.starts_with("[{\"id\"") && beginning.len() == 4096, "{}", beginning.len());
        for secret in ["in-a-header", "in-the-query", "the-signing-secret"] {
            assert!(!detail.to_string().contains(secret), "{secret}");
        }
        assert!(receiver.received()[0].head.contains("token=in-the-query"));
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_fails_gets_the_same_lines_again_and_then_the_next() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([
            Act::Answer(500),
            Act::Reset,
            Act::Hang,
            Act::AnswerWith(429, "retry-after: 7\r\n"),
        ])
        .await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..3).await;
        for tries in 1..=4 {
            until("a try", async || {
                deliveries(&team, "state=pending").await.first().is_some_and(|one| one["tries"] == tries)
            })
            .await;
            // What comes meanwhile waits behind.
            log(pintle, &team, &project, 3 * tries..3 * tries + 3).await;
            if tries == 4 {
                let one = deliveries(&team, "").await.remove(0);
                let pause = one["nextTryAt"].as_i64().unwrap() - pintle.clock.now();
                assert!((4_000..=7_000).contains(&pause), "{pause}");
            }
            pintle.clock.advance(6 * MINUTE);
            pintle.core.bell.ring();
        }
        until("everything is delivered", async || {
            let all = deliveries(&team, "").await;
            all.len() >= 2
                && all.iter().all(|one| one["state"] == "delivered")
                && numbers(&receiver).contains(&14)
        })
        .await;
        // The reset request was not read, so three of the four that failed are here.
        let first: Vec<usize> = (0..3).collect();
        assert_eq!(numbers(&receiver), [first.repeat(4), (3..15).collect()].concat());
    })
    .await;
}

#[tokio::test]
async fn what_fails_for_a_day_is_given_up_and_what_came_after_it_is_sent() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([Act::Answer(500), Act::Answer(500)]).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        until("a try", async || deliveries(&team, "state=pending").await.len() == 1).await;
        log(pintle, &team, &project, 1..2).await;
        pintle.clock.advance(DAY + HOUR);
        pintle.core.bell.ring();
        until("the next arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(deliveries(&team, "state=failed").await.len(), 1);
        assert_eq!(numbers(&receiver), [0, 0, 1]);
        // Somebody wants it after all.
        let failed = deliveries(&team, "state=failed").await.remove(0);
        let id = failed["id"].as_str().unwrap();
        team.post(&format!("/pintle/v1/deliveries/{id}/redeliver"), json!({})).await.ok(200);
        pintle.core.bell.ring();
        until("it is sent again", async || deliveries(&team, "state=delivered").await.len() == 2).await;
        assert_eq!(numbers(&receiver), [0, 0, 1, 0]);
        team.delete(&format!("/v1/drains/{}", failed["drainId"].as_str().unwrap())).await.ok(204);
        let gone = team.post(&format!("/pintle/v1/deliveries/{id}/redeliver"), json!({})).await;
        gone.fails(409, "receiver_gone");
    })
    .await;
}

#[tokio::test]
async fn a_piece_that_is_canceled_is_skipped() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([Act::Answer(500)]).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        until("a try", async || deliveries(&team, "state=pending").await.len() == 1).await;
        log(pintle, &team, &project, 1..2).await;
        let id = deliveries(&team, "").await[0]["id"].as_str().unwrap().to_owned();
        team.post(&format!("/pintle/v1/deliveries/{id}/cancel"), json!({})).await.ok(200);
        pintle.core.bell.ring();
        until("the next arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(numbers(&receiver), [0, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_drain_that_hangs_holds_up_no_other() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let hanging = Receiver::new((0..99).map(|_| Act::Hang)).await;
        let receiver = Receiver::new([]).await;
        for _ in 0..5 {
            drain(&team, http(&hanging, "json"), json!({})).await;
        }
        drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        for number in 0..10 {
            let began = std::time::Instant::now();
            log(pintle, &team, &project, number..number + 1).await;
            until("it arrives", async || numbers(&receiver).len() == number + 1).await;
            assert!(began.elapsed().as_millis() < 450, "{:?}", began.elapsed());
        }
    })
    .await;
}

#[tokio::test]
async fn only_what_a_drain_asks_for_is_sent() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        let odata = "level eq 'error' or contains(message,'3')";
        let filter = json!({ "version": "v2", "filter": { "type": "odata", "text": odata } });
        drain(&team, http(&receiver, "json"), json!({ "filter": filter })).await;
        let sampled = Receiver::new([]).await;
        let rules = json!([{ "type": "head_sampling", "rate": 0.5, "env": "production" }]);
        drain(&team, http(&sampled, "json"), json!({ "sampling": rules })).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..200).await;
        log_with(pintle, &team, &project, 200..202, json!({ "level": "error", "environment": "preview" })).await;
        until("both have it", async || {
            numbers(&receiver).contains(&201) && !sampled.received().is_empty()
        })
        .await;
        let expected = (0..200).filter(|number| number.to_string().contains('3')).chain(200..202);
        assert_eq!(numbers(&receiver), expected.collect::<Vec<_>>());
        let taken = numbers(&sampled);
        assert!((60..140).contains(&taken.len()) && taken.iter().all(|number| *number < 200), "{taken:?}");
        let refused = json!({ "filter": "level equals 'error'" });
        let made = drain(&team, http(&receiver, "json"), json!({})).await;
        team.patch(&path(&made), refused).await.says(
            400,
            "bad_request",
            "Invalid request: `filter` is not a filter: expected `eq`, `ne`, `gt`, `ge`, `lt`, `le` or `in` at character 7.",
        );
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_relay_had_in_hand_is_sent_by_the_next() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([Act::Hang]).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        let first = relay(pintle).await;
        log(pintle, &team, &project, 0..2).await;
        until("it is under way", async || receiver.received().len() == 1).await;
        drop(first);
        let _next = relay(pintle).await;
        // On PostgreSQL another process could still be at it, so the lease has to run out.
        pintle.clock.advance(2 * MINUTE);
        log(pintle, &team, &project, 2..3).await;
        until("the rest arrives", async || numbers(&receiver).contains(&2)).await;
        assert_eq!(numbers(&receiver), [0, 1, 0, 1, 2]);
    })
    .await;
}
