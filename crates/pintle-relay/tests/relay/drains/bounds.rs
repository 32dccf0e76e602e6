//! How much is on its way at a time, in which order, and how long is told of it.

use super::{drain, http, log, log_with, numbers, take_before};
use crate::receiver::{Act, Receiver};
use crate::{deliveries, delivery, relay, until};
use pintle_core::clock::{DAY, HOUR, MINUTE, SECOND};
use pintle_relay::{Relay, Settings};
use pintle_store::params;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_backlog_arrives_in_order_and_nothing_passes_a_piece_that_fails() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([200, 200, 500, 200, 500, 500].map(Act::Answer)).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        // Three batches are a piece.
        for batch in 0..18 {
            let padding = json!({ "path": "p".repeat(8_000) });
            log_with(pintle, &team, &project, batch * 100..batch * 100 + 100, padding).await;
        }
        let _relay = relay(pintle).await;
        for (sent, tries) in [(3, 1), (5, 1), (6, 2)] {
            until("a try that fails", async || {
                let pending = deliveries(&team, "state=pending").await;
                receiver.received().len() == sent && pending.first().is_some_and(|one| one["tries"] == tries)
            })
            .await;
            pintle.clock.advance(5 * SECOND);
            pintle.core.bell.ring();
        }
        until("everything is delivered", async || {
            let all = deliveries(&team, "").await;
            all.len() == 6 && all.iter().all(|one| one["state"] == "delivered")
        })
        .await;
        let pieces: Vec<usize> = receiver
            .received()
            .iter()
            .map(|request| request.json()[0]["message"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(pieces, [0, 300, 600, 600, 900, 900, 900, 1200, 1500]);
        let mut lines = numbers(&receiver);
        lines.dedup();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines, (0..1_800).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn only_so_many_pieces_are_on_their_way_at_a_time() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new((0..256).map(|_| Act::Hang)).await;
        for _ in 0..260 {
            drain(&team, http(&receiver, "json"), json!({})).await;
        }
        let _relay = Relay::start(&pintle.core, Settings { timeout: Duration::from_secs(5) }).await.unwrap();
        log(pintle, &team, &project, 0..1).await;
        until("all hands are full", async || receiver.received().len() >= 256).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(receiver.received().len(), 256);
        until("the others have their turn", async || receiver.received().len() >= 260).await;
    })
    .await;
}

#[tokio::test]
async fn pieces_that_arrived_are_told_of_for_a_day() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([Act::Answer(500)]).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        until("a try", async || deliveries(&team, "state=pending").await.len() == 1).await;
        let id = deliveries(&team, "").await[0]["id"].as_str().unwrap().to_owned();
        team.post(&format!("/pintle/v1/deliveries/{id}/cancel"), json!({})).await.ok(200);
        log(pintle, &team, &project, 1..2).await;
        until("the next arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        pintle.clock.advance(DAY - HOUR);
        assert_eq!(pintle_core::deliveries::sweep(&pintle.core).await.unwrap(), 0);
        pintle.clock.advance(2 * HOUR);
        assert_eq!(pintle_core::deliveries::sweep(&pintle.core).await.unwrap(), 1);
        let kept = deliveries(&team, "").await;
        assert_eq!((kept.len(), &kept[0]["state"]), (1, &json!("canceled")));
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_fails_visibly_until_it_is_canceled() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        log(pintle, &team, &project, 0..1).await;
        let owner = team.team.clone().unwrap();
        let spoil = async move |tx: &pintle_core::Conn| {
            let sql = "UPDATE log_batches SET body = $2 WHERE owner_id = $1";
            Ok::<_, pintle_core::Error>(tx.execute(sql, &params![&owner, &b"spoilt"[..]]).await?)
        };
        assert_eq!(pintle.core.db.write(spoil).await.unwrap(), 1);
        let _relay = relay(pintle).await;
        until("it is tried", async || {
            deliveries(&team, "state=pending").await.iter().any(|delivery| delivery["tries"] != 0)
        })
        .await;
        let pending = deliveries(&team, "state=pending").await.remove(0);
        let detail = delivery(&team, &pending["id"]).await;
        let error = detail["attempts"][0]["error"].as_str().unwrap();
        assert!(error.contains("batch 1 of the logs does not unpack"), "{error}");
        log(pintle, &team, &project, 1..2).await;
        let id = pending["id"].as_str().unwrap();
        team.post(&format!("/pintle/v1/deliveries/{id}/cancel"), json!({})).await.ok(200);
        pintle.core.bell.ring();
        until("the next arrives", async || numbers(&receiver) == [1]).await;
    })
    .await;
}

#[tokio::test]
async fn what_the_limits_took_of_a_piece_that_waits_is_told() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([Act::Answer(503), Act::Answer(503)]).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        for number in 0..4 {
            log(pintle, &team, &project, number..number + 1).await;
        }
        let _relay = relay(pintle).await;
        until("a try", async || deliveries(&team, "state=pending").await.len() == 1).await;
        take_before(pintle, &team, 3).await;
        for tries in 2..=3 {
            pintle.clock.advance(6 * MINUTE);
            pintle.core.bell.ring();
            until("a try", async || receiver.received().len() == tries).await;
        }
        until("the rest is delivered", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(numbers(&receiver), [0, 1, 2, 3, 2, 3, 2, 3]);
        let all = deliveries(&team, "").await;
        let told: Vec<_> = all.iter().map(|one| (&one["state"], &one["from"], &one["to"])).collect();
        assert_eq!(
            told,
            [(&json!("failed"), &json!(1), &json!(2)), (&json!("delivered"), &json!(3), &json!(4))]
        );
        let detail = delivery(&team, &all[0]["id"]).await;
        assert_eq!(detail["attempts"][0]["error"], "the limits of the logs took it before it was sent");
    })
    .await;
}
