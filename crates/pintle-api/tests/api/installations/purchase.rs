//! From the purchase to an installation that the partner has taken.

use super::{Market, pass, run_due};
use pintle_core::clock::{DAY, HOUR, MINUTE};
use pintle_testing::partner::Act;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};

#[tokio::test]
async fn a_partner_is_told_who_installs_with_a_token_that_is_good() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let installed =
            market.buy(json!({ "acceptedPolicies": { "toc": "2026-01-01T00:00:00Z" } })).await.ok(200);
        let id = installed["id"].as_str().unwrap();
        assert_eq!(installed["installationType"], "marketplace");
        assert!(installed["status"].is_null() && installed["completedAt"].is_i64(), "{installed}");
        assert_eq!(market.partner.installations(), [id]);

        let asked = market.partner.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(
            (asked[0].method.as_str(), asked[0].path.as_str()),
            ("PUT", &*format!("/v1/installations/{id}"))
        );
        let body = &asked[0].body;
        assert_eq!(body["scopes"], json!(["read-write:integration-configuration"]));
        assert_eq!(body["acceptedPolicies"], json!({ "toc": "2026-01-01T00:00:00Z" }));
        assert_eq!(body["credentials"]["token_type"], "Bearer");
        assert_eq!(body["account"]["name"], "acme");
        let account = market.token().get(&format!("/v1/installations/{id}/account")).await.ok(200);
        assert_eq!(account, body["account"]);

        let error = market.buy(json!({})).await.fails(409, "integration_already_installed");
        assert_eq!(error["configurationId"], id);
        assert_eq!(pintle.audited("integration-installation-completed").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_token_is_good_before_the_partner_has_answered() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        market.partner.script(move |asked| {
            tell.send(asked.clone()).unwrap();
            Some(Act::Late(std::time::Duration::from_millis(300)))
        });
        let callback = async {
            let asked = told.recv().await.unwrap();
            let token = asked.body["credentials"]["access_token"].as_str().unwrap().to_owned();
            market
                .team
                .with_token(token)
                .without_team()
                .get(&format!("{}/account", asked.path))
                .await
                .ok(200);
        };
        let (installed, ()) = tokio::join!(market.buy(json!({})), callback);
        installed.ok(200);
    })
    .await;
}

