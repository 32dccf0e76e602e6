//! Shells that listen for events.

use pintle_core::clock::DAY;
use pintle_core::webhooks::EVENTS;
use pintle_core::{deliveries, signature};
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::{Value, json};

const PATH: &str = "/pintle/v1/listeners";

async fn listen(caller: &Caller, more: Value) -> (String, Value) {
    let mut body = json!({ "forwardTo": "http://localhost:3000/hook" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = caller.post(PATH, body).await.ok(201);
    (made["id"].as_str().unwrap().to_owned(), made)
}

/// What waits for it.
async fn heard(caller: &Caller, id: &str) -> Vec<Value> {
    let answer = caller.get(&format!("{PATH}/{id}/stream")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
    let lines = answer.text.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types(heard: &[Value]) -> Vec<&str> {
    heard.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

async fn report(caller: &Caller, id: &str, delivery: &Value, outcome: Value) {
    let mut body = json!({ "deliveryId": delivery["id"], "durationMs": 12 });
    body.as_object_mut().unwrap().extend(outcome.as_object().unwrap().clone());
    caller.post(&format!("{PATH}/{id}/results"), body).await.ok(204);
}

async fn trigger(caller: &Caller, event: &str) {
    caller.post("/pintle/v1/events/trigger", json!({ "type": event })).await.ok(201);
}

async fn delivery(caller: &Caller, handed: &Value) -> Value {
    caller.get(&format!("/pintle/v1/deliveries/{}", handed["id"].as_str().unwrap())).await.ok(200)
}

/// As when the shell had been away for too long.
async fn forget(pintle: &Pintle) {
    let sql = "UPDATE listeners SET expires_at = 1";
    pintle.core.db.write(async move |tx| tx.execute(sql, &[]).await).await.unwrap();
}

#[tokio::test]
async fn it_hears_everything_of_its_owner_signed_with_its_own_secret() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (id, made) = listen(&team, json!({})).await;
        let secret = made["secret"].as_str().unwrap();
        assert_eq!(heard(&team, &id).await, Vec::<Value>::new());
        let project = team.project("shop").await;
        pintle.team("other").await.project("theirs").await;
        for event in ["deployment.ready", "integration-configuration.removed"] {
            // Events of one millisecond have no order.
            pintle.clock.advance(1);
            trigger(&team, event).await;
        }
        let events = heard(&team, &id).await;
        assert_eq!(
            types(&events),
            ["project.created", "deployment.ready", "integration-configuration.removed"]
        );
        for event in &events {
            let body = event["body"].as_str().unwrap();
            assert_eq!(event["signature"], signature::sign(secret, body.as_bytes()).unwrap());
        }
        let body: Value = serde_json::from_str(events[0]["body"].as_str().unwrap()).unwrap();
        assert_eq!((&body["type"], &body["id"]), (&json!("project.created"), &events[0]["eventId"]));
        assert_eq!(body["payload"]["project"]["id"], project);
        assert_eq!(heard(&team, &id).await.len(), 3, "until it reports, it is told again");
    })
    .await;
}

#[tokio::test]
async fn what_it_reports_shows_among_the_deliveries() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (id, made) = listen(&team, json!({ "events": ["deployment.ready", "project-created"] })).await;
        for event in ["deployment.ready", "deployment.ready", "deployment.error", "project.created"] {
            // Events of one millisecond have no order.
            pintle.clock.advance(1);
            trigger(&team, event).await;
        }
        let events = heard(&team, &id).await;
        assert_eq!(types(&events), ["deployment.ready", "deployment.ready", "project-created"]);
        assert_eq!(delivery(&team, &events[0]).await["state"], "pending");
        let good = json!({ "status": 204, "headers": { "server": "mine" }, "body": "x".repeat(10_000) });
        report(&team, &id, &events[0], good).await;
        report(&team, &id, &events[1], json!({ "error": "connection refused" })).await;
        assert_eq!(heard(&team, &id).await, events[2..]);

        let first = delivery(&team, &events[0]).await;
        let kind = json!([first["kind"], first["state"], first["url"], first["listenerId"]]);
        assert_eq!(kind, json!(["listener", "delivered", "http://localhost:3000/hook", id]));
        let attempt = &first["attempts"][0];
        assert_eq!((&attempt["status"], &attempt["durationMs"]), (&json!(204), &json!(12)));
        assert_eq!(attempt["response"]["headers"]["server"], "mine");
        assert_eq!(attempt["response"]["body"].as_str().unwrap().len(), deliveries::BODY_KEPT);
        let second = delivery(&team, &events[1]).await;
        assert_eq!(
            (&second["state"], &second["attempts"][0]["error"]),
            (&json!("failed"), &json!("connection refused"))
        );
        let own = team.get(&format!("/pintle/v1/deliveries?listenerId={id}")).await.ok(200);
        assert_eq!(own["deliveries"].as_array().unwrap().len(), 3);
        assert!(!own.to_string().contains(made["secret"].as_str().unwrap()));

        report(&team, &id, &events[1], json!({ "status": 200 })).await;
        assert_eq!(delivery(&team, &events[1]).await["tries"], 1, "one report is enough");

        let again = format!("/pintle/v1/deliveries/{}/redeliver", events[1]["id"].as_str().unwrap());
        team.post(&again, json!({})).await.ok(200);
        assert!(heard(&team, &id).await.iter().any(|event| event["id"] == events[1]["id"]));
        report(&team, &id, &events[1], json!({ "status": 200 })).await;
        team.delete(&format!("{PATH}/{id}")).await.ok(204);
        team.post(&again, json!({})).await.fails(409, "receiver_gone");
    })
    .await;
}

