//! Faults that a developer orders for a target.

use crate::receiver::Receiver;
use crate::{deliveries, delivery, relay, subscribe, until};
use pintle_core::clock::HOUR;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};
use std::time::Duration;

async fn order(team: &Caller, receiver: &Receiver, effect: Value) {
    let mut fault = effect;
    fault["target"] = json!(receiver.url);
    team.post("/pintle/v1/faults", fault).await.ok(201);
}

#[tokio::test]
async fn a_target_fails_so_many_times_and_then_gets_the_event() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (faulty, other) = (Receiver::new([]).await, Receiver::new([]).await);
        subscribe(&team, &faulty.url).await;
        subscribe(&team, &other.url).await;
        order(&team, &faulty, json!({ "status": 503, "retryAfter": 40, "times": 2 })).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("the other", async || other.received().len() == 1).await;
        for tries in [1, 2] {
            until("a try", async || deliveries(&team, "state=pending").await[0]["tries"] == tries).await;
            assert_eq!(faulty.received().len(), 0, "a fault sends nothing");
            let waits = deliveries(&team, "state=pending").await[0]["nextTryAt"].as_i64().unwrap();
            assert!((35_000..=40_000).contains(&(waits - pintle.clock.now())), "{waits}");
            pintle.clock.advance(HOUR);
        }
        until("the event", async || faulty.received().len() == 1).await;
        until("no more", async || deliveries(&team, "state=delivered").await.len() == 2).await;
        assert_eq!(team.get("/pintle/v1/faults").await.ok(200), json!({ "faults": [] }));
    })
    .await;
}

#[tokio::test]
async fn a_dropped_answer_and_a_late_one_are_tried_again() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        subscribe(&team, &receiver.url).await;
        order(&team, &receiver, json!({ "dropAnswer": true, "times": 1 })).await;
        order(&team, &receiver, json!({ "latencyMs": 60_000, "times": 1 })).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        for (tries, received) in [(1, 1), (2, 1)] {
            until("a try", async || deliveries(&team, "").await[0]["tries"] == tries).await;
            assert_eq!(receiver.received().len(), received);
            pintle.clock.advance(HOUR);
        }
        until("the event", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        let sent: Vec<Value> =
            receiver.received().iter().map(|received| received.json()["id"].clone()).collect();
        assert_eq!((sent.len(), &sent[0]), (2, &sent[1]), "the same event twice");
        let detail = delivery(&team, &deliveries(&team, "").await[0]["id"]).await;
        let errors: Vec<_> = (0..2).map(|n| detail["attempts"][n]["error"].as_str().unwrap()).collect();
        assert_eq!(errors, ["broken off: a fault dropped the answer", "timed out"]);
        let late = detail["attempts"][1]["durationMs"].as_u64().map(Duration::from_millis).unwrap();
        assert!(late >= Duration::from_millis(400), "{late:?}");
    })
    .await;
}
