//! Between installation and removal: disabled, taken over, swept.

use pintle_core::clock::DAY;
use pintle_core::configurations::lifecycle;
use pintle_core::permissions::Role;
use pintle_testing::{Caller, Installed, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

async fn act(caller: &Caller, id: &str, what: &str) -> pintle_testing::Answer {
    caller.post(&format!("/pintle/v1/integrations/configurations/{id}/{what}"), json!({})).await
}

async fn look(caller: &Caller, installed: &Installed) -> pintle_testing::Answer {
    caller.get(&format!("/v1/integrations/configuration/{}", installed.id)).await
}

async fn sweep(pintle: &Pintle) -> usize {
    lifecycle::sweep(&pintle.core).await.unwrap()
}

#[tokio::test]
async fn a_disabled_installation_keeps_what_it_owns_until_it_is_swept() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("shop").await;
        let installed = team.install("bridge").await;
        let healthy = team.install("healthy").await;
        let hook = json!({ "url": "https://example.com/a", "events": ["project.created"] });
        let own = installed.caller.post("/v1/webhooks", hook.clone()).await.ok(200);
        let kept = healthy.caller.post("/v1/webhooks", hook.clone()).await.ok(200);
        let variable = json!({ "key": "KEY", "value": "v", "type": "encrypted", "target": ["production"] });
        installed.caller.post(&format!("/v10/projects/{project}/env"), variable).await.ok(201);
        act(&team, &installed.id, "disable").await.ok(200);
        let hooks = async || team.get("/v1/webhooks").await.ok(200).as_array().unwrap().len();
        let variables = async || {
            let found = team.get(&format!("/v9/projects/{project}/env")).await.ok(200);
            found["envs"].as_array().unwrap().len()
        };
        assert_eq!((hooks().await, variables().await), (2, 1));

        pintle.clock.advance(30 * DAY - 60_000);
        assert_eq!(sweep(pintle).await, 0);
        look(&team, &installed).await.ok(200);
        assert_eq!((hooks().await, variables().await), (2, 1));
        pintle.clock.advance(60_000);
        assert_eq!(sweep(pintle).await, 1);
        look(&team, &installed).await.fails(404, "not_found");
        look(&team, &healthy).await.ok(200);
        assert_eq!((hooks().await, variables().await), (1, 0));
        assert_eq!(team.get("/v1/webhooks").await.ok(200)[0]["id"], kept["id"]);
        assert_eq!(sweep(pintle).await, 0);

        let receipt = team.get(&format!("/pintle/v1/removals/{}", installed.id)).await.ok(200);
        assert_eq!(
            (&receipt["reason"], &receipt["removedBy"]),
            (&json!("disabled-too-long"), &json!({ "type": "system" }))
        );
        assert_eq!(receipt["removed"]["webhooks"][0]["id"], own["id"]);
        let events = pintle.outbox("integration-configuration.removed").await;
        assert_eq!((events.len(), events[0].kind.as_str()), (1, "disabled-integration-installation-removed"));
        assert_eq!(events[0].payload["team"], json!({ "id": team.team }));
        assert_eq!(
            events[0].payload["user"],
            json!({ "id": team.user }),
            "on behalf of whom it was installed for"
        );
        assert_eq!(installed.caller.get("/v1/webhooks").await.fails(403, "forbidden")["invalidToken"], true);
    })
    .await;
}

