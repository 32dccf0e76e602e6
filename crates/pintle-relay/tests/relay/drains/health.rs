//! Errored and back, paused and resumed, and what the limits of the logs take meanwhile.

use super::{drain, http, log, numbers, path, reread, take_before};
use crate::receiver::{Act, Receiver};
use crate::{deliveries, delivery, relay, until};
use pintle_core::clock::{HOUR, MINUTE};
use pintle_store::params;
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};

/// Waits for five tries that fail: the fifth makes the drain errored.
async fn fails_until_errored(pintle: &Pintle, team: &Caller, made: &Value) {
    for tries in 1..=5 {
        until("a try", async || {
            deliveries(team, "state=pending").await.first().is_some_and(|one| one["tries"] == tries)
        })
        .await;
        let status = if tries < 5 { "enabled" } else { "errored" };
        assert_eq!(reread(team, made).await["status"], status, "after {tries} tries");
        if tries < 5 {
            pintle.clock.advance(5 * MINUTE);
            pintle.core.bell.ring();
        }
    }
}

#[tokio::test]
async fn a_drain_whose_endpoint_fails_is_errored_until_it_does_not() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new((0..5).map(|_| Act::Answer(503))).await;
        let made = drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        fails_until_errored(pintle, &team, &made).await;
        let errored = reread(&team, &made).await;
        let first = errored["firstErrorTimestamp"].as_i64().unwrap();
        assert!((20 * MINUTE..25 * MINUTE).contains(&(pintle.clock.now() - first)));
        // One that arrives is not enough, but the failures grow old.
        pintle.clock.advance(5 * MINUTE);
        pintle.core.bell.ring();
        until("it arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(reread(&team, &made).await["status"], "errored");
        pintle.clock.advance(HOUR);
        until("it is well", async || reread(&team, &made).await["status"] == "enabled").await;
        let healthy = reread(&team, &made).await;
        assert_eq!((&healthy["status"], healthy.get("firstErrorTimestamp")), (&json!("enabled"), None));
    })
    .await;
}

#[tokio::test]
async fn switching_an_errored_drain_on_clears_the_error_and_tries_at_once() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new((0..5).map(|_| Act::Answer(503))).await;
        let made = drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        fails_until_errored(pintle, &team, &made).await;
        assert_eq!(reread(&team, &made).await["status"], "errored");
        let switched = team.patch(&path(&made), json!({ "status": "enabled" })).await.ok(200);
        assert_eq!((&switched["status"], switched.get("firstErrorTimestamp")), (&json!("enabled"), None));
        until("it arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(reread(&team, &made).await["status"], "enabled");
    })
    .await;
}

#[tokio::test]
async fn a_paused_drain_gets_nothing_and_goes_on_where_it_stopped() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        let made = drain(&team, http(&receiver, "json"), json!({})).await;
        let other = Receiver::new([]).await;
        drain(&team, http(&other, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..2).await;
        until("it arrives", async || numbers(&receiver).len() == 2).await;
        team.patch(&path(&made), json!({ "status": "disabled" })).await.ok(200);
        for number in 2..5 {
            log(pintle, &team, &project, number..number + 1).await;
        }
        until("the other has it", async || numbers(&other).len() == 5).await;
        assert_eq!(numbers(&receiver), [0, 1]);
        team.patch(&path(&made), json!({ "status": "enabled" })).await.ok(200);
        until("the rest arrives", async || numbers(&receiver).len() == 5).await;
        assert_eq!(numbers(&receiver), [0, 1, 2, 3, 4]);
    })
    .await;
}

#[tokio::test]
async fn what_the_limits_took_before_it_was_sent_is_told() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        let made = drain(&team, http(&receiver, "json"), json!({})).await;
        for number in 0..4 {
            log(pintle, &team, &project, number..number + 1).await;
        }
        take_before(pintle, &team, 3).await;
        let _relay = relay(pintle).await;
        until("the rest arrives", async || numbers(&receiver) == [2, 3]).await;
        let lost = deliveries(&team, "state=failed").await.remove(0);
        assert_eq!((&lost["from"], &lost["to"]), (&json!(1), &json!(2)));
        let detail = delivery(&team, &lost["id"]).await;
        assert_eq!(detail["attempts"][0]["error"], "the limits of the logs took it before it was sent");
        assert_eq!(reread(&team, &made).await["status"], "enabled");
    })
    .await;
}

#[tokio::test]
async fn a_stored_filter_that_is_none_fails_visibly_until_it_is_mended() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        let made = drain(&team, http(&receiver, "json"), json!({ "filter": "level eq 'info'" })).await;
        // As it may stand there since before filters were read.
        let id = made["id"].as_str().unwrap().to_owned();
        let spoil = async move |tx: &pintle_core::Conn| {
            let sql = "UPDATE drains SET doc = REPLACE(doc, 'level eq', 'level is') WHERE id = $1";
            Ok::<_, pintle_core::Error>(tx.execute(sql, &params![&id]).await?)
        };
        assert_eq!(pintle.core.db.write(spoil).await.unwrap(), 1);
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        until("it is tried", async || {
            deliveries(&team, "state=pending").await.iter().any(|delivery| delivery["tries"] != 0)
        })
        .await;
        let pending = deliveries(&team, "state=pending").await.remove(0);
        let detail = delivery(&team, &pending["id"]).await;
        let error = detail["attempts"][0]["error"].as_str().unwrap();
        assert!(error.contains("`filter` is not a filter"), "{error}");
        team.patch(&path(&made), json!({ "filter": "level eq 'info'" })).await.ok(200);
        until("it arrives", async || numbers(&receiver) == [0]).await;
    })
    .await;
}
