//! Whose lines a drain gets, and until when.

use super::{drain, http, log, numbers, path};
use crate::receiver::{Act, Receiver};
use crate::{deliveries, relay, until};
use pintle_core::ids::{ConfigurationId, ProjectId};
use pintle_core::{Scope, configurations};
use pintle_testing::{Caller, Pintle, on_each_engine};
use serde_json::json;

/// A drain of everything at a receiver of its own, which tells when the stream was read.
async fn witness(team: &Caller) -> Receiver {
    let receiver = Receiver::new([]).await;
    drain(team, http(&receiver, "json"), json!({})).await;
    receiver
}

async fn heard(pintle: &Pintle, team: &Caller, project: &str, witness: &Receiver, number: usize) {
    log(pintle, team, project, number..number + 1).await;
    until("the witness hears", async || numbers(witness).contains(&number)).await;
}

#[tokio::test]
async fn an_installations_drain_gets_the_lines_of_the_projects_that_it_was_given_as_they_are_now() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let (one, two) = (team.project("one").await, team.project("two").await);
        let selection = json!({ "projects": [one] });
        let installed = team.install_with("logger", &["read-write:drain"], selection).await;
        let receiver = Receiver::new([]).await;
        drain(&installed.caller, http(&receiver, "json"), json!({})).await;
        let other = pintle.team("other").await;
        let foreign = other.project("foreign").await;
        let witness = witness(&team).await;
        let _relay = relay(pintle).await;
        log(pintle, &other, &foreign, 9..10).await;
        heard(pintle, &team, &two, &witness, 0).await;
        heard(pintle, &team, &one, &witness, 1).await;
        until("it arrives", async || numbers(&receiver) == [1]).await;
        let scope = Scope::system(team.team.clone().unwrap(), false);
        let chosen = configurations::Projects::Selected(vec![ProjectId::from(two.clone())]);
        let id = ConfigurationId::from(installed.id.clone());
        configurations::select_projects(&pintle.core, &scope, id, chosen).await.unwrap();
        heard(pintle, &team, &one, &witness, 2).await;
        heard(pintle, &team, &two, &witness, 3).await;
        until("it arrives", async || numbers(&receiver) == [1, 3]).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_after_a_drain_or_its_installation_is_removed() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let installed = team.install("logger").await;
        let receiver = Receiver::new([Act::Answer(500)]).await;
        let of_installation = Receiver::new([]).await;
        let made = drain(&team, http(&receiver, "json"), json!({})).await;
        drain(&installed.caller, http(&of_installation, "json"), json!({})).await;
        let witness = witness(&team).await;
        let _relay = relay(pintle).await;
        heard(pintle, &team, &project, &witness, 0).await;
        until("a try is recorded", async || deliveries(&team, "state=pending").await.len() == 1).await;
        until("the installation's arrives", async || numbers(&of_installation) == [0]).await;
        team.delete(&path(&made)).await.ok(204);
        team.delete(&format!("/v1/integrations/configuration/{}", installed.id)).await.ok(204);
        pintle.clock.advance(60_000);
        for number in 1..4 {
            heard(pintle, &team, &project, &witness, number).await;
        }
        assert_eq!((numbers(&receiver), numbers(&of_installation)), (vec![0], vec![0]));
        let of_it = deliveries(&team, &format!("drainId={}", made["id"].as_str().unwrap())).await;
        assert_eq!(of_it.iter().map(|one| &one["state"]).collect::<Vec<_>>(), ["canceled"]);
    })
    .await;
}

#[tokio::test]
async fn a_disabled_installations_drain_rests() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let installed = team.install("logger").await;
        let receiver = Receiver::new([]).await;
        drain(&installed.caller, http(&receiver, "json"), json!({})).await;
        let witness = witness(&team).await;
        let _relay = relay(pintle).await;
        heard(pintle, &team, &project, &witness, 0).await;
        until("it arrives", async || numbers(&receiver) == [0]).await;
        let path = format!("/pintle/v1/integrations/configurations/{}/disable", installed.id);
        team.post(&path, json!({})).await.ok(200);
        heard(pintle, &team, &project, &witness, 1).await;
        assert_eq!(numbers(&receiver), [0]);
    })
    .await;
}

#[tokio::test]
async fn two_processes_on_one_database_send_each_line_once() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        drain(&team, http(&receiver, "json"), json!({})).await;
        let beside = pintle.beside(Default::default(), false).await;
        let _relays = (relay(pintle).await, relay(&beside).await);
        for number in 0..20 {
            log(pintle, &team, &project, number..number + 1).await;
        }
        until("all is delivered", async || {
            numbers(&receiver).len() >= 20 && deliveries(&team, "state=pending").await.is_empty()
        })
        .await;
        assert_eq!(numbers(&receiver), (0..20).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_piece_cannot_be_sent_again_where_the_drain_does_not_get_such_any_more() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let project = team.project("site").await;
        let receiver = Receiver::new([]).await;
        let made = drain(&team, http(&receiver, "json"), json!({})).await;
        let _relay = relay(pintle).await;
        log(pintle, &team, &project, 0..1).await;
        until("it arrives", async || deliveries(&team, "state=delivered").await.len() == 1).await;
        let id = deliveries(&team, "state=delivered").await[0]["id"].clone();
        let again = format!("/pintle/v1/deliveries/{}/redeliver", id.as_str().unwrap());
        team.post(&again, json!({})).await.ok(200);
        until("it arrives again", async || numbers(&receiver) == [0, 0]).await;
        let spans = json!({ "schemas": { "trace": { "version": "v1" } } });
        team.patch(&path(&made), spans).await.ok(200);
        team.post(&again, json!({})).await.fails(409, "receiver_gone");
    })
    .await;
}
