use super::{later, recorded};
use pintle_core::clock::DAY;
use pintle_core::configurations::lifecycle;
use pintle_core::permissions::Role;
use pintle_testing::{Caller, on_each_engine};
use serde_json::{Value, json};

async fn act(caller: &Caller, id: &str, what: &str) -> Value {
    caller.post(&format!("/pintle/v1/integrations/configurations/{id}/{what}"), json!({})).await.ok(200)
}

#[tokio::test]
async fn of_an_installation() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let member = pintle.member(&team, "mem", Role::Member).await;
        let (shop, docs) = (team.project("shop").await, team.project("docs").await);
        later(pintle);
        let since = pintle.clock.now();
        let scopes = ["read-write:project", "read-write:integration-configuration"];
        let installed = member.install_with("bridge", &scopes, json!({ "projects": [shop] })).await;
        later(pintle);
        let settings = format!("/v1/integrations/configuration/{}", installed.id);
        team.patch(&settings, json!({ "projects": [docs] })).await.ok(200);
        later(pintle);
        let app = format!("/pintle/v1/integrations/{}", installed.integration);
        team.patch(&app, json!({ "scopes": ["read-write:project", "read:team"] })).await.ok(200);
        later(pintle);
        act(&team, &installed.id, "confirm-scopes").await;
        later(pintle);
        act(&team, &installed.id, "disable").await;
        later(pintle);
        act(&team, &installed.id, "take-over").await;
        later(pintle);
        team.post(&format!("{app}/rotate-secret"), json!({})).await.ok(200);
        later(pintle);
        team.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        insta::assert_json_snapshot!("installation", recorded(pintle, since).await);
    })
    .await;
}

#[tokio::test]
async fn of_the_other_ends_of_an_installation() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let [own, uninstalled, forgotten, app, deleted] = [
            team.install("own").await,
            team.install("uninstalled").await,
            team.install("forgotten").await,
            team.install("app").await,
            team.install("deleted").await,
        ];
        later(pintle);
        let since = pintle.clock.now();
        own.caller.delete(&format!("/v1/integrations/configuration/{}", own.id)).await.ok(204);
        later(pintle);
        let path = format!("/v2/integrations/installations/{}/uninstall", uninstalled.id);
        team.post(&path, json!({})).await.ok(204);
        later(pintle);
        act(&team, &forgotten.id, "disable").await;
        pintle.clock.advance(30 * DAY);
        assert_eq!(lifecycle::sweep(&pintle.core).await.unwrap(), 1);
        later(pintle);
        team.delete(&format!("/v1/integrations/configuration/{}", app.id)).await.ok(204);
        team.delete(&format!("/pintle/v1/integrations/{}", app.integration)).await.ok(204);
        later(pintle);
        let path = format!("/v1/teams/{}", team.team.as_ref().unwrap());
        team.delete(&path).await.ok(200);
        assert_ne!(deleted.id, "");
        insta::assert_json_snapshot!("ends", recorded(pintle, since).await);
    })
    .await;
}
