//! The signature, verified by code that is not ours: Node's crypto and the openssl command.

use crate::receiver::{Act, Received, Receiver};
use crate::{deliveries, relay, subscribe, until};
use pintle_relay::{Relay, Settings};
use pintle_testing::on_each_engine;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const NODE: &str = "const c=require('crypto');const b=require('fs').readFileSync(0);
process.stdout.write(c.createHmac(process.env.HASH,process.env.SECRET).update(b).digest('hex'))";

fn node(hash: &str, secret: &str, body: &[u8]) -> String {
    run(Command::new("node").args(["-e", NODE]).env("HASH", hash).env("SECRET", secret), body)
}

fn openssl(hash: &str, secret: &str, body: &[u8]) -> String {
    let text = run(Command::new("openssl").args(["dgst", &format!("-{hash}"), "-hmac", secret]), body);
    text.rsplit(' ').next().unwrap_or_default().trim().to_owned()
}

fn run(command: &mut Command, input: &[u8]) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node and openssl");
    child.stdin.take().expect("its input").write_all(input).expect("written");
    String::from_utf8(child.wait_with_output().expect("its end").stdout).expect("text")
}

fn assert_signed(received: &Received, secret: &str) {
    assert_signed_with("sha1", received, secret);
}

fn assert_signed_with(hash: &str, received: &Received, secret: &str) {
    let signature = received.header("x-vercel-signature").expect("a signature");
    assert_eq!(signature, node(hash, secret, &received.body), "by Node");
    assert_eq!(signature, openssl(hash, secret, &received.body), "by openssl");
}

#[tokio::test]
async fn the_callback_of_a_transfer_is_signed_with_its_own_secret_and_sha256() {
    on_each_engine(async |pintle| {
        let (team, taker) = (pintle.team("acme").await, pintle.team("taker").await);
        let receiver = Receiver::new([Act::Answer(500)]).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        let callback = json!({ "callbackUrl": receiver.url, "callbackSecret": "a-secret" });
        let offer = team.post("/projects/site/transfer-request", callback).await.ok(200);
        let path = format!("/projects/transfer-request/{}", offer["code"].as_str().unwrap());
        taker.request(http::Method::PUT, &path, Some(json!({}))).await.ok(202);
        until("a try", async || deliveries(&team, "").await[0]["tries"] == 1).await;
        pintle.clock.advance(pintle_core::clock::HOUR);
        until("it is tried again", async || receiver.received().len() == 2).await;
        let received = receiver.received();
        received.iter().for_each(|one| assert_signed_with("sha256", one, "a-secret"));
        let told: Value = serde_json::from_slice(&received[1].body).unwrap();
        assert_eq!(told["type"], "project.transfer.accepted");
        assert_eq!(told["payload"]["from"]["id"], json!(team.team));
        assert_eq!(told["payload"]["to"]["id"], json!(taker.team));
        assert_eq!(deliveries(&team, "").await.len(), 1);
        assert_eq!(deliveries(&taker, "").await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_webhooks_own_secret_signs_the_bytes_that_are_sent() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        let webhook = subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.post("/v11/projects", json!({ "name": "site", "framework": "nextjs" })).await.ok(200);
        until("it arrives", async || receiver.received().len() == 1).await;
        assert_signed(&receiver.received()[0], webhook["secret"].as_str().unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_rotated_client_secret_signs_what_is_sent_from_then_on() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("dev").await;
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        let app = json!({
            "name": "Bridge", "redirectUrl": "https://example.com/callback", "webhookUrl": receiver.url,
            "events": ["project.created"],
        });
        let app = developer.post("/pintle/v1/integrations", app).await.ok(201);
        team.install_app(&app, json!({})).await;
        // Committed under the old secret, sent under the new one.
        team.project("site").await;
        let rotated = developer.post("/pintle/v1/integrations/bridge/rotate-secret", json!({})).await.ok(200);
        let _relay = relay(pintle).await;
        until("it arrives", async || receiver.received().len() == 1).await;
        assert_ne!(rotated["clientSecret"], app["clientSecret"]);
        assert_signed(&receiver.received()[0], rotated["clientSecret"].as_str().unwrap());
    })
    .await;
}

/// What waits behind others was read together with the secret, some time before it is sent.
#[tokio::test]
async fn what_a_relay_has_in_hand_is_signed_by_the_new_secret_and_not_sent_when_it_is_canceled() {
    on_each_engine(async |pintle| {
        let developer = pintle.team("dev").await;
        let team = pintle.team("acme").await;
        let receiver = Receiver::new(vec![Act::Late(300, 200); 4]).await;
        let app = json!({
            "name": "Bridge", "redirectUrl": "https://example.com/callback", "webhookUrl": receiver.url,
            "events": ["project.created"],
        });
        let app = developer.post("/pintle/v1/integrations", app).await.ok(201);
        team.install_app(&app, json!({})).await;
        for number in 0..10 {
            team.project(&format!("site-{number}")).await;
        }
        // Newest first, and the oldest are sent first.
        let canceled = deliveries(&team, "").await.remove(0);
        // Nothing is tried twice because this machine is busy.
        let settings = Settings { timeout: Duration::from_secs(20) };
        let _relay = Relay::start(&pintle.core, settings).await.unwrap();
        until("the first are under way", async || receiver.received().len() == 4).await;
        let rotated = developer.post("/pintle/v1/integrations/bridge/rotate-secret", json!({})).await.ok(200);
        let cancel = format!("/pintle/v1/deliveries/{}/cancel", canceled["id"].as_str().unwrap());
        developer.post(&cancel, json!({})).await.ok(200);
        until("the rest arrive", async || deliveries(&team, "state=delivered").await.len() == 9).await;
        let received = receiver.received();
        assert_eq!(received.len(), 9);
        assert!(received.iter().all(|one| one.json()["id"] != canceled["eventId"]));
        let signed = |secret: &Value, one: &Received| {
            let signature = pintle_core::signature::sign(secret.as_str().unwrap(), &one.body).unwrap();
            one.header("x-vercel-signature") == Some(signature.as_str())
        };
        assert!(received[..4].iter().all(|one| signed(&app["clientSecret"], one)));
        assert!(received[4..].iter().all(|one| signed(&rotated["clientSecret"], one)));
    })
    .await;
}
