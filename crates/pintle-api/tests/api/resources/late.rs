//! Answers that come late, or say less than they should: what is newer stands, and nothing stays behind at the partner.

use super::asked::{create, created, with_partner};
use super::{EVERYWHERE, connect, later, secret, store, variable, variables};
use pintle_core::clock::{DAY, MINUTE};
use pintle_testing::partner::Act;
use pintle_testing::{Caller, Partner, on_each_engine};
use serde_json::{Value, json};
use std::time::Duration;

/// From now on the partner does what it is asked by requests whose path ends so, and nobody hears of it.
fn unheard(server: &Partner, method: &'static str, end: &'static str) {
    server.script(move |asked| {
        (asked.method == method && asked.path.ends_with(end)).then_some(Act::DoneUnheard)
    });
}

/// The newest call that the partner was asked with.
async fn call(team: &Caller) -> String {
    let listed = team.get("/pintle/v1/deliveries?kind=partner&limit=1").await.ok(200);
    format!("/pintle/v1/deliveries/{}", listed["deliveries"][0]["id"].as_str().unwrap())
}

#[tokio::test]
async fn one_request_of_a_kind_waits_for_its_answer_at_a_time() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        connect(&team, &id, "site", json!({})).await;
        let (path, rotate) =
            (format!("/v1/storage/stores/{id}"), format!("/v1/storage/stores/{id}/secrets/rotate"));
        unheard(&server, "POST", "/rotate");
        team.post(&rotate, json!({})).await.fails(502, "partner_unavailable");
        let other = team.post(&rotate, json!({ "reason": "leaked" })).await.fails(409, "call_pending");
        assert!(call(&team).await.ends_with(other["deliveryId"].as_str().unwrap()));
        // The same again is the same request.
        server.script(|_| None);
        assert_eq!(team.post(&rotate, json!({})).await.ok(200), json!({ "sync": true }));
        let asked = server.asked_for("POST", "/rotate");
        let keys = asked.iter().map(|asked| asked.header("idempotency-key"));
        assert!(asked.len() >= 2 && keys.clone().all(|key| key == keys.clone().next().unwrap()));
        assert_eq!(variables(&team, "site").await[1], variable("DATABASE_URL", "db://res_1/1", EVERYWHERE));
        team.post(&rotate, json!({ "reason": "leaked" })).await.ok(200);
        assert_eq!(variables(&team, "site").await[1], variable("DATABASE_URL", "db://res_1/2", EVERYWHERE));

        unheard(&server, "PATCH", "/res_1");
        team.patch(&path, json!({ "name": "one" })).await.ok(200);
        team.patch(&path, json!({ "name": "two" })).await.fails(409, "call_pending");
        server.script(|_| None);
        later(pintle, MINUTE).await;
        team.patch(&path, json!({ "name": "two" })).await.ok(200);
        assert_eq!(store(&team, &id).await["name"], "two");
        assert_eq!(later(pintle, DAY).await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_an_older_request_is_answered_says_nothing_any_more() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        connect(&team, &id, "site", json!({})).await;
        let rotate = format!("/v1/storage/stores/{id}/secrets/rotate");
        server.then(Act::Late(Duration::from_secs(3)));
        let older = team.post(&rotate, json!({}));
        let newer = async {
            while server.asked_for("POST", "/rotate").is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let older = call(&team).await;
            team.post(&format!("{older}/cancel"), json!({})).await.ok(200);
            team.post(&rotate, json!({})).await.ok(200);
            let again = team.post(&format!("{older}/redeliver"), json!({})).await;
            again.fails(409, "call_superseded");
        };
        tokio::join!(older, newer);
        assert_eq!(variables(&team, "site").await[1], variable("DATABASE_URL", "db://res_1/2", EVERYWHERE));
    })
    .await;
}

#[tokio::test]
async fn an_answer_with_something_wrong_beside_a_secret_does_not_show_it() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        let path = format!("/v1/storage/stores/{id}");
        let wrong = json!({ "sync": true, "secrets": "s3cret at line 1 column 2" });
        server.script(move |asked| (asked.method == "POST").then(|| Act::Answer(200, wrong.clone())));
        let error =
            team.post(&format!("{path}/secrets/rotate"), json!({})).await.fails(502, "partner_unavailable");
        assert!(error["message"].as_str().unwrap().contains("`secrets` should be array"), "{error}");
        let shown = team.get(&call(&team).await).await.ok(200).to_string();
        assert!(!shown.contains("s3cret") && shown.contains("`secrets` should be array"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn secrets_in_the_answer_to_a_change_are_kept() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        connect(&team, &id, "site", json!({})).await;
        let answer = json!({ "secrets": [secret("URL", "s3cret")] });
        server.script(move |asked| (asked.method == "PATCH").then(|| Act::Answer(200, answer.clone())));
        let changed =
            team.patch(&format!("/v1/storage/stores/{id}"), json!({ "billingPlanId": "pro" })).await.ok(200);
        // The answer has no plan: it is the one that was offered.
        assert_eq!(changed["store"]["billingPlan"]["description"], "The plan pro");
        assert_eq!(variables(&team, "site").await, [variable("URL", "s3cret", EVERYWHERE)]);
        let shown = team.get(&call(&team).await).await.ok(200).to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        let path = format!("/v1/storage/stores/{id}");
        team.patch(&path, json!({ "billingPlanId": "none" })).await.fails(400, "billing_plan_required");
    })
    .await;
}

