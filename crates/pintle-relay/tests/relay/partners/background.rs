//! Calls that nobody waits for any more: what the relay does.

use super::World;
use crate::{relay, until};
use http::Method;
use pintle_core::clock::{DAY, HOUR, MINUTE, SECOND};
use pintle_core::ids::DeliveryId;
use pintle_core::marketplace::calls::{self, NewCall, Operation};
use pintle_testing::on_each_engine;
use pintle_testing::partner::Act;
use serde_json::json;

async fn state(world: &World<'_>, id: &DeliveryId, expected: &str) {
    until(expected, async || world.shown(id).await["state"] == expected).await;
}

/// As after a crash: the change is pending, the request is gone.
#[tokio::test]
async fn a_call_that_was_only_intended_is_run_when_its_lease_ends() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.known().await;
        let id = world.intend(world.change().await).await;
        let _relay = relay(pintle).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(
            world.partner.asked_for("PATCH", &world.installed.id).len(),
            0,
            "the request may still run it"
        );
        pintle.clock.advance(MINUTE);
        state(&world, &id, "delivered").await;
        let asked = world.partner.asked_for("PATCH", &world.installed.id);
        assert_eq!((asked.len(), asked[0].header("idempotency-key")), (1, id.as_str()));
    })
    .await;
}

#[tokio::test]
async fn it_is_tried_more_and_more_rarely_and_given_up_after_a_day() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.partner.script(|_| Some(Act::Text(500, "down")));
        let id = world.intend(world.change().await).await;
        world.run(&id).await;
        let _relay = relay(pintle).await;
        let mut pauses = Vec::new();
        for tries in 3..9 {
            let shown = world.shown(&id).await;
            pauses.push(shown["nextTryAt"].as_i64().unwrap() - pintle.clock.now());
            pintle.clock.advance(pauses[pauses.len() - 1].max(0) + SECOND);
            until("the next try", async || {
                let shown = world.shown(&id).await;
                shown["tries"] == tries && shown["attempts"].as_array().unwrap().len() == tries
            })
            .await;
        }
        assert!(pauses[5] > 4 * pauses[0], "{pauses:?}");
        pintle.clock.advance(DAY);
        state(&world, &id, "failed").await;
        let asked = world.partner.asked();
        assert!(
            asked.iter().all(|one| one.header("idempotency-key") == id.as_str() && one.text == asked[0].text)
        );

        // Somebody mends it, and sends it again.
        world.partner.script(|_| None);
        world.known().await;
        world.team.post(&format!("/pintle/v1/deliveries/{id}/redeliver"), json!({})).await.ok(200);
        state(&world, &id, "delivered").await;
    })
    .await;
}

#[tokio::test]
async fn the_partner_says_when_to_come_again_and_a_canceled_call_does_not() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.partner.script(|_| Some(Act::Text(429, "slow")));
        let id = world.intend(world.change().await).await;
        world.run(&id).await;
        assert_eq!(world.partner.asked().len(), 1, "who is asked to wait is not asked again at once");
        world.team.post(&format!("/pintle/v1/deliveries/{id}/cancel"), json!({})).await.ok(200);
        let _relay = relay(pintle).await;
        pintle.clock.advance(2 * HOUR);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(world.partner.asked().len(), 1);
        let outcome = world.run(&id).await;
        assert!(!outcome.is_known(), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn an_installation_has_one_call_under_way_and_holds_up_no_other() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        world.known().await;
        let hanging = world.installed.id.clone();
        world.partner.script(move |asked| {
            (asked.method == "PATCH" && asked.path.ends_with(&hanging)).then_some(Act::Hang)
        });
        world.intend(world.change().await).await;
        world.intend(world.change().await).await;
        let other = world.team.install_native("search").await;
        world.partner.serve(pintle, &other.integration).await;
        let mut call = world.change().await;
        call.integration = pintle_core::ids::IntegrationId::from(other.integration.as_str());
        call.configuration = pintle_core::ids::ConfigurationId::from(other.id.as_str());
        call.path = format!("/v1/installations/{}", other.id);
        let third = world.intend(call).await;
        let _relay = relay(pintle).await;
        pintle.clock.advance(MINUTE);
        state(&world, &third, "failed").await;
        assert_eq!(world.partner.asked_for("PATCH", &world.installed.id).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_installation_that_goes_takes_its_pending_calls_along_but_for_its_own_end() {
    on_each_engine(async |pintle| {
        let world = World::new(pintle).await;
        let end = world.call(Method::DELETE, &[], json!({ "cascadeResourceDeletion": true })).await;
        let end = NewCall { operation: Operation::DeleteInstallation, ..end };
        let ids = [world.intend(world.change().await).await, world.intend(end).await];
        let configuration = world.configuration();
        let write = pintle.core.db.write(async move |tx| calls::cancel(tx, &configuration).await);
        write.await.unwrap();
        let states =
            [world.shown(&ids[0]).await["state"].clone(), world.shown(&ids[1]).await["state"].clone()];
        assert_eq!(states, ["canceled", "pending"]);
        assert!(!world.run(&ids[0]).await.is_known());
        assert!(world.partner.asked().is_empty(), "what was canceled is not sent");
    })
    .await;
}
