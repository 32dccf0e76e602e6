//! What was sent can be looked at, sent again and ended.

use crate::receiver::{Act, Receiver};
use crate::{deliveries, delivery, relay, subscribe, until};
use pintle_core::clock::{DAY, HOUR, SECOND};
use pintle_testing::on_each_engine;
use serde_json::json;

#[tokio::test]
async fn a_try_shows_both_sides_and_no_secret() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver =
            Receiver::new([Act::AnswerWith(500, "x-reason: full\r\nset-cookie: session=1\r\n")]).await;
        let webhook = subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("a try", async || deliveries(&team, "").await[0]["tries"] == 1).await;
        let one =
            deliveries(&team, &format!("webhookId={}", webhook["id"].as_str().unwrap())).await.remove(0);
        let answer = team.get(&format!("/pintle/v1/deliveries/{}", one["id"].as_str().unwrap())).await;
        for secret in [webhook["secret"].as_str().unwrap(), "session=1"] {
            assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
        }
        let attempt = answer.ok(200)["attempts"][0].clone();
        assert_eq!((&attempt["status"], &attempt["response"]["body"]), (&json!(500), &json!("heard")));
        assert_eq!(attempt["response"]["headers"]["x-reason"], "full");
        assert_eq!(attempt["request"]["headers"]["content-type"], "application/json; charset=utf-8");
        assert!(attempt["durationMs"].as_i64().is_some() && attempt["at"].as_i64().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_delivery_can_be_sent_again_and_a_pending_one_ended() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("it arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        let one = deliveries(&team, "").await.remove(0);
        let path = format!("/pintle/v1/deliveries/{}", one["id"].as_str().unwrap());
        team.post(&format!("{path}/cancel"), json!({})).await.fails(409, "delivery_finished");

        receiver.then(Act::Answer(500));
        assert_eq!(team.post(&format!("{path}/redeliver"), json!({})).await.ok(200)["state"], "pending");
        until("it comes again", async || deliveries(&team, "").await[0]["tries"] == 2).await;
        assert_eq!(team.post(&format!("{path}/cancel"), json!({})).await.ok(200)["state"], "canceled");
        pintle.clock.advance(HOUR);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let received = receiver.received();
        assert_eq!(received.len(), 2, "canceled is canceled");
        assert_eq!(received[0], received[1]);
        assert_eq!(delivery(&team, &one["id"]).await["attempts"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_again_while_it_is_under_way_has_a_try_of_its_own() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Late(200, 200)]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("it is under way", async || receiver.received().len() == 1).await;
        let both = "/pintle/v1/deliveries?webhookId=account_hook_1&drainId=drn_1";
        team.get(both).await.fails(400, "bad_request");
        let one = deliveries(&team, "").await.remove(0);
        let path = format!("/pintle/v1/deliveries/{}", one["id"].as_str().unwrap());
        team.post(&format!("{path}/redeliver"), json!({})).await.ok(200);
        until("it comes twice", async || receiver.received().len() == 2).await;
        until("both are recorded", async || {
            let one = deliveries(&team, "").await.remove(0);
            one["tries"] == 2 && one["state"] == "delivered"
        })
        .await;
        assert_eq!(delivery(&team, &one["id"]).await["attempts"].as_array().unwrap().len(), 2);
    })
    .await;
}

