//! An orderly end: what is under way arrives once.

use crate::receiver::{Act, Receiver};
use crate::{deliveries, relay, subscribe, until};
use pintle_core::clock::MINUTE;
use pintle_testing::on_each_engine;
use std::time::{Duration, Instant};

#[tokio::test]
async fn what_is_under_way_is_finished_and_recorded_and_nothing_more_is_begun() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Late(300, 200)]).await;
        subscribe(&team, &receiver.url).await;
        let first = relay(pintle).await;
        team.project("site").await;
        until("it is under way", async || receiver.received().len() == 1).await;
        let (finished, ()) = tokio::join!(first.finish(Duration::from_secs(10)), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            team.project("after").await;
        });
        assert!(finished);
        assert_eq!(deliveries(&team, "state=delivered").await.len(), 1);
        assert_eq!(receiver.received().len(), 1, "the second is the next one's");
        let _next = relay(pintle).await;
        pintle.clock.advance(5 * MINUTE);
        until("the second arrives", async || deliveries(&team, "state=delivered").await.len() == 2).await;
        assert_eq!(receiver.received().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_hangs_does_not_hold_the_end() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Hang]).await;
        subscribe(&team, &receiver.url).await;
        let first = relay(pintle).await;
        team.project("site").await;
        until("it is under way", async || receiver.received().len() == 1).await;
        let began = Instant::now();
        assert!(!first.finish(Duration::from_millis(50)).await, "an exchange may take half a second");
        assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
        assert_eq!(deliveries(&team, "state=pending").await.len(), 1, "it is sent again");
    })
    .await;
}

#[tokio::test]
async fn a_relay_with_nothing_to_do_ends_at_once() {
    on_each_engine(async |pintle| {
        let idle = relay(pintle).await;
        let began = Instant::now();
        assert!(idle.finish(Duration::from_secs(10)).await);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    })
    .await;
}