#[tokio::test]
async fn what_is_taken_away_before_its_id_is_known_is_asked_for_once_more() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        unheard(&server, "POST", "/resources");
        let (given_up, _) = created(&team, &installed, json!({})).await;
        for _ in 0..10 {
            later(pintle, DAY / 4).await;
        }
        let (canceled, _) = created(&team, &installed, json!({ "name": "second" })).await;
        team.post(&format!("{}/cancel", call(&team).await), json!({})).await.ok(200);
        for id in [given_up, canceled] {
            assert_eq!(store(&team, &id).await["status"], "error");
            team.delete(&format!("/v1/storage/stores/integration/{id}")).await.ok(204);
        }
        assert_eq!(server.resources().len(), 2);
        server.script(|_| None);
        later(pintle, MINUTE).await;
        assert_eq!(server.resources().len(), 0);
        assert_eq!(team.get("/v1/storage/stores").await.ok(200), json!({ "stores": [] }));
    })
    .await;
}

/// A resource whose answer was not heard, and which its partner has imported meanwhile, connected; answers the store's id.
async fn imported_meanwhile(
    team: &Caller,
    installed: &pintle_testing::Installed,
    server: &Partner,
) -> String {
    unheard(server, "POST", "/resources");
    let (id, _) = created(team, installed, json!({ "metadata": {} })).await;
    let body = json!({
        "productId": "db", "name": "imported", "status": "suspended", "secrets": [secret("URL", "imported")],
        "billingPlan": { "id": "old", "type": "prepayment", "name": "Old" },
        "notification": { "level": "warn", "title": "Nearly full" },
    });
    super::put(installed, &installed.resource("res_1"), body).await.ok(200);
    let imported = installed.caller.get(&installed.resource("res_1")).await.ok(200);
    connect(team, imported["internalId"].as_str().unwrap(), "site", json!({})).await;
    id
}

async fn hint(team: &Caller) -> Value {
    team.get("/v9/projects/site/env").await.ok(200)["envs"][0]["contentHint"]["storeId"].clone()
}

#[tokio::test]
async fn what_an_import_told_stays_where_the_answer_is_silent() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let id = imported_meanwhile(&team, &installed, &server).await;
        server.script(|asked| {
            let answer = || Act::Answer(201, json!({ "id": "res_1" }));
            (asked.method == "POST").then(answer)
        });
        later(pintle, MINUTE).await;
        let seen = store(&team, &id).await;
        assert_eq!(
            (&seen["status"], &seen["billingPlan"]["id"], &seen["notification"]["title"], &seen["name"]),
            (&json!("suspended"), &json!("old"), &json!("Nearly full"), &json!("main"))
        );
        assert_eq!(variables(&team, "site").await, [variable("URL", "imported", EVERYWHERE)]);
        assert_eq!(hint(&team).await, json!(id));
        // A partner that answers with the id of what it made before has not made anything.
        let second = create(&team, &installed, json!({ "name": "second" })).await.ok(200)["store"].clone();
        assert_eq!(second["status"], "initializing");
        let shown = team.get(&call(&team).await).await.ok(200).to_string();
        assert!(shown.contains("is that of the resource `main`"), "{shown}");
        assert_eq!(store(&team, &id).await["externalResourceId"], "res_1");
    })
    .await;
}

#[tokio::test]
async fn the_secrets_of_an_import_are_newer_than_those_of_the_answer() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let id = imported_meanwhile(&team, &installed, &server).await;
        server.script(|_| None);
        later(pintle, MINUTE).await;
        assert_eq!(variables(&team, "site").await, [variable("URL", "imported", EVERYWHERE)]);
        assert_eq!(
            (hint(&team).await, store(&team, &id).await["status"].clone()),
            (json!(id), json!("available"))
        );
    })
    .await;
}

#[tokio::test]
async fn an_invoice_that_is_faster_than_the_answer_is_told_to_come_again() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        server.script(|asked| {
            let late = || Act::Late(Duration::from_millis(500));
            (asked.method == "POST").then(late)
        });
        let mut bill = crate::marketplace::invoice(pintle);
        bill["items"][0]["resourceId"] = json!("res_1");
        let path = format!("/v1/installations/{}/billing/invoices", installed.id);
        let made = created(&team, &installed, json!({ "billingPlanId": "pro" }));
        let billed = async {
            while server.resources().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            installed.caller.post(&path, bill.clone()).await.says(
                404,
                "not_found",
                "Resource res_1 not found",
            );
            // What breaks a rule as well would never be taken.
            let mut wrong = bill.clone();
            wrong["items"][0]["total"] = json!("20.01");
            installed.caller.post(&path, wrong).await.fails(400, "bad_request");
        };
        tokio::join!(made, billed);
        installed.caller.post(&path, bill).await.ok(200);
    })
    .await;
}
