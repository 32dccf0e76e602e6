//! An event arrives once where all goes well, and in the end where it does not.

use crate::receiver::{Act, Receiver};
use crate::{deliveries, delivery, relay, subscribe, until};
use pintle_core::clock::{DAY, HOUR, MINUTE};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn an_event_arrives_in_its_envelope() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        let project = team.project("site").await;
        until("it arrives", async || receiver.received().len() == 1).await;
        let received = receiver.received().remove(0);
        let body = received.json();
        let event = team.get("/v3/events?types=project-created").await;
        assert_eq!(body["type"], "project.created");
        assert_eq!(body["region"], json!(null));
        assert_eq!(body["payload"]["project"], json!({ "id": project, "name": "site" }));
        assert_eq!(
            (&body["payload"]["team"]["id"], &body["payload"]["user"]["id"]),
            (&json!(team.team), &json!(team.user))
        );
        assert!(body["id"].as_str().is_some_and(|id| id.starts_with("uev_")), "{}", event.text);
        assert!(body["createdAt"].as_i64().is_some_and(|at| (pintle.clock.now() - at).abs() < MINUTE));
        assert!(received.head.starts_with("POST /hook HTTP/1.1"), "{}", received.head);
        assert_eq!(received.header("content-type"), Some("application/json; charset=utf-8"));
        until("it is recorded", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(receiver.received().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_bytes() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Answer(500), Act::Answer(404), Act::Answer(302)]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        for tries in 1..=4 {
            until("a try", async || receiver.received().len() == tries).await;
            let recorded = async || deliveries(&team, "").await[0]["tries"] == tries;
            until("its record", recorded).await;
            pintle.clock.advance(HOUR);
        }
        let received = receiver.received();
        assert!(received.iter().all(|again| *again == received[0]), "{received:?}");
        let one = deliveries(&team, "").await.remove(0);
        assert_eq!(one["state"], "delivered");
        let detail = delivery(&team, &one["id"]).await;
        let statuses: Vec<_> =
            detail["attempts"].as_array().unwrap().iter().map(|a| a["status"].clone()).collect();
        assert_eq!(json!(statuses), json!([500, 404, 302, 200]));
        assert_eq!(detail["body"].as_str().unwrap().as_bytes(), received[0].body);
    })
    .await;
}

#[tokio::test]
async fn it_is_given_up_after_a_day() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new(vec![Act::Answer(500); 100]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        let mut tries = 0;
        let given_up = loop {
            tries += 1;
            until("a try", async || deliveries(&team, "").await[0]["tries"] == tries).await;
            let one = deliveries(&team, "").await.remove(0);
            match one["nextTryAt"].as_i64() {
                Some(next) => pintle.clock.advance(next - pintle.clock.now()),
                None => break one,
            };
        };
        assert_eq!(given_up["state"], "failed");
        let lasted = pintle.clock.now() - given_up["createdAt"].as_i64().unwrap();
        assert!((DAY..DAY + MINUTE).contains(&lasted), "the last try is made when the day is over: {lasted}");
        pintle.clock.advance(2 * DAY);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(receiver.received().len(), tries, "and left alone from then on");
    })
    .await;
}

#[tokio::test]
async fn a_receiver_says_when_to_come_again_within_bounds() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let later = Act::AnswerWith(429, "retry-after: 600\r\n");
        let never = Act::AnswerWith(503, "retry-after: 99999999\r\n");
        let receiver = Receiver::new([later, never]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        for (tries, pause) in [(1, 10 * MINUTE), (2, HOUR)] {
            until("a try", async || deliveries(&team, "").await[0]["tries"] == tries).await;
            let next = deliveries(&team, "").await[0]["nextTryAt"].as_i64().unwrap() - pintle.clock.now();
            assert!((next - pause).abs() < 5_000, "the next try is in {next} ms, not in {pause}");
            pintle.clock.advance(pause);
        }
        until("it arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_relay_had_in_hand_is_delivered_by_the_next() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Hang]).await;
        subscribe(&team, &receiver.url).await;
        let first = relay(pintle).await;
        team.project("site").await;
        until("it is under way", async || receiver.received().len() == 1).await;
        drop(first);
        let _next = relay(pintle).await;
        // On PostgreSQL another process could still be at it, so the lease has to run out.
        pintle.clock.advance(5 * MINUTE);
        until("it arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(receiver.received().len(), 2);
    })
    .await;
}
