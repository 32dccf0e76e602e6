//! Events on order.

use super::Names;
use pintle_core::webhooks::EVENTS;
use pintle_testing::{Caller, contract, on_each_engine};
use serde_json::{Map, Value, json};

const PATH: &str = "/pintle/v1/events/trigger";

async fn trigger(caller: &Caller, body: Value) -> Value {
    caller.post(PATH, body).await.ok(201)
}

async fn subscribe(caller: &Caller, url: &str, more: Value) {
    let mut body = json!({ "url": format!("https://example.com/{url}"), "events": EVENTS });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    caller.post("/v1/webhooks", body).await.ok(200);
}

/// What waits: event type, URL, body.
async fn waiting(caller: &Caller) -> Vec<(String, String, Value)> {
    let listed = caller.get("/pintle/v1/deliveries?limit=100").await.ok(200);
    let mut waiting = Vec::new();
    for delivery in listed["deliveries"].as_array().unwrap() {
        let id = delivery["id"].as_str().unwrap();
        let one = caller.get(&format!("/pintle/v1/deliveries/{id}")).await.ok(200);
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        waiting.push((text("eventType"), text("url"), serde_json::from_str(&text("body")).unwrap()));
    }
    waiting.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    waiting
}

#[tokio::test]
async fn there_is_a_sample_of_every_event() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("shop").await;
        team.install_with("bridge", &["read:project"], json!({})).await;
        let mut names = Names::default();
        let mut samples = Map::new();
        for event in contract::webhook_events().unwrap_or_default() {
            assert!(EVENTS.contains(&event), "{event} is the contract's");
        }
        for event in EVENTS {
            let made = trigger(&team, json!({ "type": event })).await;
            let name = made["type"].as_str().unwrap().to_owned();
            assert!(EVENTS.contains(&name.as_str()), "{event}: {name}");
            samples.entry(name).or_insert_with(|| names.replace(made["payload"].clone()));
        }
        insta::assert_json_snapshot!("samples", samples);
    })
    .await;
}

#[tokio::test]
async fn a_sample_of_what_happens_here_is_what_happens_here() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("shop").await;
        team.patch(&format!("/v9/projects/{project}"), json!({ "name": "store" })).await.ok(200);
        let installed = team.install("bridge").await;
        for event in ["project.created", "project.renamed"] {
            let real = pintle.outbox(event).await.remove(0).payload;
            let mut sample = trigger(&team, json!({ "type": event })).await["payload"].clone();
            sample["project"]["name"] = real["project"]["name"].clone();
            if event == "project.renamed" {
                sample["previousName"] = json!("shop");
            }
            assert_eq!(sample, real);
        }
        let sample = trigger(&team, json!({ "type": "integration-configuration.removed" })).await;
        team.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        let real = pintle.outbox("integration-configuration.removed").await.remove(0).payload;
        assert_eq!(sample["payload"], real);
    })
    .await;
}

#[tokio::test]
async fn it_goes_to_the_subscribers_and_nothing_has_happened() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (shop, docs) = (team.project("shop").await, team.project("docs").await);
        let legacy = json!({ "events": ["deployment-ready"] });
        subscribe(&team, "legacy", legacy).await;
        subscribe(&team, "shop", json!({ "projectIds": [shop], "events": ["deployment.ready"] })).await;
        subscribe(&team, "docs", json!({ "projectIds": [docs], "events": ["deployment.ready"] })).await;
        subscribe(&team, "other", json!({ "events": ["deployment.created"] })).await;
        let before = team.get("/v3/events").await.ok(200)["events"].as_array().unwrap().len();

        let made = trigger(&team, json!({ "type": "deployment.ready", "projectId": shop })).await;
        assert_eq!(made["deliveries"], 2);
        let found = waiting(&team).await;
        let told: Vec<_> = found.iter().map(|(kind, url, _)| (kind.as_str(), url.as_str())).collect();
        let expected = [
            ("deployment-ready", "https://example.com/legacy"),
            ("deployment.ready", "https://example.com/shop"),
        ];
        assert_eq!(told, expected);
        let envelope = json!({
            "id": made["id"], "type": "deployment.ready", "createdAt": made["createdAt"],
            "payload": made["payload"], "region": null,
        });
        assert_eq!(found[1].2, envelope);
        assert_eq!(found[0].2["teamId"], json!(team.team), "as the older name had it");
        let after = team.get("/v3/events").await.ok(200)["events"].as_array().unwrap().len();
        assert_eq!(after, before);

        let made = trigger(&team, json!({ "type": "deployment-ready", "projectId": docs })).await;
        assert_eq!((&made["type"], &made["deliveries"]), (&json!("deployment.ready"), &json!(2)));
    })
    .await;
}

#[tokio::test]
async fn the_payload_says_what_it_is_told_to() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (shop, docs) = (team.project("shop").await, team.project("docs").await);
        let newest = trigger(&team, json!({ "type": "deployment.error" })).await;
        assert_eq!(newest["payload"]["project"], json!({ "id": docs }));
        let over = json!({
            "project": { "id": shop }, "deployment": { "meta": { "githubCommitRef": "feature" } }, "target": null,
        });
        let made = trigger(&team, json!({ "type": "deployment.error", "payload": over })).await["payload"].clone();
        assert_eq!(made["project"], json!({ "id": shop }));
        assert_eq!(made["deployment"]["name"], "shop");
        assert_eq!(made["deployment"]["meta"]["githubCommitRef"], "feature");
        assert_eq!(made["deployment"]["meta"]["githubOrg"], "acme");
        assert_eq!(made["target"], Value::Null);
        assert_eq!(made["team"], json!({ "id": team.team }));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_triggered_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let foreign = pintle.team("other").await.project("theirs").await;
        team.post(PATH, json!({ "type": "nothing.happened" })).await.fails(400, "bad_request");
        team.post(PATH, json!({})).await.fails(400, "bad_request");
        team.post(PATH, json!({ "type": "test-webhook", "payload": [] })).await.fails(400, "bad_request");
        let named = json!({ "type": "project.created", "projectId": foreign });
        team.post(PATH, named).await.fails(404, "not_found");
        let named = json!({ "type": "project.created", "payload": { "project": { "id": foreign } } });
        team.post(PATH, named).await.fails(404, "not_found");
    })
    .await;
}

/// Its payload is whatever the caller likes; an integration's signature must not vouch for that.
#[tokio::test]
async fn it_is_not_told_to_an_integration_of_somebody_else() {
    on_each_engine(async |pintle| {
        let (team, developer) = (pintle.team("acme").await, pintle.team("dev").await);
        let chosen = json!({ "events": ["deployment.ready"] });
        let app = json!({ "name": "Bridge", "redirectUrl": "https://example.com/callback", "webhookUrl": "https://example.com/app",
            "events": chosen["events"], "scopes": ["read-write:integration-configuration"] });
        let theirs = developer.post("/pintle/v1/integrations", app.clone()).await.ok(201);
        let installed = team.install_app(&theirs, json!({})).await;
        subscribe(&installed.caller, "apps-own", chosen.clone()).await;
        let order = json!({ "type": "deployment.ready", "payload": { "team": { "id": "team_of_others" } } });
        assert_eq!(trigger(&team, order.clone()).await["deliveries"], 0);

        let mut own = app;
        own["name"] = json!("Own");
        let own = team.post("/pintle/v1/integrations", own).await.ok(201);
        let installed = team.install_app(&own, json!({})).await;
        subscribe(&installed.caller, "own", chosen).await;
        subscribe(&team, "account", json!({})).await;
        assert_eq!(trigger(&team, order).await["deliveries"], 3);
    })
    .await;
}
