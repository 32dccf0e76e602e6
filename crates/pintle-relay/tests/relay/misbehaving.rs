//! Receivers that hang, drip, break off or close: each is tried again, and says why it failed.

use crate::receiver::{Act, Receiver};
use crate::{deliveries, delivery, relay, subscribe, until};
use pintle_core::clock::HOUR;
use pintle_testing::on_each_engine;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn each_way_to_fail_is_named_and_outlived() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let acts = [
            (Act::Hang, "timed out"),
            (Act::Drip, "timed out"),
            (Act::Reset, ""),
            (Act::Close, ""),
            (Act::Half, "broken off"),
        ];
        let receiver = Receiver::new(acts.iter().map(|(act, _)| act.clone())).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        for tries in 1..=acts.len() + 1 {
            until("a try", async || deliveries(&team, "").await[0]["tries"] == tries).await;
            pintle.clock.advance(HOUR);
        }
        let one = deliveries(&team, "").await.remove(0);
        assert_eq!(one["state"], "delivered");
        let detail = delivery(&team, &one["id"]).await;
        for ((act, why), attempt) in acts.iter().zip(detail["attempts"].as_array().unwrap()) {
            let said = attempt["error"].as_str().unwrap_or_default();
            assert!(!said.is_empty() && said.starts_with(why), "{act:?}: {attempt}");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_listening_is_a_failure_like_another() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        subscribe(&team, &format!("http://127.0.0.1:{port}/hook")).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("a try", async || deliveries(&team, "").await[0]["tries"] == 1).await;
        let one = deliveries(&team, "").await.remove(0);
        assert_eq!(one["state"], "pending");
        let attempt = delivery(&team, &one["id"]).await["attempts"][0].clone();
        assert!(attempt["error"].as_str().unwrap().starts_with("no connection"), "{attempt}");
        assert_eq!(attempt.get("status"), None);
    })
    .await;
}

#[tokio::test]
async fn one_that_hangs_holds_up_nobody_else() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let hanging = Receiver::new(vec![Act::Hang; 1000]).await;
        let healthy = Receiver::new([]).await;
        for _ in 0..10 {
            subscribe(&team, &hanging.url).await;
        }
        subscribe(&team, &healthy.url).await;
        for n in 0..20 {
            team.project(&format!("before-{n}")).await;
        }
        let began = Instant::now();
        let _relay = relay(pintle).await;
        until("all of it arrives", async || healthy.received().len() == 20).await;
        assert!(began.elapsed() < Duration::from_secs(3), "after {:?}", began.elapsed());
    })
    .await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let elsewhere = Receiver::new([]).await;
        let location: &'static str = format!("location: {}\r\n", elsewhere.url).leak();
        let receiver = Receiver::new([Act::AnswerWith(307, location)]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("a try", async || deliveries(&team, "").await[0]["tries"] == 1).await;
        assert_eq!(deliveries(&team, "").await[0]["state"], json!("pending"));
        assert!(elsewhere.received().is_empty());
    })
    .await;
}