#[tokio::test]
async fn what_a_partner_refuses_leaves_nothing() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let refusal = json!({ "error": {
            "code": "conflict", "message": "account exists", "user": { "message": "You have an account already", "url": "https://example.com/a" },
        } });
        market.partner.then(Act::Answer(409, refusal));
        let error = market.buy(json!({})).await.fails(409, "conflict");
        assert_eq!(error["message"], "You have an account already");
        assert_eq!(error["user"]["url"], "https://example.com/a");
        let id = market.partner.asked()[0].path.rsplit('/').next().unwrap().to_owned();
        market.look(&id).await.fails(404, "not_found");
        market.token().get(&format!("/v1/installations/{id}/account")).await.fails(403, "forbidden");
        assert_eq!(market.list().await, Vec::<Value>::new());
        let (second, _) = market.bought().await;
        assert_ne!(second, id);
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_does_not_answer_is_told_again() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.then(Act::DoneUnheard);
        market.partner.then(Act::Answer(503, json!({})));
        let pending = market.buy(json!({})).await.ok(200);
        let id = pending["id"].as_str().unwrap();
        assert_eq!((&pending["status"], &pending["completedAt"]), (&json!("pending"), &Value::Null));
        assert_eq!(run_due(pintle).await, 0, "it is put off");

        pintle.clock.advance(HOUR);
        assert_eq!(run_due(pintle).await, 1);
        assert!(market.look(id).await.ok(200)["status"].is_null());
        let asked = market.partner.asked();
        assert_eq!(asked.len(), 3);
        assert!(asked.iter().all(|again| again.text == asked[0].text), "the same bytes");
        let keys: Vec<&str> = asked.iter().map(|asked| asked.header("idempotency-key")).collect();
        assert!(!keys[0].is_empty() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        market.token().get(&format!("/v1/installations/{id}/account")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn after_a_day_it_is_an_error_that_can_be_tried_again_or_removed() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.script(|_| Some(Act::Answer(500, json!({}))));
        let id = market.buy(json!({})).await.ok(200)["id"].as_str().unwrap().to_owned();
        pass(pintle, DAY + HOUR).await;
        assert_eq!(market.look(&id).await.ok(200)["status"], "error");
        assert_eq!(run_due(pintle).await, 0, "it was given up");

        market.partner.script(|_| None);
        let again = market.buy(json!({})).await.ok(200);
        assert_eq!(again["id"], id, "the same installation");
        assert!(again["status"].is_null(), "{again}");

        market.remove(&id).await.ok(204);
        market.partner.script(|_| Some(Act::Answer(500, json!({}))));
        let other = market.buy(json!({})).await.ok(200)["id"].as_str().unwrap().to_owned();
        market.remove(&other).await.ok(204);
        market.look(&other).await.ok(200);
        market.partner.script(|_| None);
        pass(pintle, HOUR).await;
        market.look(&other).await.fails(404, "not_found");
        assert_eq!(market.closing(&other).await["partner"], "unknown", "it never took it");
        assert_eq!(market.partner.installations(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_is_an_error_can_still_be_refused_and_then_there_never_was_one() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.script(|_| Some(Act::Answer(500, json!({}))));
        let id = market.buy(json!({})).await.ok(200)["id"].as_str().unwrap().to_owned();
        pass(pintle, DAY + HOUR).await;
        assert_eq!(market.look(&id).await.ok(200)["status"], "error");
        let refusal = json!({ "error": { "code": "forbidden", "message": "Not in this country" } });
        market.partner.script(move |_| Some(Act::Answer(403, refusal.clone())));
        market.buy(json!({})).await.says(403, "forbidden", "Not in this country");
        market.look(&id).await.fails(404, "not_found");
        market.team.get(&format!("/pintle/v1/removals/{id}")).await.fails(404, "not_found");
        assert_eq!(market.list().await, Vec::<Value>::new());
        market.partner.script(|_| None);
        assert_ne!(market.bought().await.0, id);
    })
    .await;
}

#[tokio::test]
async fn another_plan_is_the_partners_to_give() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let installed = market.buy(json!({ "billingPlanId": "free" })).await.ok(200);
        assert_eq!(installed["billingPlan"]["id"], "free");
        let path = format!("/v1/integrations/configuration/{}", installed["id"].as_str().unwrap());
        let changed = market.team.patch(&path, json!({ "billingPlanId": "pro" })).await.ok(200);
        assert_eq!(changed["billingPlan"]["id"], "pro");
        assert_eq!(changed["billingPlan"]["description"], "The plan pro");
        let offered = market.team.patch(&path, json!({ "billingPlanId": "gold" })).await;
        assert_eq!(offered.fails(400, "billing_plan_required")["billingPlanIds"], json!(["free", "pro"]));
        let refusal = json!({ "error": { "code": "validation_error", "message": "not for you" } });
        market
            .partner
            .script(move |asked| (asked.method == "PATCH").then(|| Act::Answer(400, refusal.clone())));
        let body = json!({ "billingPlanId": "free" });
        market.team.patch(&path, body).await.says(400, "validation_error", "not for you");
        assert_eq!(market.team.get(&path).await.ok(200)["billingPlan"]["id"], "pro");
        assert_eq!(pintle.audited("integration-installation-billing-plan-updated").await, 2);

        market.partner.script(|_| Some(Act::Answer(503, json!({}))));
        let body = json!({ "billingPlanId": "later" });
        assert_eq!(market.team.patch(&path, body).await.ok(200)["billingPlan"]["id"], "pro");
        market.team.patch(&path, json!({ "billingPlanId": "other" })).await.fails(409, "call_pending");
        market.partner.script(|_| None);
        pintle.clock.advance(10 * MINUTE);
        assert_eq!(run_due(pintle).await, 1);
        assert_eq!(market.team.get(&path).await.ok(200)["billingPlan"]["id"], "later");
        let both = json!({ "billingPlanId": "free", "projects": "all" });
        market.team.patch(&path, both).await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_was_chosen_is_asked_for_when_the_partner_is_back() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.script(|_| Some(Act::Answer(503, json!({}))));
        let pending = market.buy(json!({ "billingPlanId": "pro" })).await.ok(200);
        assert_eq!(pending["status"], "pending");
        market.partner.script(|_| None);
        pass(pintle, HOUR).await;
        pass(pintle, HOUR).await;
        let shown = market.look(pending["id"].as_str().unwrap()).await.ok(200);
        assert_eq!((&shown["billingPlan"]["id"], &shown["status"]), (&json!("pro"), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn an_older_answer_does_not_bring_back_an_older_plan() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, _) = market.bought().await;
        let path = format!("/v1/integrations/configuration/{id}");
        market.partner.script(|asked| (asked.body["billingPlanId"] == "free").then_some(Act::DoneUnheard));
        market.team.patch(&path, json!({ "billingPlanId": "free" })).await.ok(200);
        let waits =
            market.team.patch(&path, json!({ "billingPlanId": "pro" })).await.fails(409, "call_pending");
        let call = format!("/pintle/v1/deliveries/{}", waits["deliveryId"].as_str().unwrap());
        market.team.post(&format!("{call}/cancel"), json!({})).await.ok(200);
        pintle.clock.advance(1_000);
        let changed = market.team.patch(&path, json!({ "billingPlanId": "pro" })).await.ok(200);
        assert_eq!(changed["billingPlan"]["id"], "pro");
        market.team.post(&format!("{call}/redeliver"), json!({})).await.fails(409, "call_superseded");
        market.partner.script(|_| None);
        pass(pintle, HOUR).await;
        assert_eq!(market.look(&id).await.ok(200)["billingPlan"]["id"], "pro");
    })
    .await;
}

