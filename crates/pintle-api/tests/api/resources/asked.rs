//! A team's resources at a partner: made, changed and taken away, with answers that come, refuse, or do not come.

use super::{EVERYWHERE, connect, later, store, variable, variables, world};
use pintle_core::clock::{DAY, MINUTE};
use pintle_testing::partner::Act;
use pintle_testing::{Answer, Caller, Installed, Partner, Pintle, on_each_engine, on_sqlite};
use serde_json::{Value, json};

/// The same world with a partner that knows the installation.
pub(super) async fn with_partner(pintle: &Pintle) -> (Caller, Installed, Partner) {
    let (team, installed) = world(pintle).await;
    let server = pintle.partner_of(&installed).await;
    (team, installed, server)
}

pub(super) async fn create(team: &Caller, installed: &Installed, more: Value) -> Answer {
    let mut body = json!({
        "name": "main", "integrationConfigurationId": installed.id, "integrationProductIdOrSlug": "db",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    team.post("/v1/storage/stores/integration/direct", body).await
}

pub(super) async fn created(team: &Caller, installed: &Installed, more: Value) -> (String, Value) {
    let made = create(team, installed, more).await.ok(200)["store"].clone();
    (made["id"].as_str().unwrap().to_owned(), made)
}

#[tokio::test]
async fn a_resource_is_made_at_the_partner() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, made) = created(&team, &installed, json!({ "externalId": "mine" })).await;
        assert_eq!(
            (&made["status"], &made["externalResourceId"], &made["name"], &made["externalId"]),
            (&json!("available"), &json!("res_1"), &json!("main"), &json!("mine"))
        );
        assert_eq!((&made["billingPlan"]["id"], &made["ownership"]), (&json!("free"), &json!("owned")));
        let names: Vec<&Value> = made["secrets"].as_array().unwrap().iter().map(|s| &s["name"]).collect();
        assert_eq!(names, ["DATABASE_URL", "API_KEY"]);
        let asked = &server.asked_for("POST", "/resources")[0];
        assert_eq!(
            asked.body,
            json!({ "productId": "db", "name": "main", "metadata": {}, "billingPlanId": "free", "externalId": "mine" })
        );
        assert_eq!(
            (&asked.claims["user_role"], asked.header("x-vercel-auth"), &asked.claims["installation_id"]),
            (&json!("ADMIN"), "user", &json!(installed.id))
        );
        assert!(!asked.header("idempotency-key").is_empty());

        connect(&team, &id, "site", json!({})).await;
        let expected = [
            variable("API_KEY", "key-of-res_1-0", EVERYWHERE),
            variable("DATABASE_URL", "db://res_1/0", EVERYWHERE),
        ];
        assert_eq!(variables(&team, "site").await, expected);
        assert_eq!(pintle.audited("storage-create").await, 1);
        let deliveries = team.get("/pintle/v1/deliveries").await.ok(200).to_string();
        assert!(!deliveries.contains("key-of-res_1"), "{deliveries}");
        // Its partner finds it as it finds those that it imported.
        let seen = installed.caller.get(&installed.resource("res_1")).await.ok(200);
        assert_eq!(seen["internalId"], json!(id));
        create(&team, &installed, json!({})).await.fails(409, "conflict");
        assert_eq!(server.resources().len(), 1, "a name that is taken is not asked for");
    })
    .await;
}

