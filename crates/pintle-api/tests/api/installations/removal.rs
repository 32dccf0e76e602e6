//! The removal of what has a partner: its answer, its silence, and its refusal.

use super::{Market, pass, run_due};
use pintle_core::clock::{DAY, HOUR};
use pintle_testing::partner::Act;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::json;

#[tokio::test]
async fn a_partner_with_nothing_to_settle_ends_it_at_once() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, partner) = market.bought().await;
        market.remove(&id).await.ok(204);
        let told = market.partner.asked_for("DELETE", &id);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].body, json!({ "cascadeResourceDeletion": true }));
        assert_eq!(told[0].header("x-vercel-auth"), "user");

        market.look(&id).await.fails(404, "not_found");
        market.remove(&id).await.fails(404, "not_found");
        let path = format!("/v1/installations/{id}/account");
        assert_eq!(partner.get(&path).await.fails(403, "forbidden")["invalidToken"], true);
        let closing = market.closing(&id).await;
        assert_eq!(
            (&closing["state"], &closing["partner"], &closing["end"]),
            (&json!("closed"), &json!("finalized"), &json!("finalized"))
        );
        assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), 1);
        let listed = market.team.get("/pintle/v1/removals").await.ok(200);
        assert_eq!(listed["removals"][0]["closing"], closing);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_changes_nothing() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, partner) = market.bought().await;
        let project = market.team.project("shop").await;
        let hook = json!({ "url": "https://example.com/a", "events": ["project.created"] });
        partner.post("/v1/webhooks", hook).await.ok(200);
        let before = (market.look(&id).await.ok(200), market.team.get("/v1/webhooks").await.ok(200));
        for status in [403, 409] {
            let refusal =
                json!({ "error": { "code": "unpaid", "message": "no", "user": { "message": "Pay first" } } });
            market.partner.then(Act::Answer(status, refusal));
            market.remove(&id).await.says(status, "unpaid", "Pay first");
            assert_eq!(
                (market.look(&id).await.ok(200), market.team.get("/v1/webhooks").await.ok(200)),
                before
            );
            market.team.get(&format!("/pintle/v1/removals/{id}")).await.fails(404, "not_found");
            partner.get(&format!("/v1/installations/{id}/account")).await.ok(200);
            pass(pintle, DAY).await;
        }
        assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), 0);
        // A first try that says nothing is followed by the refusal: still nothing has changed.
        market.partner.then(Act::Answer(500, json!({})));
        market.partner.then(Act::Answer(409, json!({})));
        market.remove(&id).await.fails(409, "conflict");
        assert_eq!(market.look(&id).await.ok(200), before.0);
        market.remove(&id).await.ok(204);
        market.look(&id).await.fails(404, "not_found");
        market.team.get(&format!("/v9/projects/{project}")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_cannot_be_reached_holds_nobody() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, partner) = market.bought().await;
        market.partner.script(|_| Some(Act::Answer(503, json!({}))));
        market.remove(&id).await.ok(204);
        assert_eq!(market.list().await.len(), 0);
        assert_eq!(market.closing(&id).await["partner"], "waiting");
        partner.get("/v1/webhooks").await.fails(403, "forbidden");
        pass(pintle, 3 * HOUR).await;
        assert_eq!(market.closing(&id).await["state"], "closing");
        let deliveries = market.team.get("/pintle/v1/deliveries?state=pending").await.ok(200);
        let call =
            deliveries["deliveries"].as_array().unwrap().iter().find(|one| one["kind"] == "partner").unwrap();
        assert_eq!(
            (&call["operation"], &call["configurationId"]),
            (&json!("delete-installation"), &json!(id))
        );

        market.partner.script(|_| None);
        pass(pintle, 12 * HOUR).await;
        let closing = market.closing(&id).await;
        assert_eq!((&closing["state"], &closing["partner"]), (&json!("closed"), &json!("finalized")));
        let told = market.partner.asked_for("DELETE", &id);
        assert!(
            told.len() > 2
                && told.iter().all(|one| one.header("idempotency-key") == told[0].header("idempotency-key"))
        );
        assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), 1, "told once");
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_is_away_for_a_day_is_not_waited_for() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, _) = market.bought().await;
        market.partner.script(|_| Some(Act::Answer(503, json!({}))));
        market.remove(&id).await.ok(204);
        pass(pintle, DAY + 3 * HOUR).await;
        let closing = market.closing(&id).await;
        assert_eq!(
            (&closing["state"], &closing["partner"], &closing["end"]),
            (&json!("closed"), &json!("unreachable"), &json!("window-passed"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_refusal_that_comes_too_late_is_written_down() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, _) = market.bought().await;
        market.partner.then(Act::Answer(503, json!({})));
        market.partner.then(Act::Answer(503, json!({})));
        market.partner.then(Act::Answer(403, json!({})));
        market.remove(&id).await.ok(204);
        pass(pintle, HOUR * 4).await;
        let closing = market.closing(&id).await;
        assert_eq!((&closing["state"], &closing["partner"]), (&json!("closing"), &json!("refused")));
        pass(pintle, DAY).await;
        assert_eq!(market.closing(&id).await["end"], "window-passed");
    })
    .await;
}

