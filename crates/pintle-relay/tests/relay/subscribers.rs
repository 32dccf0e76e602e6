//! Who is told of what.

use crate::receiver::Receiver;
use crate::{relay, until};
use pintle_testing::{Caller, Installed, Pintle, on_each_engine};
use serde_json::{Value, json};
use std::time::Duration;

const EVENTS: [&str; 5] = [
    "project.created",
    "project.removed",
    "project.renamed",
    "project.env-variable.created",
    "integration-configuration.permission-upgraded",
];

/// An integration of another team, installed on this one.
async fn install(pintle: &Pintle, team: &Caller, slug: &str, url: &str, projects: Value) -> Installed {
    let developer = pintle.team(&format!("dev-{slug}")).await;
    let app = json!({ "name": slug, "slug": slug, "redirectUrl": "https://example.com/callback", "webhookUrl": url,
        "events": EVENTS, "scopes": ["read-write:integration-configuration", "read-write:project"] });
    let app = developer.post("/pintle/v1/integrations", app).await.ok(201);
    team.install_app(&app, projects).await
}

fn types(receiver: &Receiver) -> Vec<String> {
    let name = |body: Value| body["type"].as_str().expect("a type").to_owned();
    let mut types: Vec<String> = receiver.received().iter().map(|received| name(received.json())).collect();
    types.sort();
    types
}

/// Gives what should not come the time to come.
async fn quiet() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

#[tokio::test]
async fn an_installation_hears_of_the_projects_that_it_was_given() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (given, other) = (team.project("given").await, team.project("other").await);
        let (all, some) = (Receiver::new([]).await, Receiver::new([]).await);
        install(pintle, &team, "all", &all.url, json!({})).await;
        let selected = install(pintle, &team, "some", &some.url, json!({ "projects": [given] })).await;
        let own = Receiver::new([]).await;
        selected.caller.post("/v1/webhooks", json!({ "url": own.url, "events": EVENTS })).await.ok(200);
        let _relay = relay(pintle).await;
        for project in [&given, &other] {
            let key = json!({ "key": "KEY", "value": "1", "type": "plain", "target": ["preview"] });
            team.post(&format!("/v10/projects/{project}/env"), key).await.ok(201);
        }
        team.project("new").await;
        team.delete(&format!("/v9/projects/{given}")).await.ok(204);
        until("all of it arrives", async || all.received().len() == 4).await;
        until("what it may see arrives", async || some.received().len() == 1 && own.received().len() == 1)
            .await;
        quiet().await;
        assert_eq!(types(&all)[..2], ["project.created", "project.env-variable.created"]);
        assert_eq!(types(&some), ["project.env-variable.created"]);
        assert_eq!(types(&own), ["project.env-variable.created"]);
        assert_eq!(some.received()[0].json()["payload"]["projectId"], json!(given));
    })
    .await;
}

#[tokio::test]
async fn a_webhook_may_name_its_projects() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (named, other) = (team.project("named").await, team.project("other").await);
        let receiver = Receiver::new([]).await;
        let hook = json!({ "url": receiver.url, "events": EVENTS, "projectIds": [named] });
        team.post("/v1/webhooks", hook).await.ok(200);
        let _relay = relay(pintle).await;
        for project in [&other, &named] {
            team.patch(
                &format!("/v9/projects/{project}"),
                json!({ "name": format!("new-{}", &project[20..].to_lowercase()) }),
            )
            .await
            .ok(200);
        }
        until("its own arrives", async || !receiver.received().is_empty()).await;
        quiet().await;
        assert_eq!(types(&receiver), ["project.renamed"]);
        assert_eq!(receiver.received()[0].json()["payload"]["project"]["id"], json!(named));
    })
    .await;
}

#[tokio::test]
async fn a_disabled_installation_hears_only_what_is_essential() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        let installed = install(pintle, &team, "bridge", &receiver.url, json!({})).await;
        let _relay = relay(pintle).await;
        team.post(&format!("/pintle/v1/integrations/configurations/{}/disable", installed.id), json!({}))
            .await
            .ok(200);
        team.project("site").await;
        team.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        until("the end arrives", async || !receiver.received().is_empty()).await;
        quiet().await;
        assert_eq!(types(&receiver), ["integration-configuration.removed"]);
    })
    .await;
}

#[tokio::test]
async fn the_end_of_an_installation_arrives_though_its_own_token_and_webhook_end_with_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (app, own) = (Receiver::new([]).await, Receiver::new([]).await);
        let installed = install(pintle, &team, "bridge", &app.url, json!({})).await;
        let other = Receiver::new([]).await;
        install(pintle, &team, "other", &other.url, json!({})).await;
        let removed = "integration-configuration.removed";
        let hook = json!({ "url": own.url, "events": [removed] });
        let hook = installed.caller.post("/v1/webhooks", hook).await.ok(200);
        installed.caller.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        let _relay = relay(pintle).await;
        until("both hear of it", async || app.received().len() == 1 && own.received().len() == 1).await;
        quiet().await;
        assert!(other.received().is_empty(), "it is nobody else's business");
        let secrets = [(&app, installed.client_secret.as_str()), (&own, hook["secret"].as_str().unwrap())];
        for (receiver, secret) in secrets {
            let received = receiver.received().remove(0);
            let signature = pintle_core::signature::sign(secret, &received.body).unwrap();
            assert_eq!(received.header("x-vercel-signature"), Some(signature.as_str()));
            assert_eq!(received.json()["payload"]["configuration"]["id"], json!(installed.id));
        }
    })
    .await;
}

#[tokio::test]
async fn who_subscribed_to_an_older_name_is_sent_it() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        let hook = json!({ "url": receiver.url, "events": ["project-created"] });
        team.post("/v1/webhooks", hook).await.ok(200);
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("it arrives", async || receiver.received().len() == 1).await;
        let body = receiver.received()[0].json();
        assert_eq!((&body["type"], &body["teamId"]), (&json!("project-created"), &json!(team.team)));
    })
    .await;
}

#[tokio::test]
async fn another_team_hears_nothing() {
    on_each_engine(async |pintle| {
        let (team, elsewhere) = (pintle.team("acme").await, pintle.team("other").await);
        let (mine, theirs) = (Receiver::new([]).await, Receiver::new([]).await);
        crate::subscribe(&team, &mine.url).await;
        crate::subscribe(&elsewhere, &theirs.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("it arrives", async || mine.received().len() == 1).await;
        quiet().await;
        assert!(theirs.received().is_empty());
    })
    .await;
}