#[tokio::test]
async fn an_integrations_hears_what_that_is_told_wherever_it_is_installed() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("developer").await;
        let customer = pintle.team("customer").await;
        let app = json!({ "name": "app", "slug": "app", "redirectUrl": "https://example.com/callback" });
        let app = developer.post("/pintle/v1/integrations", app).await.ok(201);
        let shop = customer.project("shop").await;
        customer.install_app(&app, json!({ "projects": [shop] })).await;
        let events = ["project.renamed", "integration-configuration.removed"];
        let (all, made) = listen(&developer, json!({ "integrationId": "app", "events": EVENTS })).await;
        assert_eq!((made.get("secret"), &made["integrationId"]), (None, &app["id"]));
        let (chosen, _) = listen(&developer, json!({ "integrationId": app["id"] })).await;
        let choice = json!({ "events": events, "webhookUrl": "https://example.com/hook" });
        developer.patch("/pintle/v1/integrations/app", choice).await.ok(200);

        customer.patch(&format!("/v9/projects/{shop}"), json!({ "name": "store" })).await.ok(200);
        let hidden = customer.project("hidden").await;
        customer.patch(&format!("/v9/projects/{hidden}"), json!({ "name": "unseen" })).await.ok(200);
        let variable = json!({ "key": "KEY", "value": "1", "type": "plain", "target": ["preview"] });
        pintle.clock.advance(1);
        customer.post(&format!("/v10/projects/{shop}/env"), variable).await.ok(201);
        for caller in [&customer, &developer] {
            trigger(caller, "budget.reached").await;
        }
        let heard_all = heard(&developer, &all).await;
        assert_eq!(types(&heard_all), ["project.renamed", "project.env-variable.created"]);
        assert_eq!(types(&heard(&developer, &chosen).await), ["project.renamed"]);

        let body = heard_all[0]["body"].as_str().unwrap();
        let client = app["clientSecret"].as_str().unwrap();
        assert_eq!(heard_all[0]["signature"], signature::sign(client, body.as_bytes()).unwrap());
        let rotated = developer.post("/pintle/v1/integrations/app/rotate-secret", json!({})).await.ok(200);
        let client = rotated["clientSecret"].as_str().unwrap();
        let signed = heard(&developer, &all).await[0]["signature"].clone();
        assert_eq!(signed, signature::sign(client, body.as_bytes()).unwrap(), "with the newest secret");

        // It is the developer's shell, and no business of the customer's.
        delivery(&developer, &heard_all[0]).await;
        let foreign = format!("/pintle/v1/deliveries/{}", heard_all[0]["id"].as_str().unwrap());
        customer.get(&foreign).await.fails(404, "not_found");
        customer.get(&format!("{PATH}/{all}/stream")).await.fails(404, "not_found");
        let body = json!({ "forwardTo": "http://localhost:3000", "integrationId": "app" });
        customer.post(PATH, body).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn one_that_stays_away_is_forgotten_and_time_that_was_moved_does_not_count() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (id, _) = listen(&team, json!({})).await;
        trigger(&team, "test-webhook").await;
        let waiting = heard(&team, &id).await;
        pintle.clock.advance(30 * DAY);
        deliveries::sweep(&pintle.core).await.unwrap();
        assert_eq!(heard(&team, &id).await, waiting);

        trigger(&team, "test-webhook").await;
        forget(pintle).await;
        team.get(&format!("{PATH}/{id}/stream")).await.fails(404, "not_found");
        trigger(&team, "test-webhook").await;
        deliveries::sweep(&pintle.core).await.unwrap();
        let all = team.get(&format!("/pintle/v1/deliveries?listenerId={id}")).await.ok(200);
        let states: Vec<_> = all["deliveries"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, ["canceled"], "the first is forgotten by now");
    })
    .await;
}

#[tokio::test]
async fn closing_one_cancels_what_waits() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (id, _) = listen(&team, json!({})).await;
        trigger(&team, "test-webhook").await;
        let waiting = heard(&team, &id).await.remove(0);
        team.delete(&format!("{PATH}/{id}")).await.ok(204);
        assert_eq!(delivery(&team, &waiting).await["state"], "canceled");
        team.delete(&format!("{PATH}/{id}")).await.fails(404, "not_found");
        team.get(&format!("{PATH}/{id}/stream")).await.fails(404, "not_found");
    })
    .await;
}

#[tokio::test]
async fn it_reports_on_its_own_only() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, _) = listen(&team, json!({})).await;
        let (other, _) = listen(&team, json!({})).await;
        trigger(&team, "test-webhook").await;
        let theirs = heard(&team, &other).await.remove(0);
        report(&team, &one, &theirs, json!({ "status": 200 })).await;
        assert_eq!(delivery(&team, &theirs).await["state"], "pending");
        let bad = json!({ "events": ["nothing"], "forwardTo": "http://localhost:3000" });
        team.post(PATH, bad).await.fails(400, "bad_request");
        team.post(PATH, json!({ "forwardTo": "nowhere" })).await.fails(400, "bad_request");
    })
    .await;
}

#[tokio::test]
async fn there_are_only_so_many() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        for _ in 0..20 {
            listen(&team, json!({})).await;
        }
        let body = json!({ "forwardTo": "http://localhost:3000" });
        team.post(PATH, body.clone()).await.fails(400, "listeners_limit_reached");
        listen(&pintle.team("other").await, json!({})).await;
        forget(pintle).await;
        team.post(PATH, body).await.ok(201);
    })
    .await;
}