#[tokio::test]
async fn an_owner_takes_over_and_enables_again() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let member = pintle.member(&team, "mem", Role::Member).await;
        let installed = member.install("bridge").await;
        let found = act(&team, &installed.id, "disable").await.ok(200);
        assert_eq!(act(&team, &installed.id, "disable").await.ok(200), found, "once is enough");
        assert_eq!(pintle.audited("integration-configurations-disabled").await, 1);
        installed.caller.get("/v10/projects").await.fails(403, "integration_configuration_disabled");
        for what in ["disable", "take-over"] {
            act(&member, &installed.id, what).await.fails(403, "forbidden");
            act(&pintle.user(&format!("stranger-{what}")).await, &installed.id, what)
                .await
                .fails(404, "not_found");
        }
        pintle.clock.advance(29 * DAY);
        let taken = act(&team, &installed.id, "take-over").await.ok(200);
        assert_eq!(
            (&taken["userId"], taken.get("disabledAt"), taken.get("disabledReason")),
            (&json!(team.user), None, None)
        );
        installed.caller.get("/v10/projects").await.ok(200);
        assert_eq!(installed.caller.get("/v2/user").await.ok(200)["user"]["id"], json!(team.user));
        pintle.clock.advance(2 * DAY);
        assert_eq!(sweep(pintle).await, 0, "it is not disabled any more");
        look(&team, &installed).await.ok(200);
        assert_eq!(pintle.audited("integration-configuration-owner-changed").await, 1);
    })
    .await;
}

#[tokio::test]
async fn disabled_again_it_has_thirty_days_again() {
    on_sqlite(async |pintle| {
        let team = pintle.team("acme").await;
        let installed = team.install("bridge").await;
        act(&team, &installed.id, "disable").await.ok(200);
        pintle.clock.advance(29 * DAY);
        act(&team, &installed.id, "take-over").await.ok(200);
        act(&team, &installed.id, "disable").await.ok(200);
        pintle.clock.advance(29 * DAY);
        assert_eq!(sweep(pintle).await, 0);
        pintle.clock.advance(DAY);
        assert_eq!(sweep(pintle).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_sweep_goes_on_past_a_hundred_and_past_a_failure() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let mut ids = Vec::new();
        for index in 0..205 {
            let app = json!({ "name": "app", "slug": format!("app-{index}") });
            team.post("/pintle/v1/integrations", app).await.ok(201);
            let made =
                team.post(&format!("/pintle/v1/integrations/app-{index}/install"), json!({})).await.ok(201);
            let id = made["configuration"]["id"].as_str().unwrap().to_owned();
            act(&team, &id, "disable").await.ok(200);
            ids.push(id);
        }
        // The document of the fourth is broken: it cannot be read, so it cannot be removed.
        let broken = ids[3].clone();
        let change = pintle.core.db.write(async move |tx| {
            let sql = "UPDATE configurations SET doc = '{' WHERE id = $1";
            tx.execute(sql, &pintle_store::params![&broken]).await?;
            Ok::<_, pintle_core::Error>(())
        });
        change.await.unwrap();
        pintle.clock.advance(30 * DAY);
        assert!(lifecycle::sweep(&pintle.core).await.is_err(), "the failure is told");
        let sql = "SELECT id FROM configurations";
        let left: Vec<(String,)> = pintle.core.db.read().await.unwrap().all(sql, &[]).await.unwrap();
        assert_eq!(left, [(ids[3].clone(),)], "and all others are gone");
        assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), 204);
    })
    .await;
}

#[tokio::test]
async fn two_sweeps_at_once_remove_each_once() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        for slug in ["a", "b", "c", "d", "e"] {
            let installed = team.install(slug).await;
            act(&team, &installed.id, "disable").await.ok(200);
        }
        pintle.clock.advance(30 * DAY);
        let (one, two) = tokio::join!(sweep(pintle), sweep(pintle));
        assert_eq!(one + two, 5);
        assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn a_personal_installation_is_swept_as_such() {
    on_sqlite(async |pintle| {
        let user = pintle.user("ada").await;
        let installed = user.install("bridge").await;
        act(&user, &installed.id, "disable").await.ok(200);
        pintle.clock.advance(30 * DAY);
        assert_eq!(sweep(pintle).await, 1);
        assert_eq!(pintle.outbox("integration-configuration.removed").await[0].payload["team"], Value::Null);
    })
    .await;
}