#[tokio::test]
async fn what_a_partner_leaves_open_of_a_plan_is_looked_up_and_not_made_up() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        let (id, _) = market.bought().await;
        let path = format!("/v1/integrations/configuration/{id}");
        let plan =
            |id: &str| json!({ "id": id, "type": "prepayment", "name": "Credits", "description": "Ahead" });
        // By what it offers.
        let offered = json!({ "plans": [plan("ahead")] });
        market.partner.script(move |asked| match asked.method.as_str() {
            "GET" => Some(Act::Answer(200, offered.clone())),
            _ => Some(Act::Answer(204, Value::Null)),
        });
        let changed = market.team.patch(&path, json!({ "billingPlanId": "ahead" })).await.ok(200);
        assert_eq!(
            (&changed["billingPlan"]["type"], &changed["billingPlan"]["name"]),
            (&json!("prepayment"), &json!("Credits"))
        );

        // By what it says of the installation, where it offers nothing.
        let told = json!({ "billingPlan": plan("own") });
        market.partner.script(move |asked| match asked.method.as_str() {
            "GET" if asked.path.ends_with("/plans") => Some(Act::Answer(404, json!({}))),
            "GET" => Some(Act::Answer(200, told.clone())),
            _ => Some(Act::Answer(204, Value::Null)),
        });
        let changed = market.team.patch(&path, json!({ "billingPlanId": "own" })).await.ok(200);
        assert_eq!(changed["billingPlan"], json!({ "id": "own", "name": "own" }), "what is certain");
        pass(pintle, HOUR).await;
        assert_eq!(market.look(&id).await.ok(200)["billingPlan"]["type"], "prepayment");
    })
    .await;
}

#[tokio::test]
async fn what_was_given_up_long_ago_is_installed_once_more() {
    on_each_engine(async |pintle| {
        let market = Market::open(pintle).await;
        market.partner.script(|_| Some(Act::Answer(500, json!({}))));
        let id = market.buy(json!({})).await.ok(200)["id"].as_str().unwrap().to_owned();
        pass(pintle, DAY + HOUR).await;
        pintle.clock.advance(8 * DAY);
        pintle_core::deliveries::sweep(&pintle.core).await.unwrap();
        market.partner.script(|_| None);
        let again = market.buy(json!({})).await.ok(200);
        assert_eq!((&again["id"], &again["status"]), (&json!(id), &Value::Null));
        market.token().get(&format!("/v1/installations/{id}/account")).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn nonsense_beside_a_partners_yes_counts_for_nothing() {
    on_sqlite(async |pintle| {
        let market = Market::open(pintle).await;
        let said = json!({ "billingPlan": "free", "notification": { "level": "info", "title": "Hi", "href": "javascript:alert(1)" } });
        market.partner.then(Act::Answer(200, said));
        let installed = market.buy(json!({})).await.ok(200);
        assert!(installed["billingPlan"].is_null() && installed["notification"].is_null(), "{installed}");
    })
    .await;
}