#[tokio::test]
async fn what_the_partner_refuses_leaves_nothing() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let refusal = json!({ "error": {
            "code": "validation_error", "message": "internal words", "user": { "message": "Choose another region" },
            "fields": [{ "key": "region", "message": "is full" }],
        } });
        server.script(move |asked| {
            (asked.method == "POST").then(|| Act::Answer(422, refusal.clone()))
        });
        let error = create(&team, &installed, json!({})).await.fails(422, "validation_error");
        assert_eq!(error["message"], "Choose another region");
        assert_eq!(error["fields"][0]["key"], "region");
        assert_eq!(team.get("/v1/storage/stores").await.ok(200), json!({ "stores": [] }));
        assert_eq!(later(pintle, 2 * DAY).await, 0);
        server.script(|_| None);
        create(&team, &installed, json!({})).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_asked_for_again_with_the_same_key() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        server.script(|asked| (asked.method == "POST").then_some(Act::DoneUnheard));
        let (id, made) = created(&team, &installed, json!({})).await;
        assert_eq!((&made["status"], &made["externalResourceId"]), (&json!("initializing"), &json!("")));
        let path = format!("/v1/storage/stores/{id}/connections");
        team.post(&path, json!({ "projectId": "site" })).await.fails(409, "conflict");
        let store_path = format!("/v1/storage/stores/{id}");
        team.patch(&store_path, json!({ "name": "other" })).await.fails(409, "conflict");
        team.post(&format!("{store_path}/secrets/rotate"), json!({})).await.fails(409, "conflict");
        server.script(|_| None);
        assert_eq!(later(pintle, MINUTE).await, 1);
        let seen = store(&team, &id).await;
        assert_eq!((&seen["status"], &seen["externalResourceId"]), (&json!("available"), &json!("res_1")));
        let tries = server.asked_for("POST", "/resources");
        assert!(
            tries.len() >= 2
                && tries.iter().all(|t| t.header("idempotency-key") == tries[0].header("idempotency-key"))
        );
        assert_eq!(server.resources().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_its_team_takes_away_meanwhile_does_not_stay_at_the_partner() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        server.script(|asked| (asked.method == "POST").then_some(Act::DoneUnheard));
        let (id, _) = created(&team, &installed, json!({})).await;
        team.delete(&format!("/v1/storage/stores/integration/{id}")).await.ok(204);
        team.get(&format!("/v1/storage/stores/{id}")).await.fails(404, "not_found");
        assert_eq!(server.resources().len(), 1);
        server.script(|_| None);
        assert_eq!(later(pintle, MINUTE).await, 2);
        assert_eq!(server.resources().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn after_a_day_of_silence_it_is_an_error_and_can_be_taken_away() {
    on_sqlite(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        server.script(|asked| (asked.method == "POST").then_some(Act::Answer(500, json!({}))));
        let (id, _) = created(&team, &installed, json!({})).await;
        for _ in 0..10 {
            later(pintle, DAY / 4).await;
        }
        assert_eq!(store(&team, &id).await["status"], "error");
        team.delete(&format!("/v1/storage/stores/integration/{id}")).await.ok(204);
        assert_eq!(team.get("/v1/storage/stores").await.ok(200), json!({ "stores": [] }));
    })
    .await;
}

#[tokio::test]
async fn a_plan_must_be_offered() {
    on_sqlite(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let error = create(&team, &installed, json!({ "billingPlanId": "none" })).await;
        assert_eq!(error.fails(400, "billing_plan_required")["billingPlanIds"], json!(["free", "pro"]));
        let (_, made) = created(&team, &installed, json!({ "billingPlanId": "pro" })).await;
        assert_eq!(made["billingPlan"]["id"], "pro");
        let plan = json!({
            "id": "pre", "type": "prepayment", "name": "Pre", "description": "", "minimumAmount": "5.00",
            "maximumAmount": "20.00",
        });
        server.script(move |asked| {
            asked.path.contains("/plans").then(|| Act::Answer(200, json!({ "plans": [plan] })))
        });
        let more = json!({ "name": "other" });
        create(&team, &installed, more).await.fails(400, "billing_plan_required");
        let more = json!({ "name": "other", "billingPlanId": "pre" });
        create(&team, &installed, more).await.fails(400, "prepayment_amount_required");
        for cents in [49, 499, 2001] {
            let more = json!({ "name": "other", "billingPlanId": "pre", "prepaymentAmountCents": cents });
            create(&team, &installed, more).await.fails(400, "bad_request");
        }
        assert_eq!(server.asked_for("POST", "/resources").len(), 1);
        let more = json!({ "name": "other", "billingPlanId": "pre", "prepaymentAmountCents": 512 });
        let (_, made) = created(&team, &installed, more).await;
        let invoices = team.get("/pintle/v1/invoices").await.ok(200)["invoices"].clone();
        let [invoice] = invoices.as_array().unwrap().as_slice() else { panic!("one invoice: {invoices}") };
        let item = &invoice["items"][0];
        assert_eq!((&invoice["total"], &invoice["purpose"]), (&json!("5.12"), &json!("prepayment")));
        assert_eq!(
            (&item["billingPlanId"], &item["resourceId"]),
            (&json!("pre"), &made["externalResourceId"])
        );
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_not_asked_for() {
    on_sqlite(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        for (more, status, code) in [
            (json!({ "metadata": { "unknown": 1 } }), 400, "bad_request"),
            (json!({ "integrationProductIdOrSlug": "none" }), 404, "not_found"),
            (json!({ "integrationConfigurationId": "icfg_none" }), 404, "not_found"),
            (json!({ "name": "" }), 400, "bad_request"),
        ] {
            create(&team, &installed, more).await.fails(status, code);
        }
        assert_eq!(server.asked_for("POST", "/resources").len(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_breaks_the_contract_is_a_resource_that_can_be_taken_away() {
    on_sqlite(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let answer = json!({ "id": "res_9", "status": "fine", "secrets": [{ "name": "A.B", "value": "x" }] });
        server.script(move |asked| (asked.method == "POST").then(|| Act::Answer(201, answer.clone())));
        let (id, made) = created(&team, &installed, json!({})).await;
        assert_eq!((&made["status"], &made["externalResourceId"]), (&json!("error"), &json!("res_9")));
        assert!(made["notification"]["message"].as_str().unwrap().contains("`status`"), "{made}");
        team.delete(&format!("/v1/storage/stores/integration/{id}")).await.ok(204);
        assert_eq!(server.asked_for("DELETE", "/resources/res_9").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_removal_asks_the_partner_first() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        let path = format!("/v1/storage/stores/integration/{id}");
        connect(&team, &id, "site", json!({})).await;
        let error = team.delete(&path).await.fails(409, "resource_connected");
        assert_eq!(error["projects"], json!(["site"]));
        team.delete(&format!("/v1/storage/stores/{id}/connections")).await.ok(204);

        let refusal = json!({ "error": { "code": "conflict", "message": "It has a replica" } });
        server.then(Act::Answer(409, refusal));
        assert_eq!(team.delete(&path).await.fails(409, "conflict")["message"], "It has a replica");
        assert_eq!(store(&team, &id).await["status"], "available");
        team.delete(&path).await.ok(204);
        team.delete(&path).await.fails(404, "not_found");
        assert_eq!(server.resources().len(), 0);
        assert_eq!(pintle.audited("storage-delete").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_does_not_answer_holds_nobody() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        server.script(|asked| (asked.method == "DELETE").then_some(Act::Answer(500, json!({}))));
        team.delete(&format!("/v1/storage/stores/integration/{id}")).await.ok(204);
        team.get(&format!("/v1/storage/stores/{id}")).await.fails(404, "not_found");
        server.script(|_| None);
        assert_eq!(server.resources().len(), 1);
        later(pintle, MINUTE).await;
        assert_eq!(server.resources().len(), 0);
        // One that the partner does not know is gone; one that only is linked was never its to end.
        let gone = installed.import("res_gone", json!([])).await;
        team.delete(&format!("/v1/storage/stores/integration/{gone}")).await.ok(204);
        let linked = installed.import("res_linked", json!([])).await;
        installed
            .caller
            .patch(&installed.resource("res_linked"), json!({ "ownership": "linked" }))
            .await
            .ok(200);
        let before = server.asked().len();
        team.delete(&format!("/v1/storage/stores/integration/{linked}")).await.ok(204);
        assert_eq!(server.asked().len(), before);
    })
    .await;
}

#[tokio::test]
async fn a_change_stands_when_the_partner_agrees() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        installed.import("other", json!([])).await;
        let path = format!("/v1/storage/stores/{id}");
        team.patch(&path, json!({ "name": "other" })).await.fails(409, "conflict");
        team.patch(&path, json!({ "color": "red" })).await.fails(400, "bad_request");
        let changed = team.patch(&path, json!({ "name": "renamed", "billingPlanId": "pro" })).await.ok(200);
        assert_eq!(
            (&changed["store"]["name"], &changed["store"]["billingPlan"]["id"]),
            (&json!("renamed"), &json!("pro"))
        );
        let asked = &server.asked_for("PATCH", "/resources/res_1")[0];
        assert_eq!(asked.body, json!({ "name": "renamed", "billingPlanId": "pro" }));
        let refusal = json!({ "error": { "code": "bad_request", "message": "Not today" } });
        server.then(Act::Answer(400, refusal));
        team.patch(&path, json!({ "name": "again" })).await.fails(400, "bad_request");
        assert_eq!(store(&team, &id).await["name"], "renamed");
        // Unheard: as before, until the partner has been heard.
        server.script(|asked| (asked.method == "PATCH").then_some(Act::DoneUnheard));
        let changed = team.patch(&path, json!({ "name": "later" })).await.ok(200);
        assert_eq!(changed["store"]["name"], "renamed");
        server.script(|_| None);
        later(pintle, MINUTE).await;
        assert_eq!(store(&team, &id).await["name"], "later");
    })
    .await;
}

#[tokio::test]
async fn rotated_secrets_are_in_the_projects_at_once() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        connect(&team, &id, "site", json!({})).await;
        let path = format!("/v1/storage/stores/{id}/secrets/rotate");
        let body = json!({ "reason": "leaked", "delayOldSecretsExpirationHours": 1.5 });
        assert_eq!(team.post(&path, body.clone()).await.ok(200), json!({ "sync": true }));
        assert_eq!(server.asked_for("POST", "/secrets/rotate")[0].body, body);
        assert_eq!(variables(&team, "site").await[1], variable("DATABASE_URL", "db://res_1/1", EVERYWHERE));
        for wrong in [-1.0, 720.5] {
            let body = json!({ "delayOldSecretsExpirationHours": wrong });
            team.post(&path, body).await.fails(400, "bad_request");
        }
        // Later: the partner sends them when they are ready.
        server.then(Act::Answer(202, json!({ "sync": false })));
        assert_eq!(team.post(&path, json!({})).await.ok(202), json!({ "sync": false }));
        assert_eq!(variables(&team, "site").await[1], variable("DATABASE_URL", "db://res_1/1", EVERYWHERE));
        let secrets = json!({ "secrets": [super::secret("DATABASE_URL", "db://new")] });
        installed.set_secrets("res_1", secrets).await.ok(201);
        assert_eq!(variables(&team, "site").await, [variable("DATABASE_URL", "db://new", EVERYWHERE)]);
        // Unheard: the user is told, and the background goes on.
        server.script(|asked| asked.path.ends_with("/rotate").then_some(Act::DoneUnheard));
        team.post(&path, json!({})).await.fails(502, "partner_unavailable");
        server.script(|_| None);
        later(pintle, MINUTE).await;
        assert_eq!(variables(&team, "site").await.len(), 2);
    })
    .await;
}