#[tokio::test]
async fn an_installation_can_end_itself() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, partner) = market.bought().await;
        partner.delete(&format!("/v1/integrations/configuration/{id}")).await.ok(204);
        assert_eq!(market.partner.asked_for("DELETE", &id)[0].header("x-vercel-auth"), "system");
        let receipt = market.team.get(&format!("/pintle/v1/removals/{id}")).await.ok(200);
        assert_eq!(receipt["removedBy"], json!({ "type": "installation", "id": id }));
        assert_eq!(pintle.outbox("integration-configuration.removed").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_teams_partners_are_told_in_the_background() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let buyer = pintle.team("buyer").await;
        let path = "/v2/integrations/integration/stores/marketplace/install";
        let id = buyer.post(path, json!({})).await.ok(200)["id"].as_str().unwrap().to_owned();
        let team = buyer.team.clone().unwrap();
        buyer
            .without_team()
            .request(axum::http::Method::DELETE, &format!("/v1/teams/{team}"), Some(json!({})))
            .await
            .ok(200);
        assert_eq!(market.partner.installations(), [id.as_str()]);
        pass(pintle, HOUR).await;
        assert_eq!(market.partner.installations(), Vec::<String>::new());
        let told = market.partner.asked_for("DELETE", &id);
        assert_eq!((told.len(), told[0].header("x-vercel-auth")), (1, "system"));
    })
    .await;
}

#[tokio::test]
async fn the_same_integration_is_installed_anew() {
    on_sqlite(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.finalizes(false);
        let (first, _) = market.bought().await;
        market.remove(&first).await.ok(204);
        let (second, _) = market.bought().await;
        assert_ne!(first, second, "ids are never used again");
        assert_eq!(market.partner.installations(), [second.as_str()]);
        market.remove(&second).await.ok(204);
        assert_eq!(run_due(pintle).await, 0, "both were told");
        let app = market.app["id"].as_str().unwrap();
        let error = market
            .team
            .delete(&format!("/pintle/v1/integrations/{app}"))
            .await
            .fails(409, "integration_installed");
        assert_eq!(error["installations"], 2);
        let gone =
            market.team.patch(&format!("/pintle/v1/integrations/{app}"), json!({ "baseUrl": null })).await;
        gone.fails(409, "integration_installed");
    })
    .await;
}

#[tokio::test]
async fn a_developers_team_stays_while_others_are_not_settled() {
    on_sqlite(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.finalizes(false);
        let buyer = pintle.team("buyer").await;
        let path = "/v2/integrations/integration/stores/marketplace/install";
        let id = buyer.post(path, json!({})).await.ok(200)["id"].as_str().unwrap().to_owned();
        buyer.delete(&format!("/v1/integrations/configuration/{id}")).await.ok(204);
        let developer = market.team.team.clone().unwrap();
        let delete = async || {
            let path = format!("/v1/teams/{developer}");
            market.team.without_team().request(axum::http::Method::DELETE, &path, Some(json!({}))).await
        };
        delete().await.fails(409, "integration_installed");
        buyer.post(&format!("/pintle/v1/removals/{id}/end"), json!({})).await.ok(200);
        delete().await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_developers_team_that_goes_tells_its_own_partner() {
    on_each_engine(async |pintle| {
        // The team develops the integration, and has it: both go with it.
        let market = Market::open(pintle).await;
        let (id, partner) = market.bought().await;
        let team = market.team.team.clone().unwrap();
        market.team.delete(&format!("/v1/teams/{team}")).await.ok(200);
        partner.get(&format!("/v1/installations/{id}/account")).await.fails(403, "forbidden");
        assert_eq!(market.partner.installations(), std::slice::from_ref(&id), "it is told in the background");
        pass(pintle, HOUR).await;
        let told = market.partner.asked_for("DELETE", &id);
        assert_eq!((told.len(), told[0].header("x-vercel-auth")), (1, "system"));
        assert_eq!(market.partner.installations(), Vec::<String>::new());
        assert_eq!(run_due(pintle).await, 0);
    })
    .await;
}
