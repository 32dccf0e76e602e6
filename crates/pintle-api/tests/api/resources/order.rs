//! What is older does not take the place of what is newer.

use super::asked::{created, with_partner};
use super::{EVERYWHERE, connect, later, secret, store, variable, variables};
use pintle_core::clock::{DAY, HOUR, MINUTE};
use pintle_core::marketplace::calls;
use pintle_testing::partner::Act;
use pintle_testing::{Caller, on_each_engine};
use serde_json::json;
use std::collections::HashSet;

/// The paths of the calls that the partner was asked with for secrets, newest first.
async fn rotations(team: &Caller) -> Vec<String> {
    let listed = team.get("/pintle/v1/deliveries?kind=partner").await.ok(200);
    let all = listed["deliveries"].as_array().unwrap().iter();
    let rotations = all.filter(|delivery| delivery["operation"] == "rotate-secrets");
    rotations.map(|delivery| format!("/pintle/v1/deliveries/{}", delivery["id"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn an_old_call_is_not_sent_again_beside_a_newer_one() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        let rotate = format!("/v1/storage/stores/{id}/secrets/rotate");
        server.script(|asked| asked.path.ends_with("/rotate").then_some(Act::Answer(503, json!({}))));
        team.post(&rotate, json!({ "reason": "old" })).await.fails(502, "partner_unavailable");
        let old = rotations(&team).await.remove(0);
        team.post(&format!("{old}/cancel"), json!({})).await.ok(200);
        // Nothing is newer yet.
        team.post(&format!("{old}/redeliver"), json!({})).await.ok(200);
        team.post(&format!("{old}/cancel"), json!({})).await.ok(200);
        pintle.clock.advance(1);
        team.post(&rotate, json!({ "reason": "new" })).await.fails(502, "partner_unavailable");
        team.post(&format!("{old}/redeliver"), json!({})).await.fails(409, "call_superseded");
        // Nor when the newer one was given up: it is the one to send again.
        let new = rotations(&team).await.remove(0);
        team.post(&format!("{new}/cancel"), json!({})).await.ok(200);
        team.post(&format!("{old}/redeliver"), json!({})).await.fails(409, "call_superseded");
        server.script(|_| None);
        team.post(&format!("{new}/redeliver"), json!({})).await.ok(200);
        later(pintle, MINUTE).await;
        let reasons = server.asked_for("POST", "/rotate");
        assert_eq!(reasons.last().unwrap().body["reason"], "new");
        assert_eq!(later(pintle, DAY).await, 0);
    })
    .await;
}

#[tokio::test]
async fn secrets_that_were_pushed_are_newer_than_the_answer_to_what_was_asked_before() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        connect(&team, &id, "site", json!({})).await;
        server.script(|asked| asked.path.ends_with("/rotate").then_some(Act::DoneUnheard));
        let rotate = format!("/v1/storage/stores/{id}/secrets/rotate");
        team.post(&rotate, json!({})).await.fails(502, "partner_unavailable");
        installed.set_secrets("res_1", json!({ "secrets": [secret("URL", "pushed")] })).await.ok(201);
        server.script(|_| None);
        assert_eq!(later(pintle, MINUTE).await, 1, "the rotation is heard of");
        assert_eq!(variables(&team, "site").await, [variable("URL", "pushed", EVERYWHERE)]);

        // The same for what it says beside a change, and for secrets in an import.
        let path = format!("/v1/storage/stores/{id}");
        let said = json!({ "secrets": [secret("URL", "old")] });
        server.script(|asked| (asked.method == "PATCH").then_some(Act::DoneUnheard));
        team.patch(&path, json!({ "name": "renamed" })).await.ok(200);
        let told = json!({
            "productId": "db", "name": "main", "status": "ready", "secrets": [secret("URL", "imported")],
        });
        super::put(&installed, &installed.resource("res_1"), told).await.ok(200);
        server.script(move |asked| (asked.method == "PATCH").then(|| Act::Answer(200, said.clone())));
        assert_eq!(later(pintle, MINUTE).await, 1);
        assert_eq!(store(&team, &id).await["name"], "renamed");
        assert_eq!(variables(&team, "site").await, [variable("URL", "imported", EVERYWHERE)]);

        // What is asked for after that counts again.
        server.script(|_| None);
        team.post(&rotate, json!({})).await.ok(200);
        assert_eq!(variables(&team, "site").await[1], variable("DATABASE_URL", "db://res_1/2", EVERYWHERE));
    })
    .await;
}

#[tokio::test]
async fn one_call_of_an_installation_is_under_way_at_a_time_whichever_server_runs_it() {
    on_each_engine(async |pintle| {
        let (team, installed, server) = with_partner(pintle).await;
        let (id, _) = created(&team, &installed, json!({})).await;
        server.script(|_| Some(Act::Answer(503, json!({}))));
        let path = format!("/v1/storage/stores/{id}");
        team.post(&format!("{path}/secrets/rotate"), json!({})).await.fails(502, "partner_unavailable");
        team.patch(&path, json!({ "name": "renamed" })).await.ok(200);
        pintle.clock.advance(HOUR);
        // Each claim is a server's own: nothing but the database is between them.
        let first = calls::claim(&pintle.core, &HashSet::new()).await.unwrap();
        assert_eq!((first.len(), calls::claim(&pintle.core, &HashSet::new()).await.unwrap().len()), (1, 0));
        calls::run_claimed(&pintle.core, &first[0]).await.unwrap();
        let second = calls::claim(&pintle.core, &HashSet::new()).await.unwrap();
        assert_eq!(second.len(), 1);
        assert_ne!(second[0].id, first[0].id);
        // A server that died with a call in its hands holds the others for as long as a call may take.
        pintle.clock.advance(MINUTE);
        assert_eq!(calls::claim(&pintle.core, &HashSet::new()).await.unwrap().len(), 1);
    })
    .await;
}