/// The last try of a day fails; meanwhile somebody asked for another day.
#[tokio::test]
async fn what_is_sent_again_during_its_last_try_is_not_given_up() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Late(300, 500), Act::Answer(500), Act::Answer(500)]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("it is under way", async || receiver.received().len() == 1).await;
        pintle.clock.advance(2 * DAY);
        let one = deliveries(&team, "").await.remove(0);
        let path = format!("/pintle/v1/deliveries/{}", one["id"].as_str().unwrap());
        team.post(&format!("{path}/redeliver"), json!({})).await.ok(200);
        until("it arrives", async || {
            let one = deliveries(&team, "").await.remove(0);
            assert_ne!(one["state"], "failed");
            pintle.clock.advance(5 * SECOND);
            one["state"] == "delivered"
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_webhook_is_sent_nothing_more() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([Act::Answer(500)]).await;
        let webhook = subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("a try", async || deliveries(&team, "").await[0]["tries"] == 1).await;
        team.delete(&format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap())).await.ok(204);
        assert_eq!(deliveries(&team, "").await[0]["state"], "canceled");
        pintle.clock.advance(HOUR);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(receiver.received().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn deliveries_are_their_owners_and_an_integrations_its_developers_too() {
    on_each_engine(async |pintle| {
        let (team, developer, stranger) =
            (pintle.team("acme").await, pintle.team("dev").await, pintle.team("other").await);
        let app = json!({ "name": "Bridge", "redirectUrl": "https://example.com/callback", "webhookUrl": "https://example.com/hook",
            "events": ["project.created"], "scopes": ["read-write:integration-configuration", "read-write:project"] });
        let app = developer.post("/pintle/v1/integrations", app).await.ok(201);
        let installed = team.install_app(&app, json!({})).await;
        subscribe(&team, "https://example.com/account").await;
        team.project("site").await;
        assert_eq!(deliveries(&team, "").await.len(), 2);
        let of_app = format!("integrationId={}", installed.integration);
        for caller in [&team, &developer] {
            let found = deliveries(caller, &of_app).await;
            assert_eq!((found.len(), &found[0]["configurationId"]), (1, &json!(installed.id)));
            delivery(caller, &found[0]["id"]).await;
        }
        assert_eq!(deliveries(&installed.caller, "").await.len(), 1, "an installation sees its own");
        let account = deliveries(&team, "").await.into_iter().find(|d| d.get("webhookId").is_some()).unwrap();
        let path = format!("/pintle/v1/deliveries/{}", account["id"].as_str().unwrap());
        for caller in [&developer, &stranger, &installed.caller] {
            caller.get(&path).await.fails(404, "not_found");
            caller.post(&format!("{path}/redeliver"), json!({})).await.fails(404, "not_found");
        }
        assert!(deliveries(&stranger, &of_app).await.is_empty());
        assert_eq!(deliveries(&team, &format!("configurationId={}", installed.id)).await.len(), 1);
        assert_eq!(deliveries(&team, "eventType=project.created").await.len(), 2);
        assert!(deliveries(&team, "eventType=project.removed").await.is_empty());
        team.get("/pintle/v1/deliveries?state=lost").await.fails(400, "bad_request");
    })
    .await;
}

/// Whoever removes an installation may not keep that from its integration, nor read what that says.
#[tokio::test]
async fn what_an_integration_of_somebody_else_answers_and_hears_is_its_developers_matter() {
    on_each_engine(async |pintle| {
        let (team, developer) = (pintle.team("acme").await, pintle.team("dev").await);
        let receiver = Receiver::new([Act::AnswerWith(500, "x-trace: inside\r\n")]).await;
        let app = json!({ "name": "Bridge", "redirectUrl": "https://example.com/callback",
            "webhookUrl": format!("{}/s3cret-path?s3cret=query", receiver.url),
            "events": ["project.created"], "scopes": ["read-write:integration-configuration", "read-write:project"] });
        let app = developer.post("/pintle/v1/integrations", app).await.ok(201);
        let installed = team.install_app(&app, json!({})).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("a try", async || deliveries(&team, "").await[0]["tries"] == 1).await;
        let id = deliveries(&team, "").await.remove(0)["id"].clone();
        let theirs = delivery(&team, &id).await;
        assert_eq!((&theirs["url"], &theirs["attempts"][0]["status"]), (&json!(receiver.url.trim_end_matches("/hook")), &json!(500)));
        assert_eq!(theirs["attempts"][0].get("response"), None);
        let path = format!("/pintle/v1/deliveries/{}", id.as_str().unwrap());
        for act in ["cancel", "redeliver"] {
            team.post(&format!("{path}/{act}"), json!({})).await.fails(403, "forbidden");
        }
        let listed = team.get(&format!("/pintle/v1/deliveries?integrationId={}", installed.integration)).await;
        assert!(!listed.text.contains("s3cret"), "{}", listed.text);
        for caller in [&developer, &installed.caller] {
            let own = delivery(caller, &id).await;
            assert!(own["url"].as_str().unwrap().ends_with("/s3cret-path"), "without its query: {}", own["url"]);
            assert_eq!(own["attempts"][0]["response"]["headers"]["x-trace"], "inside");
            caller.post(&format!("{path}/redeliver"), json!({})).await.ok(200);
        }
    })
    .await;
}

#[tokio::test]
async fn finished_deliveries_are_forgotten_after_a_week() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("it arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        assert_eq!(pintle_core::deliveries::sweep(&pintle.core).await.unwrap(), 0);
        pintle.clock.advance(8 * DAY);
        assert_eq!(pintle_core::deliveries::sweep(&pintle.core).await.unwrap(), 1);
        assert!(deliveries(&team, "").await.is_empty());
    })
    .await;
}
