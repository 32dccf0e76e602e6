//! The window after a removal, and what ends it.

use super::{Market, pass};
use pintle_core::clock::{DAY, HOUR};
use pintle_core::permissions::Role;
use pintle_testing::on_each_engine;
use pintle_testing::partner::Act;
use serde_json::{Value, json};

#[tokio::test]
async fn a_partner_has_a_day_for_final_invoices() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.finalizes(false);
        let (id, partner) = market.bought().await;
        market.remove(&id).await.ok(204);
        let closing = market.closing(&id).await;
        assert_eq!(
            (&closing["state"], &closing["partner"], &closing["end"]),
            (&json!("closing"), &json!("took-note"), &Value::Null)
        );
        let shown = market.look(&id).await.ok(200);
        assert_eq!(shown["deleteRequestedAt"], closing["deleteRequestedAt"]);
        assert_eq!(market.list().await.len(), 0, "the team has it no more");
        market.remove(&id).await.fails(404, "not_found");
        partner.get("/v1/webhooks").await.fails(403, "forbidden");
        partner.get(&format!("/v1/installations/{id}/billing/invoices/none")).await.fails(404, "not_found");

        pass(pintle, DAY - HOUR).await;
        assert_eq!(market.closing(&id).await["state"], "closing");
        pass(pintle, 2 * HOUR).await;
        let closing = market.closing(&id).await;
        assert_eq!((&closing["state"], &closing["end"]), (&json!("closed"), &json!("window-passed")));
        market.look(&id).await.fails(404, "not_found");
        let billing = format!("/v1/installations/{id}/billing/invoices/none");
        assert_eq!(partner.get(&billing).await.fails(403, "forbidden")["invalidToken"], true);
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_does_not_understand_its_removal_holds_nobody() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        for status in [400, 422] {
            let (id, _) = market.bought().await;
            market.partner.then(Act::Answer(status, json!({})));
            market.remove(&id).await.ok(204);
            let closing = market.closing(&id).await;
            assert_eq!((&closing["state"], &closing["partner"]), (&json!("closing"), &json!("refused")));
            pass(pintle, DAY + HOUR).await;
            assert_eq!(market.closing(&id).await["end"], "window-passed");
        }
    })
    .await;
}

#[tokio::test]
async fn the_partner_can_end_it_early() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.finalizes(false);
        let (id, partner) = market.bought().await;
        let path = format!("/v1/installations/{id}/billing/finalize");
        partner.post(&path, json!({})).await.fails(400, "bad_request");
        market.remove(&id).await.ok(204);
        partner.post(&path, json!({})).await.ok(204);
        assert_eq!(market.closing(&id).await["end"], "finalized");
        assert_eq!(partner.post(&path, json!({})).await.fails(403, "forbidden")["invalidToken"], true);
    })
    .await;
}

#[tokio::test]
async fn an_owner_need_not_wait() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.finalizes(false);
        let (id, _) = market.bought().await;
        let path = format!("/pintle/v1/removals/{id}/end");
        market.team.post(&path, json!({})).await.fails(404, "not_found");
        market.remove(&id).await.ok(204);
        let member = pintle.member(&market.team, "mia", Role::Member).await;
        member.post(&path, json!({})).await.fails(403, "forbidden");
        pintle.team("others").await.post(&path, json!({})).await.fails(404, "not_found");
        let closing = market.team.post(&path, json!({})).await.ok(200);
        assert_eq!((&closing["state"], &closing["end"]), (&json!("closed"), &json!("forced")));
        market.team.post(&path, json!({})).await.fails(404, "not_found");
    })
    .await;
}
